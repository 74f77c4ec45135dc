"""Statements of departments as the flow hands them to the vault, for tests that need no Spark."""

from __future__ import annotations

from datetime import date, timedelta

from licence_vault import provenance, store
from licence_vault.issuing import issue
from licence_vault.statements import stated_drafts
from tests.papers import AT
from tests.vault import DECLARED, permit

KIND = DECLARED.licences["food_operation_permit"]
DAY = AT.date()


def stated(number: int, seq: int, told_on: date = DAY, *, withdrawn: bool = False, **changes: object):
    """A statement about the permit of a number, as the flow hands it over."""
    lineage = {
        "_resource": "market.food_permits", "_department": "market", "_delivery": f"d-{seq}", "_row_no": number,
        "_seq": seq, "_key": f"key-{number}", "_valid_from": told_on, "_withdrawn": withdrawn,
    }  # fmt: skip
    return {**permit(number), **lineage, **changes}


def told(vault, *rows, batch="b-1", at=AT):
    """Issue statements as one batch."""
    made = stated_drafts(KIND, DECLARED.tables["food_permit"], rows)
    return issue(vault, made, batch_id=batch, at=at, day=at.date().isoformat())


def events(vault):
    with vault.tables() as connection:
        _, size = store.counts(connection)
        return [(v.event, v.state, v.since_on) for v in store.versions(connection, 0, size)]


def waiting(vault):
    with vault.tables() as connection:
        found = provenance.waiting(connection, ["market.food_permits"])
    return [(r.delivery, r.row_no, r.column, r.reason) for r in found]


def later(days: int) -> date:
    return DAY + timedelta(days=days)
