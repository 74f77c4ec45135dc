"""Who fetches tables: a recipient with the token of a share, and what that share gives it at this moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from catalog import grants, shares
from catalog.errors import GrantNotInForce
from catalog.grants import Given
from catalog.shares import Share, SharedTable
from catalog.sharing_store import get
from exchange.counter import Counter
from exchange.errors import GrantOver, NotFound, RowsNotSupplied, TokenMissing
from exchange.sharing.delta import Projected
from exchange.sharing.errors import ShareTokenInvalid
from schemas.serving.projections import FOLDER, Projection, projections


@dataclass(frozen=True)
class Held:
    """A table that a share gives now: what of it is granted, the projection, and where its files are."""

    share: Share
    table: SharedTable
    given: Given
    projection: Projection
    folder: Path

    @property
    def delta(self) -> Projected:
        """The table as its log has it."""
        return Projected(self.folder)


def share_of(counter: Counter, connection: Connection, headers: Mapping[str, str]) -> Share:
    """Return the share that the request's token opens.

    Raises:
        TokenMissing: there is none.
        ShareTokenInvalid: it is of no share, or of one that is over, or the token is.
    """
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise TokenMissing
    found = shares.of_token(connection, token.strip())
    if found is None or not found.opens(counter.now()):
        raise ShareTokenInvalid
    return found


def named(share: Share, name: str) -> Share:
    """Return the share where it has the name that is asked for; NotFound for any other, be there one or not."""
    if share.share_id != name.lower():
        raise NotFound
    return share


def held(counter: Counter, connection: Connection, share: Share, table: SharedTable | None) -> Held:
    """Return a table as a share gives it today.

    Raises:
        NotFound: the share has none of that name.
        GrantOver: its grant gives nothing today.
        RowsNotSupplied: what is projected is not what the grant gives now, or nothing is yet.
    """
    if table is None:
        raise NotFound
    case = get(connection, table.grant_id)
    try:
        given = grants.in_force(case, counter.entries.get(case.entry_id), counter.today())
    except GrantNotInForce as error:
        raise GrantOver(table.grant_id, error.reason) from None
    found = projections(connection).get(table.grant_id)
    if found is None or not found.gives(given.fields, given.rows):
        raise RowsNotSupplied
    return Held(share, table, given, found, counter.settings.home / FOLDER / found.place)
