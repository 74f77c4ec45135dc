"""From a token to a caller: what its client or official may be at this moment is asked on every request."""

from __future__ import annotations

from sqlalchemy import Connection, select

from exchange.access.callers import ANYBODY, APPLICANT, Caller
from exchange.access.tokens import Token
from exchange.clients import registry
from exchange.errors import TokenInvalid
from schemas.serving.tables import counter_tables

OFFICIAL = counter_tables.COUNTER_OFFICIAL


def caller_of(connection: Connection, token: Token | None, day: str) -> Caller:
    """Return who asks.

    Raises:
        TokenInvalid: its client was revoked, its official may come no more, or they are not known here.
    """
    if token is None:
        return ANYBODY
    if token.kind == "client":
        return _client(connection, token.subject)
    if token.kind == "official":
        return _official(connection, token.subject, day)
    return Caller(APPLICANT, token.subject, "", "", frozenset({APPLICANT}), token.subject, token.assurance)


def _client(connection: Connection, client_id: str) -> Caller:
    client = registry.find(connection, client_id)
    if client is None or not client.is_active:
        raise TokenInvalid
    return Caller("client", client.client_id, client.name, client.department, frozenset({client.kind}))


def _official(connection: Connection, named: str, day: str) -> Caller:
    issuer, _, subject = named.rpartition("#")
    row = OFFICIAL.c
    asked = select(row.name, row.department, row.roles, row.until)
    found = connection.execute(asked.where(row.issuer == issuer, row.subject == subject)).one_or_none()
    if found is None or found.until < day:
        raise TokenInvalid
    return Caller("official", named, found.name, found.department, frozenset(found.roles.split()))


def department_of(connection: Connection, operator: str) -> str:
    """Return the department of the official that the ledger and steps call so; empty for anybody else."""
    kind, _, named = operator.partition(" ")
    issuer, _, subject = named.rpartition("#")
    row = OFFICIAL.c
    asked = select(row.department).where(row.issuer == issuer, row.subject == subject)
    found = connection.execute(asked).scalar_one_or_none() if kind == "official" else None
    return str(found or "")
