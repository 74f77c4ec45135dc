"""Clients and their public keys in the serving database. A revoked client keeps its row: its looks stay explained."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from exchange.access.callers import CLIENT_KINDS
from exchange.clients.errors import BadClient, ClientThere, UnknownClient
from exchange.clients.keys import PublicJwk
from onefile.verify.reading import instant_text
from schemas.serving.ahead import Question
from schemas.serving.connection import looked_up
from schemas.serving.tables import counter_tables

CLIENT, KEY = counter_tables.COUNTER_CLIENT, counter_tables.COUNTER_CLIENT_KEY
ACTIVE, REVOKED = "active", "revoked"
_ID = re.compile(r"[a-z][a-z0-9_-]{2,62}\Z")
_FIND = f"SELECT {', '.join(CLIENT.c.keys())} FROM counter_client WHERE client_id = :client_id"
OVERLAP = timedelta(days=7)
"""For how long a client's old key still opens the door after a new one was added, unless it is said otherwise."""


@dataclass(frozen=True)
class Client:
    """A row of `counter_client`. `certificate` is the SHA-256 (base64url) that its tokens are bound to, or empty."""

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

    @property
    def is_active(self) -> bool:
        """Whether it may come."""
        return self.state == ACTIVE

    def as_json(self, keys: list[dict[str, Any]] | None = None) -> dict[str, Any]:
        """Return it as JSON's types, with its keys where they are given."""
        return {**{name: getattr(self, name) for name in self.__dataclass_fields__}, "keys": keys or []}


@dataclass(frozen=True)
class Wish:
    """What is to be registered: `client_id` of small letters, digits, `-` and `_`."""

    client_id: str
    name: str
    kind: str
    department: str
    certificate: str = ""


def add(connection: Connection, wish: Wish, key: PublicJwk, by: str, at: datetime) -> Client:
    """Register a client with its first key.

    Raises:
        BadClient: an id, name or kind that cannot be.
        ClientThere: the id is taken, be it by a client that was revoked.
    """
    if not _ID.match(wish.client_id):
        raise BadClient("an id that is none", "3 to 63 small letters, digits, - and _, a letter first")
    if wish.kind not in CLIENT_KINDS or not wish.name.strip():
        raise BadClient("no name, or another kind", f"a name, and one of {', '.join(CLIENT_KINDS)}")
    if find(connection, wish.client_id) is not None:
        raise ClientThere(wish.client_id)
    connection.execute(insert(CLIENT).values(
        client_id=wish.client_id, name=wish.name.strip(), kind=wish.kind, department=wish.department,
        certificate=wish.certificate, state=ACTIVE, registered_at=instant_text(at), registered_by=by, ended_at=None,
        reason=""))  # fmt: skip
    _put_key(connection, wish.client_id, key, at)
    return get(connection, wish.client_id)


def rotate(
    connection: Connection, client_id: str, key: PublicJwk, at: datetime, overlap: timedelta = OVERLAP
) -> Client:
    """Give a client another key; its old ones hold until the overlap is over.

    Raises:
        UnknownClient: there is none, or it was revoked.
        BadClient: it has that key already, or the overlap is not from 0 to 90 days.
    """
    client = get(connection, client_id)
    if not client.is_active:
        raise UnknownClient(client_id)
    if not timedelta() <= overlap <= timedelta(days=90):
        raise BadClient("an overlap that is too long or none", "0 to 90 days")
    row = KEY.c
    if connection.execute(select(KEY).where(row.client_id == client_id, row.key_id == key.key_id)).first():
        raise BadClient("that key already", "a key that was never its own")
    until, present = instant_text(at + overlap), (row.until.is_(None)) | (row.until > instant_text(at + overlap))
    connection.execute(update(KEY).where(row.client_id == client_id, present).values(until=until))
    _put_key(connection, client_id, key, at)
    return client


def revoke(connection: Connection, client_id: str, reason: str, at: datetime) -> Client:
    """End a client for good, from the next request on. UnknownClient when there is none that was active."""
    if not reason.strip():
        raise BadClient("no reason", "why it may come no more")
    values = {"state": REVOKED, "ended_at": instant_text(at), "reason": reason.strip()}
    where = (CLIENT.c.client_id == client_id) & (CLIENT.c.state == ACTIVE)
    if connection.execute(update(CLIENT).where(where).values(**values)).rowcount != 1:
        raise UnknownClient(client_id)
    return get(connection, client_id)


def question(client_id: str) -> Question:
    """Return what `find` asks the database."""
    return _FIND, {"client_id": client_id}


def find(connection: Connection, client_id: str) -> Client | None:
    """Return a client, revoked ones too; None when there is none of that id."""
    found = looked_up(connection, *question(client_id))
    return Client(*found[0]) if found else None


def get(connection: Connection, client_id: str) -> Client:
    """Return a client; raise UnknownClient."""
    found = find(connection, client_id)
    if found is None:
        raise UnknownClient(client_id)
    return found


def clients(connection: Connection, department: str = "") -> list[Client]:
    """Return all clients in order of id, or those of a department."""
    asked = select(CLIENT).order_by(CLIENT.c.client_id)
    found = [Client(*row) for row in connection.execute(asked)]
    return [client for client in found if department in ("", client.department)]


def keys(connection: Connection, client_id: str) -> list[dict[str, Any]]:
    """Return a client's keys, the oldest first: key_id, jwk, added_at, until."""
    asked = select(KEY.c.key_id, KEY.c.jwk, KEY.c.added_at, KEY.c.until).where(KEY.c.client_id == client_id)
    return [dict(row._mapping) for row in connection.execute(asked.order_by(KEY.c.added_at, KEY.c.key_id))]


def keys_in_force(connection: Connection, client_id: str, at: datetime) -> Mapping[str, str]:
    """Return the JWKs (JSON text) that a client may sign with at an instant, by key id."""
    now = instant_text(at)
    return {k["key_id"]: k["jwk"] for k in keys(connection, client_id) if k["until"] is None or now < k["until"]}


def _put_key(connection: Connection, client_id: str, key: PublicJwk, at: datetime) -> None:
    connection.execute(insert(KEY).values(
        client_id=client_id, key_id=key.key_id, jwk=key.text, added_at=instant_text(at), until=None))  # fmt: skip
