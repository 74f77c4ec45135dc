"""`/v1/materials`: deposited once they were verified, recognised by rules, used again; each use is a look on record."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from catalog.cases import store
from catalog.cases.store import CaseFile
from catalog.grants import Given
from catalog.prefill import promises
from exchange.access import matrix
from exchange.access.asking import Ask, Seen, asking, written
from exchange.access.callers import Caller
from exchange.access.purposes import Leave
from exchange.errors import (
    BadRequest,
    BodyInvalid,
    CaseClosed,
    CaseUnknown,
    FieldNotGranted,
    NotAParty,
    NotFound,
)
from exchange.material_errors import CaseArchived, MaterialNotRecognised
from exchange.queries import finding, materials
from exchange.queries.finding import Sought
from exchange.queries.materials import ENTRY
from exchange.routes.material_models import MaterialAnswer, MaterialsAnswer, MaterialWish
from exchange.routes.offering import About, offer
from ledger.entry import Look
from licence_vault.archive import keeping as archives
from licence_vault.materials import keeping
from licence_vault.materials.checking import MOST_BYTES, check
from licence_vault.materials.errors import NoSuchMaterial
from licence_vault.materials.keeping import RESULT, SCAN, Deposit, Material
from schemas.service_items import MaterialKind

router = APIRouter()
BASIS = "国务院令第716号第七条"
DECIDED = ("granted", "refused", "delivered")
"""States of a case in which there is something that its department may have issued."""
_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["about", "file"],
            "properties": {
                "about": {"type": "string", "description": "What is said of the file, as JSON (MaterialWish)"},
                "file": {"type": "string", "format": "binary"},
            },
        },
        "example": {
            "about": '{"kind": "lease_contract", "holder": "91690101MA00000158", "case": "DRAFT-1",'
            ' "verified_by": "王", "verified_against": "original", "verified_on": "2026-11-30"}',
            "file": "lease.pdf",
        },
    }
}
DEPOSIT = About("Deposit a material that somebody verified", {200: MaterialAnswer, 201: MaterialAnswer}, body=_FORM)
LIST = About("Materials of the case's parties, as far as granted", {200: MaterialsAnswer}, cites=True)
READ = About("A material, and whether it counts for the item cited", {200: MaterialAnswer}, cites=True)
FILE = About("The file of a material that counts", {200: None}, cites=True,
             media={200: "application/octet-stream"})  # fmt: skip


@offer(router, "POST", "/v1/materials", "materials.deposit", DEPOSIT)
async def deposit(ask: Annotated[Ask, Depends(asking("materials.deposit"))], request: Request) -> Response:
    """Take a file and what is said of it; the same file of the same holder and kind is the same material (200)."""
    await run_in_threadpool(_enter, ask)
    try:
        form = await request.form(max_files=1, max_fields=4)
    except HTTPException:
        raise BadRequest("it is no multipart form of one file and what is said of it") from None
    try:
        return await run_in_threadpool(_deposit, ask, form)
    finally:
        await form.close()


@offer(router, "GET", "/v1/materials", "materials.read", LIST)
def listed(ask: Annotated[Ask, Depends(asking("materials.read"))]) -> Response:
    """List the materials of the parties to the case cited whose kinds are granted, the newest verified first."""
    counter = ask.counter
    with counter.database.looking() as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        known = {hashed for hashed, _ in store.parties(connection, leave.case.case_id)}
        found = [each for each in keeping.of_subjects(connection, known) if _given(leave, each) is not None]
    ask.spend(leave, max(1, len(found)))
    found = [materials.settled(counter, each) for each in found]
    told = [_told(ask, leave, each, given) for each in found if (given := _given(leave, each)) is not None]
    looks = [_seen(ask, each) for each in found] or [Seen(None, tuple(given.entry_id for given in leave.grants))]
    return ask.disclose(caller, leave, looks, written({"format": "onefile.materials/1", "materials": told}))


@offer(router, "GET", "/v1/materials/{material_id}", "materials.read", READ)
def read(ask: Annotated[Ask, Depends(asking("materials.read"))], material_id: str) -> Response:
    """Say what a material is and whether it counts for the item cited, to whom its kind is granted."""
    caller, leave, material, given = _found(ask, material_id)
    told = _told(ask, leave, material, given)
    return ask.disclose(caller, leave, [_seen(ask, material)], written(told))


@offer(router, "GET", "/v1/materials/{material_id}/file", "materials.read", FILE)
def file(ask: Annotated[Ask, Depends(asking("materials.read"))], material_id: str) -> Response:
    """Return the file of a material that counts for the item cited, as it was handed in."""
    caller, leave, material, _ = _found(ask, material_id, "file")
    why = materials.why_not(ask.counter, material, leave.item)
    if why:
        raise MaterialNotRecognised(why)
    with ask.counter.database.looking() as connection:
        data = ask.counter.materials.read(connection, material)
    headers = {"Content-Disposition": "attachment"}
    return ask.disclose(caller, leave, [_seen(ask, material, ".file")], data, material.media_type, **headers)


def _told(ask: Ask, leave: Leave, material: Material, given: Given) -> dict[str, Any]:
    why = materials.why_not(ask.counter, material, leave.item)
    return materials.told(ask.counter, material, why, frozenset(given.fields))


def _enter(ask: Ask) -> Caller:
    with ask.counter.database.looking() as connection:
        return ask.enter(connection)


def _deposit(ask: Ask, form: FormData) -> Response:
    wish, upload = _wish(form), form.get("file")
    if not isinstance(upload, UploadFile):
        raise BodyInvalid("file: it is missing")
    counter = ask.counter
    with counter.database.looking() as connection:
        caller, case = ask.enter(connection), _case(ask, connection, wish)
        sought = _holder_sought(ask, connection, case, wish, _kind(ask, wish))
    data = upload.file.read(MOST_BYTES + 1)
    checked = check(data, upload.filename or "", upload.content_type or "", counter.scan)
    said = _said(ask, caller, case, wish, sought)
    kept, holder = counter.materials.put(data, checked), materials.holder_of(sought)
    counter.ledger.append([_look(ask, caller, case, wish, holder.subject_id)])
    with counter.database.writing() as connection:
        _require_unarchived(connection, case)
        found, is_new = counter.materials.deposit(connection, kept, said, holder, caller.operator, counter.now())
    with counter.database.looking() as connection:
        counter.materials.drop_unused(connection, kept)
    found = materials.settled(counter, found)
    answer = written(materials.told(counter, found, materials.why_not(counter, found, case.item)))
    headers = {"Location": f"/v1/materials/{found.material_id}"}
    return Response(answer, 201 if is_new else 200, headers, "application/json")


def _look(ask: Ask, caller: Caller, case: CaseFile, wish: MaterialWish, subject_id: str) -> Look:
    entry = ENTRY + wish.kind
    return Look(
        at=ask.counter.now(), operator=caller.operator, purpose=f"{case.item} {case.number}", subject_id=subject_id,
        fields=(entry,), basis=BASIS, kind=ask.route, department=caller.department, client=caller.id, item=case.item,
        case=case.number, resource=entry,
    )  # fmt: skip


def _wish(form: FormData) -> MaterialWish:
    about = form.get("about")
    if not isinstance(about, str):
        raise BodyInvalid("about: it is missing")
    try:
        return MaterialWish.model_validate_json(about)
    except ValidationError as error:
        places = [".".join(map(str, each["loc"][:3])) or "about" for each in error.errors()[:3]]
        raise BodyInvalid("about: " + "; ".join(ascii(place)[1:-1][:80] for place in places)) from None


def _case(ask: Ask, connection: Connection, wish: MaterialWish) -> CaseFile:
    """Return the case that a material is deposited in.

    Raises:
        CaseUnknown: it is none of the caller's. CaseClosed: it is over, and what is handed in is no result of it, nor
            did anybody promise there to bring something later. CaseArchived: its package is made.
        BodyInvalid: a result of a case that the caller's department does not decide, or has not decided.
    """
    caller, case = ask.enter(connection), store.find(connection, wish.case)
    if case is None or caller.department not in (case.registrar, case.department):
        raise CaseUnknown
    matrix.require(ask.route, caller, "own" if caller.department == case.registrar else "party")
    if wish.verified_against == "issued":
        if caller.department != case.department or case.state not in DECIDED:
            raise BodyInvalid("about.verified_against: 'issued' is for the department that decided the case")
    elif case.is_closed and not any(made.state in promises.OPEN for made in promises.of_case(connection, case)):
        raise CaseClosed
    _require_unarchived(connection, case)
    return case


def _require_unarchived(connection: Connection, case: CaseFile) -> None:
    if archives.find(connection, case.case_id) is not None:
        raise CaseArchived


def _kind(ask: Ask, wish: MaterialWish) -> MaterialKind:
    kind = ask.counter.catalogue.declarations.materials.get(wish.kind)
    if kind is None:
        raise BodyInvalid("about.kind: no kind of material that is declared; /v1/catalog/entries names them")
    for name, day in (("verified_on", wish.verified_on), ("dated_on", wish.dated_on)):
        if day is not None and day > ask.counter.today():
            raise BodyInvalid(f"about.{name}: a day that is yet to come")
    return kind


def _holder_sought(
    ask: Ask, connection: Connection, case: CaseFile, wish: MaterialWish, kind: MaterialKind
) -> Sought:  # fmt: skip
    """Return the holder; NotAParty where the case was not registered for it, BodyInvalid for one of another kind."""
    sought = finding.seek(connection, wish.holder)
    if not sought.numbers or kind.holder not in ("both", sought.numbers[0].kind):
        raise BodyInvalid("about.holder: no number of somebody who can hold such a material")
    known = {hashed for hashed, _ in store.parties(connection, case.case_id)}
    if not set(materials.hashes(ask.counter, sought)) & known:
        raise NotAParty
    return sought


def _said(ask: Ask, caller: Caller, case: CaseFile, wish: MaterialWish, sought: Sought) -> Deposit:
    return Deposit(
        kind=wish.kind, subject_hash=materials.hashes(ask.counter, sought)[0],
        origin=RESULT if wish.verified_against == "issued" else SCAN, department=caller.department, item=case.item,
        case_no=case.number, verified_by=wish.verified_by, verified_against=wish.verified_against,
        verified_on=wish.verified_on.isoformat(),
        dated_on=None if wish.dated_on is None else wish.dated_on.isoformat(),
    )  # fmt: skip


def _found(ask: Ask, material_id: str, field: str = "") -> tuple[Caller, Leave, Material, Given]:
    """Return a material that the caller may have, as it stands, and the grant of its kind.

    Raises:
        NotFound: there is none, none of its kind was granted, or its holder is no party to the case cited.
        FieldNotGranted: what is asked for of it was not granted.
    """
    counter = ask.counter
    with counter.database.looking() as connection:
        caller = ask.enter(connection)
        leave = ask.leave(connection, caller)
        try:
            material = keeping.find(connection, material_id)
        except NoSuchMaterial:
            raise NotFound from None
        given = _given(leave, material)
        known = {hashed for hashed, _ in store.parties(connection, leave.case.case_id)}
        if given is None or not materials.is_of(counter, connection, material, known):
            raise NotFound
        if field and field not in given.fields:
            raise FieldNotGranted
    ask.spend(leave, 1)
    return caller, leave, materials.settled(counter, material), given


def _given(leave: Leave, material: Material) -> Given | None:
    return next((each for each in leave.grants if each.entry_id == ENTRY + material.kind), None)


def _seen(ask: Ask, material: Material, end: str = "") -> Seen:
    with ask.counter.database.looking() as connection:
        holder = ask.counter.materials.holder(connection, material.material_id)
    return Seen(holder.subject_id, (f"{ENTRY}{material.kind}{end}",))
