"""`/v1/licences`: searched, read, proved, shown once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import Response

from catalog.licence_marks import FieldMarks
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.callers import Caller
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted, NotFound
from exchange.http.etags import tagged
from exchange.queries import licences
from exchange.queries.licences import Held, Looker
from exchange.routes.files import heading
from exchange.routes.licence_models import LicenceAnswer, LicencesAnswer, LicencesSearch, LicenceWish
from exchange.routes.offering import About, offer
from licence_vault.holders import subject_ids
from licence_vault.store import Version
from schemas.licence_types import LicenceType
from schemas.serving.ahead import Question
from schemas.subjects import NotASubjectNumber, SubjectNumber, subject_numbers

router = APIRouter()
SEARCH = About("Licences by holder, by id, or by printed number", {200: LicencesAnswer}, cites=True, at_once=True)
READ = About("One licence, its granted fields", {200: LicenceAnswer, 304: None}, cites=True, at_once=True)


@offer(router, "POST", "/v1/licences/search", "licences.search", SEARCH)
def search(ask: Annotated[Ask, Depends(asking("licences.search"))], body: LicencesSearch) -> Response:
    """Find licences. What is not granted is not found: nothing tells it from what is not there."""
    with ask.looking(len(body.searches), lambda: _questions(ask, body)) as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        looker = looker_of(ask, caller, leave)
        found = [_found(ask, looker, connection, wish, body.in_force) for wish in body.searches]
        marked = iter(disputed(ask, connection, [each for held in found for each in held]))
    ask.spend(leave, len(body.searches))
    results, looks = [], []
    for index, (wish, held) in enumerate(zip(body.searches, found, strict=True)):
        shown = [(each, _fields(each, tuple(body.fields))) for each in held]
        origin, on = ask.counter.vault.origin, looker.on
        views = [licences.view(each, fields, origin, on, next(marked)) for each, fields in shown]
        results.append({"index": index, "outcome": "found" if views else "not_found", "licences": views})
        looks += _looks(wish, shown)
    answer = {**heading(ask, leave, "onefile.licences-answer/1"), "results": results}
    return ask.disclose(caller, leave, looks, written(answer))


@offer(router, "GET", "/v1/licences/{licence_id}", "licences.read", READ)
def read(
    ask: Annotated[Ask, Depends(asking("licences.read"))], licence_id: str,
    fields: Annotated[str, Query(max_length=2000)] = "",
) -> Response:  # fmt: skip
    """Return one licence by its identifier, with the granted fields, or those named (with commas)."""
    place = licences.key_of(licence_id)
    keys = [] if place is None else [place[0]]
    with ask.looking(1, lambda: licences.questions(ask.counter.vault, keys=keys)) as connection:
        caller, leave, held = one(ask, connection, licence_id)
        (marked,) = disputed(ask, connection, [held])
    wanted = _fields(held, tuple(name for name in fields.split(",") if name))
    ask.spend(leave, 1)
    licence = licences.view(held, wanted, ask.counter.vault.origin, ask.counter.today(), marked)
    answer = {**heading(ask, leave, "onefile.licence-answer/1"), "licence": licence}
    return tagged(ask, ask.disclose(caller, leave, seen(held, wanted), written(answer)), written(licence))


def one(ask: Ask, connection: Connection, identifier: str) -> tuple[Caller, Leave, Held]:
    """Return the licence of an identifier, once who asks may have it; NotFound where not."""
    caller = ask.enter(connection)
    leave = ask.leave(connection, caller)
    place = licences.key_of(identifier)
    held = None if place is None else looker_of(ask, caller, leave).held(connection, *place)
    if held is None:
        raise NotFound
    return caller, leave, held


def disputed(ask: Ask, connection: Connection, held: list[Held]) -> list[FieldMarks]:
    """Return, licence by licence, what of it is printed from a value that is in question."""
    return licences.disputed(connection, held, ask.counter.catalogue.declarations)


def looker_of(ask: Ask, caller: Caller, leave: Leave) -> Looker:
    """Return who looks at licences."""
    counter = ask.counter
    return Looker(
        counter.vault, counter.kinds, counter.catalogue, leave, caller.department, counter.now(), counter.today()
    )


def seen(held: Held, fields: tuple[str, ...]) -> list[Seen]:
    """Return the looks at a licence: one for each of its holders."""
    version = f"licence@{held.kept.version.leaf_index}"
    found: list[Seen] = [Seen(subject, fields, version) for subject in subject_ids(held.kept)]
    return found or [Seen(None, fields, version)]


def _fields(held: Held, asked: tuple[str, ...]) -> tuple[str, ...]:
    fields = licences.allowed(held, asked)
    if fields is None:
        raise FieldNotGranted
    return fields if held.is_agreed else ()


def _found(
    ask: Ask, looker: Looker, connection: Connection, wish: LicenceWish, in_force: bool
) -> list[Held]:  # fmt: skip
    places = _places(looker, connection, wish)
    ask.require_few(len(places))
    held = [looker.held(connection, *place) for place in places]
    return [each for each in held if each is not None and (not in_force or each.state == "valid")]


def _places(
    looker: Looker, connection: Connection, wish: LicenceWish
) -> list[tuple[str, int | None, list[Version] | None]]:  # fmt: skip
    """Return the keys that a search means; which version, where it names one; all versions, where they are read."""
    if wish.id is not None:
        place = licences.key_of(wish.id)
        return [] if place is None else [(*place, None)]
    code = _code(looker.kinds, wish)
    if wish.printed is not None:
        return [(key, None, None) for key in licences.keys_of_printed(connection, looker.vault, code, wish.printed)]
    pairs = [(found.kind, found.number) for found in _numbers(wish)]
    found = licences.of_holder(connection, looker.vault, pairs)
    return [(key, None, versions) for key, versions in found.items()
            if wish.type is None or key.startswith(f"{code}.")]  # fmt: skip


def _questions(ask: Ask, body: LicencesSearch) -> list[Question]:
    """Return what a search will ask the database, as far as it is known before."""
    holders = [number for wish in body.searches for number in _numbers(wish)]
    keys = [place[0] for wish in body.searches if (place := licences.key_of(wish.id or "")) is not None]
    printed = [(_code(ask.counter.kinds, wish), wish.printed) for wish in body.searches if wish.printed is not None]
    return licences.questions(ask.counter.vault, holders, keys, printed)


def _code(kinds: Mapping[str, LicenceType], wish: LicenceWish) -> str:
    """Return the code of the type that is searched; empty for none."""
    return next((kind.code for kind in kinds.values() if kind.name == wish.type), "")


def _numbers(wish: LicenceWish) -> tuple[SubjectNumber, ...]:
    try:
        return subject_numbers((wish.holder or "").strip())
    except NotASubjectNumber:
        return ()


def _looks(wish: LicenceWish, shown: list[tuple[Held, tuple[str, ...]]]) -> list[Seen]:
    """Return the looks of a search: at the holders found, else at whom it was for."""
    looks = [look for held, fields in shown for look in seen(held, fields or ("licence",))]
    if looks:
        return looks
    return [Seen(found.subject_id, ()) for found in _numbers(wish)] or [Seen(None, ())]


Anything = dict[str, Any]
