"""The event feed: what changed under a grant is told to whoever subscribed, at least once, and in order per subject.

An event says what changed of which resource or licence, and by which of its own answers, cases or rows the department
knows whose it is. It holds no number and no value: the department asks again. Each is a look on record.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, ClassVar

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from catalog import grants
from catalog.cases import store as cases
from catalog.entries import Entry, entries
from catalog.errors import GrantNotInForce
from catalog.grants import Given
from catalog.model import Catalogue
from catalog.requests import read_rows
from catalog.sharing_store import get
from catalog.subscriptions import Subscription, subscriptions, told_up_to
from ledger.entry import Look
from ledger.errors import TargetRefused
from ledger.index import Disclosure, of_subject
from ledger.licence_recall import holders
from ledger.outbox import PAUSES
from licence_vault.payloads import place_of
from licence_vault.vault import Vault
from onefile.verify.reading import instant_text
from schemas.serving.changes import RECORD
from schemas.serving.disclosure_tables import NOTICE_TARGET, VALUE_CHANGE
from schemas.serving.event_tables import EVENT, EVENT_REMOVED
from schemas.serving.record_tables import SUBJECT_RECORD
from schemas.serving.tables import LICENCE, LICENCE_VERSION, SUBJECT

FORMAT = "onefile.event/1"
KIND = "shares.event"
BATCH = "batch"
AT_ONCE = 5_000
"""Changes that one run looks at for a subscription; the next goes on."""


@dataclass(frozen=True)
class Telling:
    """What making events needs beside the database.

    `subject_hash` is the ledger's; `secret` makes the hashes of subjects and rows that a grant's events and table have;
    `record` puts looks into the ledger.
    """

    catalogue: Catalogue
    vault: Vault
    subject_hash: Callable[[str], str]
    secret: bytes
    record: Callable[[list[Look]], object]
    operator: str
    at: datetime
    on: date


@dataclass(frozen=True)
class Event:
    """An event as it is sent and fed. `previous` is the number of the one about the same subject before it."""

    header: ClassVar[str] = "Onefile-Event"
    number: int
    subscription: int
    consumer: str
    subject: str
    previous: int | None
    document: Mapping[str, Any]
    made_at: str
    delivered_at: str | None
    tries: int
    next_try_at: str | None
    last_fault: str

    def body(self) -> dict[str, Any]:
        """Return what is sent."""
        told = {"format": FORMAT, "number": self.number, "subscription": self.subscription, "consumer": self.consumer}
        return {**told, "subject": self.subject, "previous": self.previous, **self.document, "made_at": self.made_at}


def salt(secret: bytes, grant_id: str) -> str:
    """Return what makes the hashes of a grant's own rows and subjects."""
    return hmac.new(secret, grant_id.encode(), hashlib.sha256).hexdigest()


def make(connection: Connection, telling: Telling) -> int:
    """Make the events of what changed since the last time; return how many. Again it makes none.

    A grant that gives nothing now tells nothing of what changes meanwhile. The index must have caught up with the
    ledger.

    Raises:
        PayloadDamaged: nothing is kept.
    """
    known, made = entries(telling.catalogue), 0
    for each in subscriptions(connection):
        entry = known.get(each.entry_id)
        made += (_of_licences if entry and entry.kind == "licence" else _of_rows)(connection, each, entry, telling)
    return made


def feed(connection: Connection, consumer: str, after: int = 0, limit: int = 100) -> list[Event]:
    """Return a department's events above a number, in order."""
    row = EVENT.c
    asked = select(EVENT).where(row.consumer == consumer, row.event_no > after).order_by(row.event_no).limit(limit)
    return [_event(found) for found in connection.execute(asked)]


def removed_to(connection: Connection, consumer: str) -> int:
    """Return up to which number a department's events were removed; 0: none were."""
    asked = select(EVENT_REMOVED.c.event_no).where(EVENT_REMOVED.c.consumer == consumer)
    return int(connection.execute(asked).scalar_one_or_none() or 0)


def expire(connection: Connection, at: datetime, days: int) -> int:
    """Remove the events that were made more than `days` ago, and note for each department up to where; return how many.

    A number is given to no other event afterwards.
    """
    row, noted = EVENT.c, EVENT_REMOVED.c
    is_over = row.made_at < instant_text(at - timedelta(days))
    found = connection.execute(select(row.consumer, func.max(row.event_no)).where(is_over).group_by(row.consumer))
    for consumer, last in found.all():
        connection.execute(delete(EVENT_REMOVED).where(noted.consumer == consumer))
        connection.execute(insert(EVENT_REMOVED).values(
            consumer=consumer, event_no=last, removed_at=instant_text(at)))  # fmt: skip
    return connection.execute(delete(EVENT).where(is_over)).rowcount


def waiting(connection: Connection) -> list[tuple[Event, str]]:
    """Return the events that are not delivered and still tried, in order, with where to."""
    row, target = EVENT.c, NOTICE_TARGET.c
    asked = select(EVENT, target.url).join(NOTICE_TARGET, target.consumer == row.consumer)
    found = connection.execute(asked.where(row.next_try_at.is_not(None)).order_by(row.event_no))
    return [(_event(each), str(each.url)) for each in found]


def tried(connection: Connection, event: Event, at: datetime, fault: str) -> None:
    """Note a try: delivered where `fault` is empty, else when the next one is due."""
    tries = event.tries + 1
    values: dict[str, Any] = {"tries": tries, "last_fault": fault[:200], "next_try_at": None}
    if not fault:
        values["delivered_at"] = instant_text(at)
    elif tries <= len(PAUSES):
        values["next_try_at"] = instant_text(at + PAUSES[tries - 1])
    connection.execute(update(EVENT).where(EVENT.c.event_no == event.number).values(**values))


def send_due(
    found: Iterable[tuple[Event, str]], at: datetime, send: Callable[[Event, str], str],
    note: Callable[[Event, str], None],
) -> tuple[int, int]:  # fmt: skip
    """Send events in order, none before one about the same subject; return how many were taken, and how many not.

    Once a department's address does not take one, its others wait for the next time.
    """
    delivered = failed = 0
    held: set[tuple[str, str]] = set()
    silent: set[str] = set()
    for event, url in found:
        key = (event.consumer, event.subject)
        is_due = event.next_try_at is not None and event.next_try_at <= instant_text(at)
        if key in held or event.consumer in silent or not is_due:
            held.add(key)
            continue
        try:
            fault = send(event, url)
        except TargetRefused as error:
            fault = str(error)
        note(event, fault)
        delivered, failed = delivered + (not fault), failed + bool(fault)
        if fault:
            silent.add(event.consumer)
    return delivered, failed


def _of_rows(connection: Connection, of: Subscription, entry: Entry | None, telling: Telling) -> int:
    row = VALUE_CHANGE.c
    is_mine = row.attribute.startswith(f"{of.entry_id}.", autoescape=True)
    asked = select(VALUE_CHANGE).where(row.kind == RECORD, row.change_no > of.change_no, is_mine)
    asked = asked.order_by(row.change_no).limit(AT_ONCE)
    found = connection.execute(asked).all()
    newest = connection.execute(select(func.max(row.change_no))).scalar_one_or_none() or of.change_no
    last = found[-1].change_no if len(found) == AT_ONCE else int(newest)
    told_up_to(connection, of.number, last, of.leaf_index)
    given = _given(connection, of, entry, telling)
    if given is None:
        return 0
    made = list[tuple[Look, dict[str, Any]]]()
    for change in found:
        column = change.attribute.rpartition(".")[2]
        if column not in given.fields or not _is_within(connection, given, change.subject_id, telling):
            continue
        by = _known_by(connection, of, given, change.subject_id, telling)
        if by is not None:
            told = {"resource": of.entry_id, "field": column, "how": change.how, "changed_at": change.changed_at, **by}
            made.append(_event_of(of, given, change.subject_id, f"change:{change.change_no}", told, telling))
    return _keep(connection, of, made, telling)


def _of_licences(connection: Connection, of: Subscription, entry: Entry | None, telling: Telling) -> int:
    own = LICENCE_VERSION.c
    asked = (
        select(LICENCE_VERSION, LICENCE.c.type_name)
        .join(LICENCE, LICENCE.c.licence_key == own.licence_key)
        .where(own.leaf_index > of.leaf_index, LICENCE.c.type_name == of.entry_id.partition(".")[2])
        .order_by(own.leaf_index).limit(AT_ONCE)
    )  # fmt: skip
    found = connection.execute(asked).all()
    newest = connection.execute(select(func.max(own.leaf_index))).scalar_one_or_none()
    last = found[-1].leaf_index if len(found) == AT_ONCE else of.leaf_index if newest is None else int(newest)
    told_up_to(connection, of.number, of.change_no, last)
    given = _given(connection, of, entry, telling)
    made = list[tuple[Look, dict[str, Any]]]()
    for version in found if given is not None else ():
        told = {"resource": of.entry_id, "licence": place_of(version.licence_key, version.version).id,
                "how": version.event, "state": version.state, "changed_at": version.recorded_at}  # fmt: skip
        for holder in dict.fromkeys(holders(telling.vault, version)):
            by = None if given is None else _known_by(connection, of, given, holder, telling)
            if given is not None and by is not None:
                source = f"leaf:{version.leaf_index}:{holder}"
                made.append(_event_of(of, given, holder, source, {**told, **by}, telling))
    return _keep(connection, of, made, telling)


def _given(connection: Connection, of: Subscription, entry: Entry | None, telling: Telling) -> Given | None:
    """Return what the grant gives today; None: nothing."""
    try:
        return grants.in_force(get(connection, of.grant_id), entry, telling.on)
    except GrantNotInForce:
        return None


def _is_within(connection: Connection, given: Given, subject_id: str, telling: Telling) -> bool:
    """Say whether a subject is among the rows that are granted, by the area of its file or the provider's level."""
    rows = read_rows(given.rows)
    if rows.kind == "all":
        return True
    document = connection.execute(select(SUBJECT.c.document).where(SUBJECT.c.subject_id == subject_id)).scalar()
    stated = json.loads(document).get("area") if document else None
    provider = telling.catalogue.declarations.departments[given.entry_id.partition(".")[0]]
    return rows.covers(str((stated or {}).get("value") or ""), provider.level)


def _known_by(
    connection: Connection, of: Subscription, given: Given, subject_id: str, telling: Telling
) -> dict[str, list[str]] | None:
    """Return by what the department knows whose it is; None: it does not, or follows it no more."""
    if given.mode == BATCH:
        row = SUBJECT_RECORD.c
        asked = select(row.record).where(row.subject_id == subject_id, row.resource == of.entry_id)
        key = salt(telling.secret, of.grant_id)
        found = connection.execute(asked).scalars()
        return {"records": sorted(hashlib.sha256(f"{key}{each}".encode()).hexdigest()[:32] for each in found)}
    looks = [look for look in of_subject(connection, telling.subject_hash(subject_id)) if _is_own(look, of)]
    if subject_id.startswith("p-"):
        looks = [look for look in looks if _is_open(connection, look.case_no)]
    if not looks:
        return None
    return {"answers": sorted({look.answer_id for look in looks if look.answer_id}),
            "cases": sorted({look.case_no for look in looks if look.case_no})}  # fmt: skip


def _is_own(look: Disclosure, of: Subscription) -> bool:
    is_asked = look.kind != KIND
    return is_asked and look.department == of.consumer and of.grant_id in look.grant_id.split(",")


def _is_open(connection: Connection, case_no: str) -> bool:
    case = cases.find(connection, case_no) if case_no else None
    return case is not None and not case.is_closed


def _event_of(
    of: Subscription, given: Given, subject_id: str, source: str, told: Mapping[str, Any], telling: Telling
) -> tuple[Look, dict[str, Any]]:
    """Return the look that an event is, and its row."""
    document = json.dumps({**told, "grant": of.grant_id}, ensure_ascii=False)
    subject = hashlib.sha256(f"{salt(telling.secret, of.grant_id)}{subject_id}".encode()).hexdigest()[:32]
    field = str(told.get("field") or "licence")
    look = Look(
        at=telling.at, operator=telling.operator, purpose=f"event of subscription {of.number}", subject_id=subject_id,
        fields=(field,), basis=given.basis, kind=KIND, department=of.consumer, grant=of.grant_id, resource=of.entry_id,
        answer=hashlib.sha256(document.encode()).hexdigest(),
    )  # fmt: skip
    row = {
        "subscription_no": of.number, "consumer": of.consumer, "source": source, "subject": subject,
        "document": document, "made_at": instant_text(telling.at), "tries": 0,
        "next_try_at": instant_text(telling.at), "last_fault": "",
    }  # fmt: skip
    return look, row


def _keep(
    connection: Connection, of: Subscription, made: list[tuple[Look, dict[str, Any]]], telling: Telling
) -> int:  # fmt: skip
    """Put events into the outbox, once each, after their looks are on record."""
    row = EVENT.c
    asked = select(row.source).where(row.subscription_no == of.number)
    fresh = [(look, values) for look, values in made if not _is_there(connection, asked, values["source"])]
    telling.record([look for look, _ in fresh])
    for _, values in fresh:
        before = select(func.max(row.event_no)).where(row.consumer == of.consumer, row.subject == values["subject"])
        previous = connection.execute(before).scalar_one_or_none()
        connection.execute(insert(EVENT).values(**values, previous=previous))
    return len(fresh)


def _is_there(connection: Connection, asked: Any, source: str) -> bool:
    return connection.execute(asked.where(EVENT.c.source == source).limit(1)).first() is not None


def _event(found: Row[Any]) -> Event:
    return Event(
        found.event_no, found.subscription_no, found.consumer, found.subject, found.previous,
        json.loads(found.document), found.made_at, found.delivered_at, found.tries, found.next_try_at,
        found.last_fault,
    )  # fmt: skip
