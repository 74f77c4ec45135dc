"""What anybody may read: the log's tiles, the status lists, the open catalogue."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import FileResponse, Response

from catalog import opening
from catalog.dcat import graph, json_ld, turtle
from catalog.entries import Entry
from catalog.leaving import leaving
from catalog.lists import data_json
from exchange.access.asking import Ask, asking
from exchange.counter import Counter
from exchange.errors import NotFound
from exchange.http.etags import tagged
from exchange.routes.offering import About, offer
from schemas.terms import CLASS_LIST

router = APIRouter()
_TILE = re.compile(
    r"(?:checkpoint(?:\.cosigned)?|tile/(?:entries|[0-9]{1,2})/(?:x[0-9]{3}/){0,6}[0-9]{3}(?:\.p/[0-9]{1,3})?)\Z"
)
_IMMUTABLE, _FRESH = "public, max-age=31536000, immutable", "public, max-age=5"
TEXT, BYTES, JWT = "text/plain", "application/octet-stream", "application/statuslist+jwt"
LOG = About("The licence log: checkpoint and tiles (C2SP tlog-tiles)", {200: None}, is_open=True, media={200: BYTES})
STATUS = About("A status list (Token Status List)", {200: None}, is_open=True, media={200: JWT})
TTL = About("The open catalogue, DCAT as Turtle", {200: None, 304: None}, is_open=True, media={200: "text/turtle"})
LD = About(
    "The open catalogue, DCAT as JSON-LD", {200: None, 304: None}, is_open=True, media={200: "application/ld+json"}
)
DATA = About("The open catalogue, data.json", {200: None, 304: None}, is_open=True, media={200: "application/json"})
OPEN_DATA = About("Open data: a file of a resource", {200: None}, is_open=True, media={200: BYTES})
Public = Annotated[Ask, Depends(asking("public"))]


@offer(router, "GET", "/log/{path:path}", "public", LOG)
def log(ask: Public, path: str) -> Response:
    """Return a file of the licence log; full tiles never change."""
    file = ask.counter.settings.home / "log" / path
    if not _TILE.match(path) or not file.is_file():
        raise NotFound
    is_final = path.startswith("tile/") and ".p/" not in path
    kind = TEXT if path.startswith("checkpoint") else BYTES
    return Response(file.read_bytes(), headers={"Cache-Control": _IMMUTABLE if is_final else _FRESH}, media_type=kind)


@offer(router, "GET", "/status/{number}", "public", STATUS)
def status(ask: Public, number: str) -> Response:
    """Return the present status list of a number."""
    file = ask.counter.settings.home / "status" / f"{number.removesuffix('.jwt')}.jwt"
    if not re.fullmatch(r"[0-9]{1,9}(\.jwt)?", number) or not file.is_file():
        raise NotFound
    return Response(file.read_bytes(), headers={"Cache-Control": _FRESH}, media_type=JWT)


@offer(router, "GET", "/catalog.ttl", "public", TTL)
def as_turtle(ask: Public) -> Response:
    """Return the open catalogue as Turtle."""
    return tagged(ask, Response(_open(ask.counter, _turtle), media_type="text/turtle"))


@offer(router, "GET", "/catalog.jsonld", "public", LD)
def as_json_ld(ask: Public) -> Response:
    """Return the open catalogue as JSON-LD."""
    return tagged(ask, Response(_open(ask.counter, _json_ld), media_type="application/ld+json"))


@offer(router, "GET", "/data.json", "public", DATA)
def as_data_json(ask: Public) -> Response:
    """Return the open catalogue as data.json."""
    counter = ask.counter
    files = opening.downloads(counter.settings.home, counter.settings.counter_url)
    made = data_json(leaving(counter.entries.values()), f"{counter.settings.counter_url}/catalog/", files)
    return tagged(ask, Response(made, media_type="application/json"))


@offer(router, "GET", "/open/{resource}/{name}", "public", OPEN_DATA)
def open_data(ask: Public, resource: str, name: str) -> Response:
    """Return a file of what is published of a resource now."""
    home = ask.counter.settings.home
    found = opening.published(home).get(resource)
    file = None if found is None else found.place(home, name)
    if file is None or not file.is_file():
        raise NotFound
    return FileResponse(file, media_type=opening.MEDIA[file.suffix], headers={"Cache-Control": _FRESH})


Form = Callable[[Counter, list[Entry], str], bytes]


def _turtle(counter: Counter, found: list[Entry], base: str) -> bytes:
    return turtle(graph(found, counter.catalogue.declarations.codes[CLASS_LIST], base))


def _json_ld(counter: Counter, found: list[Entry], base: str) -> bytes:
    return json_ld(graph(found, counter.catalogue.declarations.codes[CLASS_LIST], base))


def _open(counter: Counter, form: Form) -> bytes:
    """Return the open catalogue in a form; made once, for the entries of a process do not change."""
    made = counter.made.get(form.__name__)
    if made is None:
        base = f"{counter.settings.counter_url}/catalog/"
        made = counter.made[form.__name__] = form(counter, leaving(counter.entries.values()), base)
    return made
