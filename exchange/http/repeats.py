"""A request that comes again under its Idempotency-Key is answered as it was, and done once."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError
from starlette.responses import Response

from exchange.access.asking import Ask
from exchange.access.callers import Caller
from exchange.errors import BadRequest, Conflict, RepeatDiffers
from onefile.verify.reading import instant_text
from schemas.serving.tables import counter_tables

KEPT = timedelta(days=1)
ROW = counter_tables.COUNTER_REPEAT
_KEY = re.compile(r"[!-~]{8,128}\Z")


def once(ask: Ask, connection: Connection, caller: Caller, work: Callable[[], Response]) -> Response:
    """Do a request's work, in its transaction, unless it was done under its key within a day.

    Raises:
        RepeatDiffers: the key came with another request.
        BadRequest: the key is none.
        Conflict: the same request is being done at this moment.
    """
    key = ask.request.headers.get("idempotency-key")
    if key is None:
        return work()
    if not _KEY.match(key):
        raise BadRequest("Idempotency-Key is 8 to 128 printable characters")
    digest = _digest(ask)
    row = ROW.c
    found = connection.execute(select(ROW).where(row.caller == caller.id, row.repeat_key == key)).one_or_none()
    if found is not None:
        if found.digest != digest:
            raise RepeatDiffers
        return Response(found.body.encode("utf-8"), found.status, json.loads(found.headers), "application/json")
    response = work()
    _keep(ask, connection, (caller.id, key, digest), response)
    return response


def _keep(ask: Ask, connection: Connection, named: tuple[str, str, str], response: Response) -> None:
    now = ask.counter.now()
    connection.execute(delete(ROW).where(ROW.c.made_at < instant_text(now - KEPT)))
    kept = {name: value for name, value in response.headers.items() if name in ("location", "etag")}
    try:
        connection.execute(insert(ROW).values(
            caller=named[0], repeat_key=named[1], digest=named[2], status=response.status_code,
            headers=json.dumps(kept), body=bytes(response.body).decode("utf-8"),
            made_at=instant_text(now)))  # fmt: skip
    except IntegrityError:
        raise Conflict("the same request is being done at this moment") from None


def _digest(ask: Ask) -> str:
    """Return the SHA-256 of what makes a request the same: method, path, for whom, and content."""
    request = ask.request
    content: bytes = request.scope["state"]["content_digest"]
    whose = request.headers.get("onefile-for", "")
    said = f"{request.method} {request.url.path}?{request.url.query} {ask.route} {whose}".encode()
    return hashlib.sha256(said + b"\n" + content).hexdigest()
