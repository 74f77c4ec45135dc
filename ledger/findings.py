"""What an auditor is to look at: found once however often it is looked for, settled by somebody with a reason."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from ledger.errors import NoSuchFinding
from onefile.verify.reading import instant_text
from schemas.service_items import Words
from schemas.serving.disclosure_tables import FINDING

KINDS: Mapping[str, Words] = {
    "no_case": Words("所引办件未登记", "it cites a case that was never registered"),
    "draft_lapsed": Words("所引草稿未成为办件", "it cites a draft that became no case"),
    "outside_time": Words("查询时间在办件期间之外", "it was made outside the case's time"),
    "not_party": Words("被查询人不是办件当事人", "it is about somebody who is no party to the case"),
    "volume": Words("查询量异常", "far more looks than on other days"),
    "hours": Words("非工作时间查询", "looks at unusual hours"),
    "enumeration": Words("疑似逐个试探", "very many subjects one after the other"),
    "famous": Words("查询受关注主体", "a look at a watched subject"),
}


@dataclass(frozen=True)
class Finding:
    """Something found. `about` makes it one of its kind: an entry's number, or a day with somebody."""

    kind: str
    about: str
    seq: int | None
    department: str
    looked_on: date
    document: Mapping[str, Any]


@dataclass(frozen=True)
class Kept:
    """A finding as it is kept, with its number and what became of it."""

    number: int
    kind: str
    seq: int | None
    department: str
    looked_on: str
    found_at: str
    document: Mapping[str, Any]
    settled_at: str | None
    settled_by: str
    settled_why: str


def keep(connection: Connection, found: Iterable[Finding], at: datetime) -> int:
    """Keep what was not found before; return how many that were."""
    count = 0
    for finding in found:
        row = FINDING.c
        known = select(row.finding_no).where(row.kind == finding.kind, row.about == finding.about)
        if connection.execute(known).first() is None:
            connection.execute(insert(FINDING).values(
                kind=finding.kind, about=finding.about, seq=finding.seq, department=finding.department,
                looked_on=finding.looked_on.isoformat(), found_at=instant_text(at),
                document=json.dumps(finding.document, ensure_ascii=False), settled_by="", settled_why=""))  # fmt: skip
            count += 1
    return count


def listed(connection: Connection, department: str = "", with_settled: bool = False, after: int = 0) -> list[Kept]:
    """Return findings above a number, in order: a department's or all, open ones or all."""
    asked = select(FINDING).where(FINDING.c.finding_no > after).order_by(FINDING.c.finding_no)
    if department:
        asked = asked.where(FINDING.c.department == department)
    if not with_settled:
        asked = asked.where(FINDING.c.settled_at.is_(None))
    return [_kept(found) for found in connection.execute(asked)]


def settle(connection: Connection, number: int, by: str, why: str, at: datetime) -> Kept:
    """Note what became of a finding.

    Raises:
        NoSuchFinding: there is none of that number that is open.
    """
    row = FINDING.c
    open_ = update(FINDING).where(row.finding_no == number, row.settled_at.is_(None))
    values = {"settled_at": instant_text(at), "settled_by": by, "settled_why": why}
    if connection.execute(open_.values(**values)).rowcount != 1:
        raise NoSuchFinding
    return _kept(connection.execute(select(FINDING).where(row.finding_no == number)).one())


def _kept(found: Row[Any]) -> Kept:
    return Kept(
        found.finding_no, found.kind, found.seq, found.department, found.looked_on, found.found_at,
        json.loads(found.document), found.settled_at, found.settled_by, found.settled_why,
    )  # fmt: skip
