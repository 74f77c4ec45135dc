"""`/v1/deliveries`: departments' systems push what they deliver; the receipt is here after the run."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.responses import Response

from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.errors import BadRequest, BodyInvalid, Conflict, NotFound
from exchange.http.etags import tagged
from exchange.routes.offering import About, offer
from inbox.deliveries import FOLDER, read_received
from inbox.door import INBOX
from inbox.errors import NotDeliverable, Refused
from inbox.manifest import MAX_BYTES, read_manifest
from inbox.names import MANIFEST, is_id
from inbox.pushing import push

router = APIRouter()
MOST_FILES = 1000


class DeliveryAnswer(BaseModel):
    """A delivery: `waiting` for the next run, `received` by it, `answered` by the signed receipt (DSSE)."""

    delivery: str
    resource: str
    state: str
    receipt: dict[str, Any] | None


_FORM = {
    "multipart/form-data": {
        "schema": {
            "type": "object",
            "required": ["manifest", "file"],
            "properties": {
                "manifest": {"type": "string", "format": "binary", "description": "manifest.json"},
                "signature": {"type": "string", "format": "binary", "description": "manifest.json.sig, 64 bytes"},
                "file": {"type": "array", "items": {"type": "string", "format": "binary"}},
            },
        }
    }
}
PUT = About("Hand over a delivery", {202: DeliveryAnswer}, body=_FORM)
READ = About("What became of a delivery", {200: DeliveryAnswer, 304: None})


@offer(router, "POST", "/v1/deliveries", "deliveries.put", PUT)
async def put(ask: Annotated[Ask, Depends(asking("deliveries.put"))], request: Request) -> Response:
    """Take a delivery for the next run: manifest, signature where there is one, and the files by their names.

    The door judges it as any other. Again with the same bytes it changes nothing.
    """
    department = await run_in_threadpool(_department, ask)
    try:
        form = await request.form(max_files=MOST_FILES, max_fields=10)
    except HTTPException:
        raise BadRequest("it is no multipart form") from None
    try:
        return await run_in_threadpool(_put, ask, department, form)
    finally:
        await form.close()


@offer(router, "GET", "/v1/deliveries/{delivery}", "deliveries.read", READ)
def read(ask: Annotated[Ask, Depends(asking("deliveries.read"))], delivery: str) -> Response:
    """Say what became of a delivery of one's own; with the receipt once there is one."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
    if not is_id(delivery):
        raise NotFound
    is_any = "any" in matrix.relations(ask.route, caller.roles)
    folder, state = _found(ask.counter.settings.home, delivery, "" if is_any else caller.department)
    return tagged(ask, Response(written(_told(ask.counter.settings.home, folder, delivery, state))))


def _department(ask: Ask) -> str:
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
    return caller.department


def _put(ask: Ask, department: str, form: FormData) -> Response:
    manifest = _content(form, "manifest")
    if manifest is None:
        raise BodyInvalid("manifest: it is missing")
    files = {str(each.filename): each.file for each in _uploads(form)}
    if len(files) != len(_uploads(form)):
        raise BodyInvalid("file: two have the same name")
    home = ask.counter.settings.home
    try:
        made = push(home, department, manifest, _content(form, "signature"), files, ask.counter.random(6).hex())
    except Refused as refusal:
        raise BodyInvalid(f"delivery ({refusal.refusal.reason})") from None
    except NotDeliverable:
        raise Conflict("another delivery of that id waits") from None
    document = {"delivery": made.manifest.id, "resource": made.manifest.resource,
                "state": "received" if made.state == "taken" else "waiting", "receipt": None}  # fmt: skip
    headers = {"Location": f"/v1/deliveries/{made.manifest.id}"}
    return Response(written(document), 202, headers, "application/json")


def _uploads(form: FormData) -> list[UploadFile]:
    return [each for each in form.getlist("file") if isinstance(each, UploadFile) and each.filename]


def _content(form: FormData, name: str) -> bytes | None:
    part = form.get(name)
    if part is None:
        return None
    content = part.file.read(MAX_BYTES + 1) if isinstance(part, UploadFile) else part.encode("utf-8")
    if len(content) > MAX_BYTES:
        raise BodyInvalid(f"{name}: it is too long")
    return content


def _found(home: Path, delivery: str, department: str) -> tuple[Path, str]:
    """Return where a delivery of a department (any, when it is empty) lies, and its state; NotFound."""
    for place, state in ((FOLDER, "received"), (INBOX, "waiting")):
        for folder in sorted((home / place).glob(f"{department or '*'}/{delivery}")):
            return folder, state
    refused = sorted((home / FOLDER).glob(f"{department or '*'}/{delivery}.refused-*"))
    if not refused:
        raise NotFound
    return refused[-1], "received"


def _told(home: Path, folder: Path, delivery: str, state: str) -> dict[str, Any]:
    found = _receipt(home, folder)
    note = read_received(folder) if state == "received" else None
    resource = (
        read_manifest((folder / MANIFEST).read_bytes()).resource if note is None or note.status == "taken" else ""
    )
    return {"delivery": delivery, "resource": resource, "state": "answered" if found else state, "receipt": found}


def _receipt(home: Path, folder: Path) -> Mapping[str, Any] | None:
    """Return a delivery's receipt where it is this very department's: while it waits, another's may have its id."""
    path = home / "receipts" / f"{folder.name}.json"
    if not path.exists():
        return None
    envelope: Mapping[str, Any] = json.loads(path.read_bytes())
    told = json.loads(base64.b64decode(envelope["payload"]))
    return envelope if told["department"] == folder.parent.name else None
