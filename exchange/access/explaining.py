"""Why somebody may ask something, or may not: every check of the counter, in its order, each with its outcome.

The checks are the very ones that the counter makes; nothing is recorded and nothing given by explaining.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection

from catalog import grants
from catalog.entries import Entry
from catalog.model import Catalogue
from catalog.sharing_store import get
from exchange.access import matrix, purposes
from exchange.access.callers import OFFICIAL_ROLES, RELATIONS, ROLES, Caller
from exchange.access.identities import caller_of
from exchange.access.purposes import MODES, Purpose
from exchange.access.tokens import Token
from exchange.errors import FieldNotGranted, QuotaUsedUp, Refusal, RelationNotAllowed, RoleNotAllowed
from exchange.queries.granted import scope

CHECKS = {
    "caller": ("调用方有效", "the caller may come"),
    "role": ("角色可用该接口", "a role of the caller's may use the route"),
    "relation": ("与对象的关系允许", "what the thing is to the caller allows it"),
    "grant": (
        "共享授权在期、方式与事项相符，办件可引用",
        "grant in force, for this mode and item; the case may be cited",
    ),
    "fields": ("数据项在授权范围内", "the fields are granted"),
    "quota": ("当日额度未用完", "today's quota is not used up"),
}


@dataclass(frozen=True)
class Step:
    """One check: `code` and `why` where it fails; both empty where it holds."""

    check: str
    is_met: bool
    code: str
    why: str
    why_zh: str


@dataclass(frozen=True)
class Question:
    """What is to be explained. `who`: a client's id, or `<issuer>#<subject>` of an official; empty: only the route."""

    route: str
    who: str
    relation: str
    purpose: Purpose | None
    fields: tuple[str, ...]


def explain(
    connection: Connection, catalogue: Catalogue, entries: Mapping[str, Entry], question: Question, on: date
) -> list[Step]:  # fmt: skip
    """Return the checks up to and with the first that fails."""
    found: list[Caller] = []
    kind = "official" if "#" in question.who else "client"
    token = Token(kind, question.who, "", 0, 0, 0)
    checks: list[tuple[str, Callable[[], object]]] = [
        ("caller", lambda: found.append(caller_of(connection, token, on.isoformat()))),
        ("role", lambda: matrix.enter(question.route, found[0])),
        ("relation", lambda: matrix.require(question.route, found[0], question.relation)),
    ]
    purpose = question.purpose
    if purpose is not None:
        modes = MODES[question.route]
        checks += [
            ("grant", lambda: purposes.leave(connection, found[0], purpose, entries, modes, on)),
            ("fields", lambda: _check_fields(connection, catalogue, entries, question, on)),
            ("quota", lambda: _check_quota(connection, entries, purpose, on)),
        ]
    steps: list[Step] = []
    for name, check in checks:
        steps.append(_step(name, check))
        if not steps[-1].is_met:
            break
    return steps


def who_may(route: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return every role with the relations in which it may use a route; none where it may not."""
    rule = matrix.MATRIX.get(route)
    if rule is None:
        raise RoleNotAllowed(route)
    return [(role, tuple(name for name in RELATIONS if name in rule.get(role, ()))) for role in ROLES]


def _step(name: str, check: Callable[[], object]) -> Step:
    try:
        check()
    except Refusal as refusal:
        return Step(name, False, refusal.code, str(refusal), refusal.zh)
    return Step(name, True, "", "", "")


def _check_fields(
    connection: Connection, catalogue: Catalogue, entries: Mapping[str, Entry], question: Question, on: date
) -> None:  # fmt: skip
    given = [grants.in_force(get(connection, g), entries.get(get(connection, g).entry_id), on)
             for g in (question.purpose.grants if question.purpose else ())]  # fmt: skip
    may = {name for each in given for name in each.fields}
    for kind in catalogue.declarations.files:
        may |= set(scope(catalogue, kind, given).names)
    if set(question.fields) - may:
        raise FieldNotGranted


def _check_quota(connection: Connection, entries: Mapping[str, Entry], purpose: Purpose, on: date) -> None:
    for grant_id in purpose.grants:
        case = get(connection, grant_id)
        whole = grants.in_force(case, entries.get(case.entry_id), on).left_today
        if grants.looks(connection, grant_id, on) >= whole:
            raise QuotaUsedUp(0)


__all__ = ["CHECKS", "MODES", "OFFICIAL_ROLES", "Question", "RelationNotAllowed", "Step", "explain", "who_may"]
