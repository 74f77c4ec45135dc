"""Recall: when a value that was disclosed is corrected, or a licence that was shown loses force, who got it is told.

A notice names answers, cases and fields, never a subject's number or a value: the consumer finds by its own case whose
it is, and asks again. A value that was true when it was shown, and changed later, matters only while the case it was
asked for is open; one that was wrong, or that nobody states any more, always does.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from catalog.cases import store as cases
from catalog.model import Catalogue
from ledger.index import Disclosure, of_subject
from ledger.shown import shows, shows_column
from onefile.verify.reading import instant_text, read_instant
from schemas.serving.changes import BY, CHANGED, RECORD, WITHDRAWN
from schemas.serving.disclosure_tables import NOTICE, VALUE_CHANGE
from schemas.serving.record_tables import SUBJECT_RECORD

VALUE, LICENCE = "value", "licence"
VERSIONS = "release"
"""What rows of resources are made from: what stands before the version in the lake version of a look at them."""
LICENCE_KIND = "licence"
"""What stands in `value_change.kind` for a licence that lost force: `attribute` is its key and version."""


@dataclass(frozen=True)
class Recalling:
    """What a recall needs: the keyed hash of a subject's id, the catalogue, the present instant and legal day."""

    subject_hash: Callable[[str], str]
    catalogue: Catalogue
    at: datetime
    on: date


def recall(connection: Connection, recalling: Recalling) -> int:
    """Make a notice for each consumer of each value that changed since the last time; return how many.

    The index must have caught up with the ledger. Again it changes nothing.

    Raises:
        NoHolidayNotice: the clock runs into a year whose holidays are not declared; nothing is kept.
    """
    row, made = VALUE_CHANGE.c, 0
    waiting = select(VALUE_CHANGE).where(row.recalled_at.is_(None), row.kind != LICENCE_KIND).order_by(row.change_no)
    for change in connection.execute(waiting).all():
        looks = [look for look in of_subject(connection, recalling.subject_hash(change.subject_id))
                 if _showed(look, change) and _saw_before(look, change)]  # fmt: skip
        if change.how == CHANGED:
            looks = [look for look in looks if _is_open(connection, look.case_no)]
        attribute = change.attribute.partition(BY)[0]
        told = {"attribute": attribute, "kind": change.kind, "how": change.how, "changed_at": change.changed_at}
        made += tell(connection, looks, f"change:{change.change_no}", VALUE, told, recalling)
        if (change.kind, change.how) == (RECORD, WITHDRAWN):
            made += _unlisted(connection, change, told, recalling)
        done = update(VALUE_CHANGE).where(row.change_no == change.change_no)
        connection.execute(done.values(recalled_at=instant_text(recalling.at)))
    return made


def _unlisted(connection: Connection, change: Any, told: Mapping[str, str], recalling: Recalling) -> int:
    """Make a notice for each who was told that a register lists a subject, once it has no row about it any more."""
    resource = change.attribute.rpartition(".")[0]
    row = SUBJECT_RECORD.c
    rows = select(row.record).where(row.subject_id == change.subject_id, row.resource == resource).limit(1)
    if connection.execute(rows).first() is not None:
        return 0
    looks = [look for look in of_subject(connection, recalling.subject_hash(change.subject_id))
             if f"is_listed.{resource}" in look.fields and _saw_before(look, change)]  # fmt: skip
    source = f"listed:{change.subject_id}:{resource}:{change.lake_version}"
    return tell(connection, looks, source, VALUE, {**told, "attribute": resource}, recalling)


def tell(
    connection: Connection, looks: Iterable[Disclosure], source: str, reason: str, told: Mapping[str, str],
    recalling: Recalling,
) -> int:  # fmt: skip
    """Put a notice for each department among some looks into the outbox; return how many."""
    made = 0
    for consumer, seen in _by_department(looks):
        document: dict[str, object] = {
            **told,
            "answers": sorted({look.answer_id for look in seen if look.answer_id}),
            "cases": sorted({look.case_no for look in seen if look.case_no}),
            "grants": sorted({grant for look in seen for grant in look.grant_id.split(",") if grant}),
            "last_looked_at": instant_text(max(look.at for look in seen)),
        }
        made += put(connection, consumer, source, reason, document, recalling)
    return made


def put(
    connection: Connection,
    consumer: str,
    source: str,
    reason: str,
    document: Mapping[str, object],
    recalling: Recalling,
) -> int:
    """Put one notice into the outbox, unless this consumer was told of this before; return how many were put."""
    row = NOTICE.c
    if connection.execute(select(row.notice_no).where(row.consumer == consumer, row.source == source)).first():
        return 0
    due_on = recalling.catalogue.sharing.due("recall", recalling.on).isoformat()
    connection.execute(insert(NOTICE).values(
        consumer=consumer, reason=reason, source=source, document=json.dumps(document, ensure_ascii=False),
        made_at=instant_text(recalling.at), due_on=due_on, tries=0,
        next_try_at=instant_text(recalling.at), last_fault="", acknowledged_by=""))  # fmt: skip
    return 1


def _showed(look: Disclosure, change: Any) -> bool:
    """Say whether a look showed what changed: an attribute of a file, or a column of a resource's rows."""
    if change.kind == RECORD:
        return shows_column(look, *change.attribute.rpartition(".")[::2])
    attribute, _, resource = change.attribute.partition(BY)
    return shows(look, attribute) and (not resource or resource in look.resource.split(","))


def _saw_before(look: Disclosure, change: Any) -> bool:
    """Say whether a look was answered from before a change, by the version it was made from, else by its instant."""
    made_from, _, version = look.lake_version.partition("@")
    if made_from == (VERSIONS if change.kind == RECORD else f"{change.kind}_file") and version.isdecimal():
        return int(version) < int(change.lake_version)
    return look.at <= read_instant(change.changed_at)


def _is_open(connection: Connection, case_no: str) -> bool:
    case = cases.find(connection, case_no) if case_no else None
    return case is not None and not case.is_closed


def _by_department(looks: Iterable[Disclosure]) -> Iterator[tuple[str, list[Disclosure]]]:
    """Yield departments with their looks; the bureau's own people are none."""
    found: dict[str, list[Disclosure]] = {}
    for look in looks:
        if look.department:
            found.setdefault(look.department, []).append(look)
    yield from found.items()
