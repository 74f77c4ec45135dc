"""A licence's proof, status, presentation and PDF."""

from __future__ import annotations

import base64
import json
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from catalog import licence_marks
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import Caller
from exchange.access.purposes import Leave
from exchange.errors import Conflict, FieldNotGranted, NotFound
from exchange.queries import licences
from exchange.queries.licences import Held
from exchange.routes.licence_models import ProofAnswer, StatusAnswer
from exchange.routes.licences import disputed, one, seen
from exchange.routes.offering import About, offer
from licence_vault.errors import NoSuchKey
from licence_vault.log_folder import entries
from licence_vault.pdf import copies
from licence_vault.presentations import minting
from licence_vault.presentations.errors import NotToBeShown
from licence_vault.presentations.minting import Moment, Shown, Use
from onefile.verify.checkpoint import open_checkpoint
from onefile.verify.reading import instant_text
from onefile.verify.status import LIST_SIZE

router = APIRouter()
PROOF = About("The proof that a licence is in the log", {200: ProofAnswer}, cites=True)
STATUS = About("How a licence stands", {200: StatusAnswer}, cites=True)
SD_JWT, PDF = "application/dc+sd-jwt", "application/pdf"
PRESENTATION = About("A presentation for this one use, SD-JWT VC", {200: None}, cites=True, media={200: SD_JWT})
COPY = About("An annotated copy for this one use, PDF", {200: None}, cites=True, media={200: PDF})
Fields = Annotated[str, Query(max_length=2000)]
Nonce = Annotated[str, Query(min_length=8, max_length=200, pattern=r"^[0-9A-Za-z._~-]+$")]


@offer(router, "GET", "/v1/licences/{licence_id}/proof", "licences.read", PROOF)
def proof(ask: Annotated[Ask, Depends(asking("licences.read"))], licence_id: str) -> Response:
    """Prove that a licence is in the log; its payload goes along only where every field is granted."""
    with ask.counter.database.looking() as connection:
        caller, leave, held = one(ask, connection, licence_id)
        (marked,) = disputed(ask, connection, [held])
    vault, index = ask.counter.vault, held.kept.version.leaf_index
    note = vault.log.signed()
    head = None if note is None else open_checkpoint(note, vault.trust).checkpoint
    if note is None or head is None or index >= head.size:
        raise NotFound
    (entry,) = entries(vault.log.read, index, index + 1, head.size)
    is_whole = held.is_agreed and set(json.loads(held.kept.payload)["data"]) <= set(licences.allowed(held, ()) or ())
    ask.spend(leave, 1)
    answer = {
        "format": "onefile.licence-proof/1", "id": held.kept.place.id, "leaf_index": index, "entry": _text(entry),
        "proof": [item.hex() for item in vault.log.tree().inclusion_proof(index, head.size)],
        "checkpoint": note.decode("utf-8"), "payload": _text(held.kept.payload) if is_whole else None,
        "salt": _text(held.kept.salt) if is_whole else None, "disputed": marked if is_whole else {},
    }  # fmt: skip
    fields = (licences.allowed(held, ()) or ()) if is_whole else ("proof",)
    return ask.disclose(caller, leave, seen(held, fields), written(answer))


@offer(router, "GET", "/v1/licences/{licence_id}/status", "licences.read", STATUS)
def status(ask: Annotated[Ask, Depends(asking("licences.read"))], licence_id: str) -> Response:
    """Say how a licence stands today, and where its place in the signed status list is."""
    with ask.counter.database.looking() as connection:
        caller, leave, held = one(ask, connection, licence_id)
        (marked,) = disputed(ask, connection, [held])
    ask.spend(leave, 1)
    version = held.kept.version
    answer = {
        "format": "onefile.licence-status/1", "id": held.kept.place.id, "state": held.state,
        "raw_state": version.raw_state, "on": ask.counter.today().isoformat(),
        "known_at": instant_text(ask.counter.now()), "since_on": version.since_on,
        "list": f"/status/{version.leaf_index // LIST_SIZE}", "list_index": version.leaf_index % LIST_SIZE,
        "disputed": licence_marks.of_fields(marked, (licence_marks.STATE,)),
    }  # fmt: skip
    return ask.disclose(caller, leave, seen(held, ("state",)), written(answer))


@offer(router, "GET", "/v1/licences/{licence_id}/presentation", "licences.present", PRESENTATION)
def presentation(
    ask: Annotated[Ask, Depends(asking("licences.present"))], licence_id: str, nonce: Nonce, fields: Fields = ""
) -> Response:  # fmt: skip
    """Make a presentation of the granted fields, for the asker's department, item and case; each one is recorded."""
    caller, leave, held, use = _use(ask, licence_id, fields, nonce)
    try:
        shown = minting.present(ask.counter.vault, held.kept, held.kind, use, _moment(ask), ask.counter.random)
    except NotToBeShown as refusal:
        raise Conflict(f"the licence is not presented ({refusal.reason})") from None
    return _handed(ask, caller, leave, held, shown, SD_JWT)


@offer(router, "GET", "/v1/licences/{licence_id}/pdf", "licences.present", COPY)
def pdf(ask: Annotated[Ask, Depends(asking("licences.present"))], licence_id: str, fields: Fields = "") -> Response:
    """Make an annotated copy of the granted fields as a signed PDF; each one is recorded."""
    caller, leave, held, use = _use(ask, licence_id, fields, "copy")
    try:
        shown = copies.copy(ask.counter.vault, held.kept, held.kind, use, _moment(ask), ask.counter.random)
    except NotToBeShown as refusal:
        raise Conflict(f"the licence is not copied ({refusal.reason})") from None
    except NoSuchKey:
        raise Conflict("no key for copies has a certificate yet") from None
    return _handed(ask, caller, leave, held, shown, PDF)


def _use(ask: Ask, licence_id: str, fields: str, nonce: str) -> tuple[Caller, Leave, Held, Use]:
    with ask.counter.database.looking() as connection:
        caller, leave, held = one(ask, connection, licence_id)
        (marked,) = disputed(ask, connection, [held])
    wanted = licences.allowed(held, tuple(name for name in fields.split(",") if name))
    if wanted is None:
        raise FieldNotGranted
    ask.spend(leave, 1)
    return caller, leave, held, Use(
        caller.department, wanted, leave.item, leave.case.number, nonce, f"grant {held.given.grant_id}",
        caller.operator, disputed=tuple(licence_marks.of_fields(marked, wanted)),
    )  # fmt: skip


def _handed(ask: Ask, caller: Caller, leave: Leave, held: Held, shown: Shown, kind: str) -> Response:
    return ask.disclose(caller, leave, seen(held, shown.fields), shown.content, kind)


def _moment(ask: Ask) -> Moment:
    return Moment(ask.counter.now(), ask.counter.settings.timezone)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
