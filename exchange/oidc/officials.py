"""Officials: who of those that a provider knows may do what, for which department, until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, Connection, and_, delete, insert, select

from exchange.access.callers import OFFICIAL_ROLES
from exchange.errors import CounterError
from onefile.verify.reading import instant_text
from schemas.serving.tables import counter_tables

ROW = counter_tables.COUNTER_OFFICIAL


class BadOfficial(CounterError):
    """An official cannot be registered, or taken out, as it was said."""

    exit_code = 2

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the official has {found}: wanted is {wanted}")


@dataclass(frozen=True)
class Official:
    """A row of `counter_official`; `until` is the last day."""

    issuer: str
    subject: str
    name: str
    department: str
    roles: tuple[str, ...]
    until: str


def put(connection: Connection, official: Official, by: str, at: datetime) -> None:
    """Register an official, or say anew what an official may do.

    Raises:
        BadOfficial: a role that is none, no role, or a day that is none.
    """
    if not official.roles or set(official.roles) - set(OFFICIAL_ROLES):
        raise BadOfficial("no role, or one that is none", f"some of {', '.join(OFFICIAL_ROLES)}")
    try:
        date.fromisoformat(official.until)
    except ValueError:
        raise BadOfficial("a last day that is none", "YYYY-MM-DD") from None
    if not official.issuer or not official.subject or "#" in official.subject:
        raise BadOfficial("no issuer or subject", "as the identity provider says them in iss and sub")
    connection.execute(delete(ROW).where(_same(official.issuer, official.subject)))
    connection.execute(insert(ROW).values(
        issuer=official.issuer, subject=official.subject, name=official.name, department=official.department,
        roles=" ".join(official.roles), until=official.until, registered_at=instant_text(at),
        registered_by=by))  # fmt: skip


def remove(connection: Connection, issuer: str, subject: str) -> None:
    """Take an official out, from the next request on; BadOfficial when there is none."""
    if connection.execute(delete(ROW).where(_same(issuer, subject))).rowcount != 1:
        raise BadOfficial("no such registration", "one that is listed")


def officials(connection: Connection) -> list[Official]:
    """Return all officials in order."""
    row = ROW.c
    asked = select(row.issuer, row.subject, row.name, row.department, row.roles, row.until)
    return [
        Official(*each[:4], tuple(each[4].split()), each[5])
        for each in connection.execute(asked.order_by(row.issuer, row.subject))
    ]


def is_registered(connection: Connection, issuer: str, subject: str, day: str) -> bool:
    """Say whether somebody is registered and may come on a day."""
    return bool(connection.execute(select(ROW.c.until).where(_same(issuer, subject), ROW.c.until >= day)).first())


def _same(issuer: str, subject: str) -> ColumnElement[bool]:
    return and_(ROW.c.issuer == issuer, ROW.c.subject == subject)
