"""`/v1/clients`: register, re-key, revoke; and what a client knows of itself."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from exchange.access import matrix
from exchange.access.asking import Ask, asking, written
from exchange.clients import registry
from exchange.clients.keys import read_key
from exchange.clients.registry import Wish
from exchange.errors import NotFound
from exchange.http.repeats import once
from exchange.routes.models import Short, Strict
from exchange.routes.offering import About, offer

router = APIRouter()
JSON = "application/json"
ClientId = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{2,62}$")]


class KeyShown(BaseModel):
    """A public key of a client."""

    key_id: str
    jwk: str
    added_at: str
    until: str | None


class ClientShown(BaseModel):
    """A registered client."""

    client_id: str
    name: str
    kind: str
    department: str
    certificate: str
    state: str
    registered_at: str
    registered_by: str
    ended_at: str | None
    reason: str
    keys: list[KeyShown]


class ClientList(BaseModel):
    """The clients that the caller may see."""

    clients: list[ClientShown]


class ClientWish(Strict):
    """A client to register; `key` is its public key, PEM or JWK."""

    client_id: ClientId
    name: Annotated[Short, Field(min_length=1)]
    kind: Annotated[str, Field(pattern="^(system|intake)$")] = "system"
    department: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    key: Annotated[str, Field(min_length=20, max_length=20_000)]


class KeyWish(Strict):
    """A further public key; the old ones hold for `overlap_days` beside it."""

    key: Annotated[str, Field(min_length=20, max_length=20_000)]
    overlap_days: Annotated[int, Field(strict=True, ge=0, le=90)] = 7


class RevokeWish(Strict):
    """Why a client may come no more."""

    reason: Annotated[Short, Field(min_length=1)]


@offer(router, "POST", "/v1/clients", "clients.manage", About("Register a client", {201: ClientShown}, may_repeat=True))
def add(ask: Annotated[Ask, Depends(asking("clients.manage"))], body: ClientWish) -> Response:
    """Register a department's system."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        ask.counter.catalogue.check_party(body.department)
        wish, key = Wish(body.client_id, body.name, body.kind, body.department), read_key(body.key.encode())
        return once(ask, connection, caller, lambda: _answer(
            registry.add(connection, wish, key, caller.operator, ask.counter.now()).as_json(
                registry.keys(connection, wish.client_id)), 201))  # fmt: skip


@offer(router, "GET", "/v1/clients", "clients.read", About("Clients, one's own or all", {200: ClientList}))
def listed(ask: Annotated[Ask, Depends(asking("clients.read"))]) -> Response:
    """List clients: those of one's own department, or all to the bureau's engineer and the auditor."""
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        is_any = "any" in matrix.relations(ask.route, caller.roles)
        found = registry.clients(connection, "" if is_any else caller.department)
        told = [client.as_json(registry.keys(connection, client.client_id)) for client in found]
    return _answer({"clients": told}, 200)


@offer(
    router,
    "POST",
    "/v1/clients/{client_id}/keys",
    "clients.rotate",
    About("Add a key", {201: ClientShown}, may_repeat=True),
)
def rotate(ask: Annotated[Ask, Depends(asking("clients.rotate"))], client_id: str, body: KeyWish) -> Response:
    """Give a client another key: the client itself may, proved by its present one, or the bureau's engineer."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        is_own = caller.kind == "client" and caller.id == client_id
        if registry.find(connection, client_id) is None or not (is_own or "engineer" in caller.roles):
            raise NotFound
        key, overlap = read_key(body.key.encode()), timedelta(days=body.overlap_days)
        return once(ask, connection, caller, lambda: _answer(
            registry.rotate(connection, client_id, key, ask.counter.now(), overlap).as_json(
                registry.keys(connection, client_id)), 201))  # fmt: skip


@offer(router, "POST", "/v1/clients/{client_id}/revocation", "clients.manage",
       About("End a client for good", {200: ClientShown}, may_repeat=True))  # fmt: skip
def revoke(ask: Annotated[Ask, Depends(asking("clients.manage"))], client_id: str, body: RevokeWish) -> Response:
    """End a client, from its next request on."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        return once(ask, connection, caller, lambda: _answer(
            registry.revoke(connection, client_id, body.reason, ask.counter.now()).as_json(
                registry.keys(connection, client_id)), 200))  # fmt: skip


def _answer(document: dict[str, Any], status: int) -> Response:
    return Response(written(document), status, media_type=JSON)
