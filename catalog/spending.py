"""A grant's looks of a day, counted in the serving database: what is taken here nobody else gets."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlalchemy import Connection, insert, select, update
from sqlalchemy.exc import IntegrityError

from catalog.grants import Given
from schemas.serving.tables import SHARING_USE

ROW = SHARING_USE.c


def take(connection: Connection, given: Given, least: int, on: date, most: int = 0, share_of_rest: int = 1) -> int:
    """Take looks of a grant's quota of a day; return how many, none where fewer than `least` are left.

    Args:
        given: the grant as it is in force; its `left_today` is the whole quota.
        most: how many to take where there are plenty: the `share_of_rest`-th part of what is left, and no more.
    """
    day = on.isoformat()
    _begin(connection, given.grant_id, day)
    left = given.left_today - _used(connection, given.grant_id, day)
    if left < least:
        return 0
    taken = max(least, min(most, left // share_of_rest))
    add(connection, given.grant_id, day, taken)
    return taken


def add(connection: Connection, grant_id: str, day: str, count: int) -> None:
    """Count looks of a day that has a count; fewer than none gives them back."""
    connection.execute(update(SHARING_USE).where(_of(grant_id, day)).values(times=ROW.times + count))


def _of(grant_id: str, day: str) -> Any:
    return (ROW.grant_id == grant_id) & (ROW.field == "") & (ROW.used_on == day)


def _begin(connection: Connection, grant_id: str, day: str) -> None:
    """Let there be a row for the grant and day, and hold it to the end of the transaction."""
    held = update(SHARING_USE).where(_of(grant_id, day)).values(times=ROW.times)
    if connection.execute(held).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(SHARING_USE).values(grant_id=grant_id, field="", used_on=day, times=0))
    except IntegrityError:
        connection.execute(held)


def _used(connection: Connection, grant_id: str, day: str) -> int:
    return int(connection.execute(select(ROW.times).where(_of(grant_id, day))).scalar_one())
