"""Recall of licences: whoever was shown one that is no longer in force is told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from sqlalchemy import Connection, Row, insert, literal, select
from sqlalchemy.sql import exists

from ledger.index import Disclosure, of_subject
from ledger.recall import LICENCE, LICENCE_KIND, Recalling, put, tell
from licence_vault.at_rest import Sealed
from licence_vault.payloads import place_of
from licence_vault.presentations.records import GIVEN
from licence_vault.vault import Vault
from onefile.verify.reading import instant_text, read_instant
from schemas.serving.disclosure_tables import VALUE_CHANGE
from schemas.serving.tables import LICENCE as LICENCES
from schemas.serving.tables import LICENCE_PRESENTATION, LICENCE_VERSION
from schemas.subjects import NotASubjectNumber, subject_numbers

IN_FORCE = "valid"


_COLUMNS = ("licence_key", "version", "state", "recorded_at", "sealed", "wrapped_key")


def recall_licences(connection: Connection, vault: Vault, recalling: Recalling) -> int:
    """Make a notice for each consumer that was shown a licence which lost force since; return how many.

    The index must have caught up with the ledger. Again it changes nothing.

    Raises:
        PayloadDamaged, NoHolidayNotice: nothing is kept.
    """
    made = 0
    for lost in _lost(connection):
        source = f"licence:{lost.licence_key}:{lost.version}"
        told = {"licence": place_of(lost.licence_key, lost.version).id, "type": lost.type_name, "how": lost.state,
                "changed_at": lost.recorded_at}  # fmt: skip
        made += tell(connection, _looks(connection, vault, lost, recalling), source, LICENCE, told, recalling)
        for audience, cases in _shown(connection, lost):
            made += put(connection, audience, source, LICENCE, {**told, "answers": [], "cases": cases}, recalling)
        connection.execute(insert(VALUE_CHANGE).values(
            subject_id="", kind=LICENCE_KIND, attribute=f"{lost.licence_key}:{lost.version}", how="lost_force",
            lake_version=0, changed_at=lost.recorded_at, recalled_at=instant_text(recalling.at)))  # fmt: skip
    return made


def _lost(connection: Connection) -> list[Any]:
    """Return the versions by which licences lost force and that nobody was told of."""
    own, change = LICENCE_VERSION.c, VALUE_CHANGE.c
    name = own.licence_key + literal(":") + own.version.cast(change.attribute.type)
    told = exists().where(change.kind == LICENCE_KIND, change.attribute == name)
    asked = (
        select(*(own[name] for name in _COLUMNS), LICENCES.c.type_name)
        .join(LICENCES, LICENCES.c.licence_key == own.licence_key)
        .where(own.state != IN_FORCE, own.version > 1, ~told)
        .order_by(own.leaf_index)
    )
    return list(connection.execute(asked))


def _looks(connection: Connection, vault: Vault, lost: Row[Any], recalling: Recalling) -> list[Disclosure]:
    """Return the looks at its holders' licences of that type, from before it lost force."""
    entry_id, field, at = f"licence.{lost.type_name}", f"licences.{lost.type_name}", read_instant(lost.recorded_at)
    return [
        look
        for holder in holders(vault, lost)
        for look in of_subject(connection, recalling.subject_hash(holder))
        if look.at <= at and (entry_id in look.resource.split(",") or field in look.fields)
    ]


def holders(vault: Vault, lost: Row[Any]) -> list[str]:
    """Return the holders' internal ids; none where the content was erased."""
    if lost.wrapped_key is None:
        return []
    _, payload = vault.at_rest.open(place_of(lost.licence_key, lost.version).id, Sealed(lost.sealed, lost.wrapped_key))
    found = []
    for holder in json.loads(payload)["holders"]:
        with suppress(NotASubjectNumber):
            numbers = subject_numbers(holder["number"])
            found += [number.subject_id for number in numbers if number.kind == holder["kind"]]
    return found


def _shown(connection: Connection, lost: Row[Any]) -> Iterator[tuple[str, list[str]]]:
    """Yield to whom presentations of the licence were made before, and for which cases."""
    row = LICENCE_PRESENTATION.c
    asked = select(row.audience, row.case_no).where(
        row.licence_key == lost.licence_key, row.outcome == GIVEN, row.made_at <= lost.recorded_at)  # fmt: skip
    found: dict[str, set[str]] = {}
    for audience, case_no in connection.execute(asked):
        found.setdefault(audience, set()).add(case_no)
    yield from ((audience, sorted(cases)) for audience, cases in found.items())
