"""`/delta-sharing/…`: the protocol's routes. They are its own, described by it, and not by the counter's OpenAPI.

Whoever comes has the token of a share, and no role: a share gives the tables in it and nothing else. A query is a look
on record before it leaves; the links in it then open its files without a token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field
from starlette.responses import FileResponse, JSONResponse, Response

from catalog import shares
from catalog.shares import Share
from exchange.counter import Counter
from exchange.errors import BadRequest, NotFound, QuotaUsedUp, Refusal
from exchange.http.recorded import RecordedResponse
from exchange.sharing import lines, links
from exchange.sharing.delta import DataFile
from exchange.sharing.errors import LinkInvalid, VersionNotKept
from exchange.sharing.links import Link
from exchange.sharing.recipients import Held, held, named, share_of
from ledger.entry import Look
from ledger.recall import VERSIONS

router = APIRouter(prefix="/delta-sharing", include_in_schema=False)
TABLE = "/shares/{share}/schemas/{schema}/tables/{table}"
MOST = 2**53


class Asked(BaseModel):
    """What is asked of a table. Hints at rows are not looked at: the table has no row that may not be seen."""

    limit: Annotated[int | None, Field(ge=0, le=MOST, alias="limitHint")] = None
    version: Annotated[int | None, Field(ge=0, le=MOST)] = None
    timestamp: Annotated[str | None, Field(max_length=40)] = None
    since: Annotated[int | None, Field(ge=0, le=MOST, alias="startingVersion")] = None


@router.get("/shares")
def list_shares(request: Request) -> Response:
    """List the one share that the token opens."""
    return _items([_named(_share(request))])


@router.get("/shares/{share}")
def get_share(request: Request, share: str) -> Response:
    """Return the share."""
    return JSONResponse({"share": _named(named(_share(request), share))})


@router.get("/shares/{share}/schemas")
def list_schemas(request: Request, share: str) -> Response:
    """List the departments whose tables are in the share."""
    found = named(_share(request), share)
    return _items({"name": name, "share": found.share_id} for name in sorted({t.schema for t in found.tables}))


@router.get("/shares/{share}/schemas/{schema}/tables")
def list_tables(request: Request, share: str, schema: str) -> Response:
    """List the tables of one department."""
    found = named(_share(request), share)
    tables = [each for each in _tables(found) if each["schema"] == schema.lower()]
    if not tables:
        raise NotFound
    return _items(tables)


@router.get("/shares/{share}/all-tables")
def list_all_tables(request: Request, share: str) -> Response:
    """List all tables."""
    return _items(_tables(named(_share(request), share)))


@router.head(TABLE)
@router.get(TABLE + "/version")
def version(
    request: Request, share: str, schema: str, table: str,
    since: Annotated[str, Query(alias="startingTimestamp")] = "",
) -> Response:  # fmt: skip
    """Tell the newest version, or the first since an instant."""
    delta = _held(request, share, schema, table).delta
    found = delta.version_at(_instant(since), is_start=True) if since else delta.newest()
    return Response(headers={lines.VERSION_HEADER: str(found)})


@router.get(TABLE + "/metadata")
def metadata(
    request: Request, share: str, schema: str, table: str,
    version: Annotated[int | None, Query(ge=0, le=MOST)] = None, timestamp: str = "",
) -> Response:  # fmt: skip
    """Tell the columns of a table."""
    delta = _held(request, share, schema, table).delta
    found = delta.snapshot(delta.version_at(_instant(timestamp)) if timestamp else version)
    headers = {lines.VERSION_HEADER: str(found.version), **lines.CAPABILITIES}
    return Response(lines.written(lines.head(found)), headers=headers, media_type=lines.NDJSON)


@router.post(TABLE + "/query")
def query(request: Request, share: str, schema: str, table: str, body: Asked) -> Response:
    """Give links to the files of a version."""
    if body.since is not None:
        raise BadRequest("a query since a version is not answered here: ask for its changes")
    found = _held(request, share, schema, table)
    at = found.delta.version_at(_instant(body.timestamp)) if body.timestamp else body.version
    snapshot = found.delta.snapshot(at)
    link, until = _linker(request, found)
    files = lines.few(snapshot.files, body.limit)
    told = [*lines.head(snapshot), *(lines.file_line(each, link(each), until) for each in files)]
    return _recorded(request, found, told, snapshot.version, "shares.query")


@router.get(TABLE + "/changes")
def changes(
    request: Request, share: str, schema: str, table: str,
    first: Annotated[int | None, Query(ge=0, le=MOST, alias="startingVersion")] = None,
    last: Annotated[int | None, Query(ge=0, le=MOST, alias="endingVersion")] = None,
    since: Annotated[str, Query(alias="startingTimestamp")] = "",
    until: Annotated[str, Query(alias="endingTimestamp")] = "",
) -> Response:  # fmt: skip
    """Give links to the files that tell what came, changed and went, from a version to a version."""
    found = _held(request, share, schema, table)
    delta, newest = found.delta, found.delta.newest()
    first = delta.version_at(_instant(since), is_start=True) if since else first
    last = delta.version_at(_instant(until)) if until else last
    if first is None:
        raise BadRequest("it says neither startingVersion nor startingTimestamp")
    if first > newest:
        raise VersionNotKept
    link, ends = _linker(request, found)
    files = delta.changes(first, newest if last is None else min(last, newest))
    told = [*lines.head(delta.snapshot()), *(lines.change_line(each, link(each), ends) for each in files)]
    return _recorded(request, found, told, newest, "shares.changes")


@router.api_route("/files/{share}/{grant}/{generation}/{path:path}", methods=["GET", "HEAD"])
def file(
    request: Request, share: str, grant: str, generation: int, path: str, until: str = "", mac: str = ""
) -> Response:
    """Send a file, or a range of it, to whoever has a link that is signed and not over; no token is asked for."""
    counter: Counter = request.app.state.counter
    link = Link(share, grant, generation, path)
    link.require(until, mac, counter.keystore.secret(links.SECRET), counter.now())
    with counter.database.looking() as connection:
        found = shares.find(connection, share)
        table = None if found is None else next((each for each in found.tables if each.grant_id == grant), None)
        if found is None or not found.opens(counter.now()):
            raise LinkInvalid
        try:
            there = held(counter, connection, found, table)
        except Refusal:
            raise LinkInvalid from None
    place = there.folder / path
    if there.projection.generation != generation or not place.is_file():
        raise LinkInvalid
    return FileResponse(place, media_type="application/octet-stream", headers={"Cache-Control": "private, no-store"})


def _share(request: Request) -> Share:
    counter: Counter = request.app.state.counter
    with counter.database.looking() as connection:
        return share_of(counter, connection, request.headers)


def _held(request: Request, share: str, schema: str, table: str) -> Held:
    counter: Counter = request.app.state.counter
    with counter.database.looking() as connection:
        found = named(share_of(counter, connection, request.headers), share)
        return held(counter, connection, found, found.table(schema, table))


def _linker(request: Request, found: Held) -> tuple[Callable[[DataFile], str], int]:
    """Return what makes the link of a file, and when these are over."""
    counter: Counter = request.app.state.counter
    at, secret, base = counter.now(), counter.keystore.secret(links.SECRET), counter.settings.counter_url

    def link(each: DataFile) -> str:
        named_file = Link(found.share.share_id, found.table.grant_id, found.projection.generation, each.path)
        return named_file.signed(base, secret, at)

    return link, links.until_of(at)


def _recorded(request: Request, found: Held, told: list[dict[str, Any]], version: int, kind: str) -> Response:
    """Return an answer that leaves once the look is on record; a look is taken from the grant's quota of the day."""
    counter: Counter = request.app.state.counter
    if not counter.quotas.take(found.given, 1, counter.today()):
        raise QuotaUsedUp(counter.seconds_to_midnight())
    content = lines.written(told)
    look = Look(
        at=counter.now(), operator=f"share {found.share.share_id}", purpose="delta-sharing", subject_id=None,
        fields=found.given.fields, basis=found.given.basis, kind=kind, department=found.share.department,
        client=found.share.share_id, grant=found.given.grant_id, resource=found.given.entry_id,
        lake_version=f"{VERSIONS}@{found.projection.lake_version}", answer=hashlib.sha256(content).hexdigest(),
        answer_id=counter.random(12).hex(),
    )  # fmt: skip
    headers = {lines.VERSION_HEADER: str(version), **lines.CAPABILITIES}
    return RecordedResponse(content, counter.ledger.record([look]), headers, lines.NDJSON)


def _named(share: Share) -> dict[str, str]:
    return {"name": share.share_id, "id": share.share_id}


def _tables(share: Share) -> list[dict[str, str]]:
    return [{"name": each.name, "schema": each.schema, "share": share.share_id, "shareId": share.share_id,
             "id": each.grant_id} for each in share.tables]  # fmt: skip


def _items(found: Iterable[dict[str, str]]) -> Response:
    return JSONResponse({"items": list(found)})


def _instant(text: str) -> datetime:
    """Read an instant with its offset; BadRequest where it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadRequest("an instant in it is none: write it like 2026-03-01T00:00:00Z")
    return found
