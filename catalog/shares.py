"""Shares in bulk: which granted tables one recipient of a department may fetch, by one token that expires.

A share holds grants by batch of one department, each shown as a table `<provider>.<resource>`. It gives what its
grants give: it can be made narrower or ended, and widens no grant.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update

from catalog.entries import Entry
from catalog.errors import CatalogError
from catalog.grants import IN_FORCE, may_give
from catalog.sharing_store import Case, get
from onefile.verify.reading import instant_text
from schemas.serving.share_tables import SHARE, SHARE_TABLE

MODE = "batch"
"""The way of sharing that gives tables."""
ACTIVE, REVOKED = "active", "revoked"
MOST_DAYS = 366
_ID = re.compile(r"[a-z][a-z0-9_]{2,62}\Z")


class UnknownShare(CatalogError):
    """No share has the name that was asked for, or it was revoked."""

    def __init__(self) -> None:
        super().__init__("there is no such share in force: `onefile share list` names them")


class ShareRefused(CatalogError):
    """A share cannot be made so."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"a share with {found}: give {wanted}")


@dataclass(frozen=True)
class SharedTable:
    """A table of a share: `schema.name`, as the grant gives it."""

    grant_id: str
    schema: str
    name: str


@dataclass(frozen=True)
class Share:
    """A share as it stands. `token_until` (RFC 3339, UTC): to when its token opens it; None: it has none."""

    share_id: str
    department: str
    state: str
    token_until: str | None
    made_at: str
    made_by: str
    ended_at: str | None
    reason: str
    tables: tuple[SharedTable, ...]

    @property
    def is_active(self) -> bool:
        """Whether it gives anything."""
        return self.state == ACTIVE

    def opens(self, at: datetime) -> bool:
        """Say whether the share is open to whoever has its token at an instant."""
        return self.is_active and self.token_until is not None and instant_text(at) < self.token_until

    def table(self, schema: str, name: str) -> SharedTable | None:
        """Return its table of a name; None where there is none. Case does not count, as the protocol has it."""
        asked = (schema.lower(), name.lower())
        return next((each for each in self.tables if (each.schema, each.name) == asked), None)


def create(
    connection: Connection, share_id: str, grant_ids: Sequence[str], entries: Mapping[str, Entry], by: str,
    at: datetime, on: date,
) -> Share:  # fmt: skip
    """Make a share of grants; it has no token yet.

    Raises:
        ShareRefused: its name is none, or was given already; no grant, grants of several departments or twice of one
            resource, or one that gives no rows in bulk.
        UnknownId: there is no such grant.
    """
    if not _ID.match(share_id):
        raise ShareRefused("a name that is none", "3 to 63 small letters, digits and _, a letter first")
    if find(connection, share_id) is not None:
        raise ShareRefused("a name that was given already", "another name, be it that of a share that is over")
    found = [get(connection, each) for each in dict.fromkeys(grant_ids)]
    for case in found:
        _require_bulk(case, entries.get(case.entry_id), on)
    if not found or len({case.consumer for case in found}) != 1 or len({c.entry_id for c in found}) != len(found):
        raise ShareRefused("no grants, or grants that do not go together", "one department's, each of another resource")
    connection.execute(insert(SHARE).values(
        share_id=share_id, department=found[0].consumer, state=ACTIVE, token_hash=None, token_until=None,
        made_at=instant_text(at), made_by=by, ended_at=None, reason=""))  # fmt: skip
    for case in found:
        schema, _, name = case.entry_id.partition(".")
        connection.execute(insert(SHARE_TABLE).values(
            share_id=share_id, grant_id=case.id, schema_name=schema, table_name=name))  # fmt: skip
    return require(connection, share_id)


def put_grant(
    connection: Connection, share_id: str, case: Case, entry: Entry, by: str, at: datetime
) -> Share:  # fmt: skip
    """Show a grant as a table of a share of its department, in the place of an earlier grant of the same resource.

    The share is made where there is none; its token, where it has one, opens the table too.

    Raises:
        ShareRefused: the share was ended, or is another department's.
    """
    found = find(connection, share_id)
    if found is not None and (not found.is_active or found.department != case.consumer):
        raise ShareRefused("a name that was given already", "a share in force of that department")
    if found is None:
        connection.execute(insert(SHARE).values(
            share_id=share_id, department=case.consumer, state=ACTIVE, token_hash=None, token_until=None,
            made_at=instant_text(at), made_by=by, ended_at=None, reason=""))  # fmt: skip
    schema, _, name = entry.id.partition(".")
    row = SHARE_TABLE.c
    connection.execute(delete(SHARE_TABLE).where(
        row.share_id == share_id, row.schema_name == schema, row.table_name == name))  # fmt: skip
    connection.execute(insert(SHARE_TABLE).values(
        share_id=share_id, grant_id=case.id, schema_name=schema, table_name=name))  # fmt: skip
    return require(connection, share_id)


def put_token(connection: Connection, share_id: str, token: str, until: datetime, at: datetime) -> Share:
    """Let a token open a share until an instant; the one it had opens it no more.

    Raises:
        UnknownShare: there is none in force.
        ShareRefused: the instant is not within a year.
    """
    if not timedelta() < until - at <= timedelta(MOST_DAYS):
        raise ShareRefused("a token for no time, or too long", f"1 to {MOST_DAYS} days")
    require(connection, share_id)
    values = {"token_hash": hash_of(token), "token_until": instant_text(until)}
    connection.execute(update(SHARE).where(SHARE.c.share_id == share_id).values(**values))
    return require(connection, share_id)


def revoke(connection: Connection, share_id: str, reason: str, at: datetime) -> Share:
    """End a share for good, with its token and every link that was given out.

    Raises:
        UnknownShare: there is none in force.
        ShareRefused: no reason.
    """
    if not reason.strip():
        raise ShareRefused("no reason to end it", "why it is over")
    require(connection, share_id)
    values = {"state": REVOKED, "token_hash": None, "token_until": None, "ended_at": instant_text(at),
              "reason": reason.strip()}  # fmt: skip
    connection.execute(update(SHARE).where(SHARE.c.share_id == share_id).values(**values))
    return shares(connection, share_id)[0]


def require(connection: Connection, share_id: str) -> Share:
    """Return a share that is in force; UnknownShare where there is none."""
    found = find(connection, share_id)
    if found is None or not found.is_active:
        raise UnknownShare
    return found


def find(connection: Connection, share_id: str) -> Share | None:
    """Return the share of a name, be it revoked; None where there never was one."""
    return next(iter(shares(connection, share_id)), None)


def of_token(connection: Connection, token: str) -> Share | None:
    """Return the share that a token is of, be it that it is over; None where it is of none."""
    asked = select(SHARE.c.share_id).where(SHARE.c.token_hash == hash_of(token))
    found = connection.execute(asked).scalar_one_or_none()
    return None if found is None else find(connection, str(found))


def shares(connection: Connection, share_id: str = "") -> list[Share]:
    """Return all shares, or the one of a name, by name."""
    only = (SHARE.c.share_id == share_id) if share_id else SHARE.c.share_id.is_not(None)
    rows = connection.execute(select(SHARE).where(only).order_by(SHARE.c.share_id)).mappings().all()
    return [
        Share(row["share_id"], row["department"], row["state"], row["token_until"], row["made_at"], row["made_by"],
              row["ended_at"], row["reason"], _tables(connection, row["share_id"]))
        for row in rows
    ]  # fmt: skip


def wanted(connection: Connection, entries: Mapping[str, Entry], on: date) -> dict[str, Case]:
    """Return the grants, by id, whose tables are to be held: of shares in force, that give rows or may give them again.

    A grant of which nothing is left on the day is not among them.
    """
    asked = select(SHARE_TABLE.c.grant_id).join(SHARE, SHARE.c.share_id == SHARE_TABLE.c.share_id)
    found = connection.execute(asked.where(SHARE.c.state == ACTIVE).distinct()).scalars().all()
    cases = {str(each): get(connection, str(each)) for each in sorted(found)}
    held = {each: (case, entries.get(case.entry_id)) for each, case in cases.items()}
    return {each: case for each, (case, entry) in held.items() if entry is not None and may_give(case, entry, on)}


def hash_of(token: str) -> str:
    """Return by what a token is known; it is random, so that its hash tells nothing."""
    return hashlib.sha256(token.encode("utf-8")).hexdigest()


def _require_bulk(case: Case, entry: Entry | None, on: date) -> None:
    mode = str(case.wants["mode"])
    if entry is None or entry.kind != "dataset" or mode != MODE:
        raise ShareRefused(f"{case.id}, which is not of rows in bulk", f"grants of datasets by {MODE}")
    if case.state not in IN_FORCE or not may_give(case, entry, on):
        raise ShareRefused(f"{case.id}, which gives nothing today", "grants that are in force")


def _tables(connection: Connection, share_id: str) -> tuple[SharedTable, ...]:
    row = SHARE_TABLE.c
    asked = select(row.grant_id, row.schema_name, row.table_name).where(row.share_id == share_id)
    found = connection.execute(asked.order_by(row.schema_name, row.table_name)).all()
    return tuple(SharedTable(*map(str, each)) for each in found)
