"""What a call cites: grants, item and case, read from its headers; and whether that allows the call."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from catalog import granted_rows, grants
from catalog.cases import store
from catalog.cases.store import CaseFile
from catalog.entries import Entry
from catalog.errors import GrantNotInForce
from catalog.grants import Given
from catalog.sharing_store import get
from exchange.access.callers import Caller
from exchange.access.naming import names_somebody
from exchange.errors import (
    CaseClosed,
    CaseOfOtherItem,
    CaseUnknown,
    GrantMissing,
    GrantNotYours,
    GrantOver,
    ItemNotGranted,
    ModeNotGranted,
    PurposeMissing,
)
from schemas.serving.ahead import Question
from schemas.serving.connection import looked_up

MOST_GRANTS = 20
MODES: Mapping[str, tuple[str, ...]] = {
    "files.query": ("query", "batch"),
    "records.query": granted_rows.MODES,
    "files.match": ("check", "query", "batch", "licence"),
    "files.predicates": ("check", "query", "batch", "licence"),
    "prefill.fill": ("check", "query", "batch", "licence", "material"),
    "prefill.check": ("check", "query", "batch", "licence", "material"),
    "materials.read": ("material",),
    "licences.search": ("licence", "query", "batch"),
    "licences.read": ("licence", "query", "batch"),
    "licences.present": ("licence", "query", "batch"),
}
"""Ways of sharing that a grant must have, by route; `material`: any grant of a kind of material."""
MATERIAL = "material"
_FIND = """
    SELECT grant_id, consumer, entry_id, state, step_count, valid_from, valid_until, document
    FROM sharing_grant WHERE grant_id = :grant_id
"""
MOST_KEPT = 1000
_KEPT: dict[tuple[object, date], Given] = {}
"""What grants give on a day, by their whole row: a grant that changed in anything is another one."""
_GRANT = re.compile(r"G[0-9]{8}-[0-9]{4,8}\Z")
_ITEM = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}\Z")
_CASE = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}\Z")


@dataclass(frozen=True)
class Purpose:
    """What a call says it is for."""

    grants: tuple[str, ...]
    item: str
    case: str


@dataclass(frozen=True)
class Leave:
    """What a call may have: the grants cited that are in force today, the item, the case as it stands."""

    grants: tuple[Given, ...]
    entries: Mapping[str, Entry]
    item: str
    case: CaseFile

    @property
    def grant_ids(self) -> str:
        """The grants, for the ledger."""
        return ",".join(given.grant_id for given in self.grants)


def cited(headers: Mapping[str, str]) -> Purpose:
    """Read what a call cites.

    Raises:
        GrantMissing, PurposeMissing: a header is not there, or says what cannot be.
    """
    named = tuple(dict.fromkeys(part.strip() for part in headers.get("onefile-grant", "").split(",")))
    if not all(map(_GRANT.match, named)) or len(named) > MOST_GRANTS:
        raise GrantMissing
    item, case = headers.get("onefile-item", ""), headers.get("onefile-case", "")
    if not _ITEM.match(item) or not is_case_number(case):
        raise PurposeMissing
    return Purpose(named, item, case)


def is_case_number(text: str) -> bool:
    """Say whether a text can be a case's number: short, plain, and nobody's own number."""
    return bool(_CASE.match(text)) and not names_somebody(text)


def leave(
    connection: Connection, caller: Caller, purpose: Purpose, entries: Mapping[str, Entry], modes: tuple[str, ...],
    on: date, together: frozenset[str] = frozenset(),
) -> Leave:  # fmt: skip
    """Return what a call may have today, but for its quota.

    Args:
        entries: the catalogue's, by id.
        modes: ways of sharing that allow the call.
        together: codes of items that are asked for together with the one cited; a grant is for one of them at least.

    Raises:
        GrantNotYours, GrantOver, ModeNotGranted, ItemNotGranted: of a grant.
        CaseUnknown, CaseClosed, CaseOfOtherItem: of the case.
    """
    found = tuple(_grant(connection, caller, each, entries, on) for each in purpose.grants)
    for given in found:
        is_material = MATERIAL in modes and given.entry_id.startswith(f"{MATERIAL}.")
        if given.mode not in modes and not is_material:
            raise ModeNotGranted(given.mode)
        if given.items and not {purpose.item, *together} & set(given.items):
            raise ItemNotGranted
    return Leave(found, entries, purpose.item, case_of(connection, caller, purpose))


def case_of(connection: Connection, caller: Caller, purpose: Purpose) -> CaseFile:
    """Return the case that a call cites.

    Raises:
        CaseUnknown, CaseClosed, CaseOfOtherItem: it may not be cited.
    """
    case = store.find(connection, purpose.case)
    if case is None or caller.department not in (case.department, case.registrar):
        raise CaseUnknown
    if case.item != purpose.item:
        raise CaseOfOtherItem
    if case.is_closed:
        raise CaseClosed
    return case


def questions(headers: Mapping[str, str]) -> list[Question]:
    """Return what `leave` will ask the database of a call, as far as the call cites what can be."""
    named = [part.strip() for part in headers.get("onefile-grant", "").split(",")][:MOST_GRANTS]
    case = headers.get("onefile-case", "")
    grants = [_question(each) for each in named if _GRANT.match(each)]
    return [*grants, store.question(case)] if _CASE.match(case) else grants


def _question(grant_id: str) -> Question:
    return _FIND, {"grant_id": grant_id}


def _grant(
    connection: Connection, caller: Caller, grant_id: str, entries: Mapping[str, Entry], on: date
) -> Given:  # fmt: skip
    """Return what a grant gives; what the same row gave on the same day is kept: it is asked for again and again."""
    found = looked_up(connection, *_question(grant_id))
    if not found or found[0][1] != caller.department:
        raise GrantNotYours
    key = (tuple(found[0]), on)
    given = _KEPT.get(key)
    if given is None:
        given = _in_force(connection, grant_id, entries, on)
        if len(_KEPT) >= MOST_KEPT:
            _KEPT.clear()
        _KEPT[key] = given
    return given


def _in_force(connection: Connection, grant_id: str, entries: Mapping[str, Entry], on: date) -> Given:
    case = get(connection, grant_id)
    try:
        return grants.in_force(case, entries.get(case.entry_id), on)
    except GrantNotInForce as error:
        raise GrantOver(grant_id, error.reason) from None
