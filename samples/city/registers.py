"""Registers of tables that the city has no words of its own for: whom each row is about, and since when.

What a row says is drawn from the table's declaration in `samples.city.general`; here is what lasts from
one day to the next. A table that is added to the declarations, or laid over, has its register with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from samples.city import keys, patterns, strangers
from samples.city.calendar import YEAR
from samples.city.chance import Ints
from samples.city.city import City
from samples.city.people import NOBODY
from samples.city.register import FIRMS, PERSONS, Register
from schemas.model import CodeList, Table

OF_PEOPLE, OF_ENTERPRISES, OF_NOBODY = 0.3, 0.4, 0.025
"""Share of the people, or enterprises, that a register is about; rows a person where it is about none."""

CHANGES, STARTS, ERRORS = 0.002, 0.001, 0.0002
"""Share of a register's rows that a day changes, adds, and takes back; at least one is changed and added."""

_LEAST_ROWS, _OWN = 12, 0.7
_CHILDREN_DAYS = int(18 * YEAR)


@dataclass(frozen=True)
class Plan:
    """How a table's rows come by their subjects.

    `first` is the column that a row is drawn for, `instead` one of the other kind that may stand for it,
    `beside` are the others. `is_one_each`: a subject has at most one row.
    """

    table: Table
    first: str | None
    kind: str | None
    instead: str | None
    beside: Mapping[str, str]
    is_one_each: bool
    is_of_strangers: bool
    may_withdraw: bool
    capacity: int = patterns.MOST


def planned(table: Table, codes: Mapping[str, CodeList], *, may_withdraw: bool) -> Plan:
    """Read from a declaration how its rows come by their subjects."""
    subjects = {subject.column: subject.kind for subject in table.subjects}
    first, kind = strangers.first_subject(table) or (None, None)
    others = {column: other for column, other in subjects.items() if column != first}
    free = [c for c, other in others.items() if other != kind and not table.column(c).required and c not in table.key]
    instead = free[0] if free and first is not None and not table.column(first).required else None
    others.pop(instead or "", None)
    is_one_each = first in table.key and all(c == first or not _tells(table, c) for c in table.key)
    are_strangers = strangers.kinds(table) is not None
    return Plan(
        table, first, kind, instead, others, is_one_each, are_strangers, may_withdraw, keys.capacity(table, codes)
    )


def _tells(table: Table, name: str) -> bool:
    """Say whether a key column can tell any number of rows of one subject apart."""
    return table.column(name).type in ("string", "long", "decimal", "date")


def opened(city: City, plan: Plan) -> Register:
    """Return a register as it stands on the city's first day."""
    chance, day, name = city.chance, city.day, f"register {plan.table.name}"
    if plan.kind is None or plan.is_of_strangers:
        share = OF_NOBODY if plan.kind is None else OF_NOBODY / 5
        count = min(plan.capacity, max(_LEAST_ROWS, int(len(city.people) * share)))
        subject = np.arange(count)
    else:
        pool = _pool(city, plan)
        share = OF_PEOPLE if plan.kind == PERSONS else OF_ENTERPRISES
        subject = pool[chance.share(name, pool, share)]
        subject = subject if len(subject) else pool[:1]
    return _rows(city, plan, subject, 0, day, is_new=False)


def live(city: City, plan: Plan, register: Register, rng: np.random.Generator) -> tuple[Register, Ints, Ints]:
    """Let a day pass in a register.

    Returns:
        The register, its rows that are new or other than before, and those that are to be taken back.
    """
    gone = city.gone.get(plan.table.name, np.zeros(0, dtype=np.int64))
    rows = np.setdiff1d(np.arange(len(register)), gone)
    if not len(rows):
        return register, rows, rows
    changed = rng.choice(rows, min(len(rows), max(1, round(CHANGES * len(rows)))), replace=False)
    register.version[changed] += 1
    register.updated[changed] = city.day
    back = np.zeros(0, dtype=np.int64)
    if plan.may_withdraw and (count := round(ERRORS * len(rows))):
        back = rng.choice(np.setdiff1d(rows, changed), count, replace=False)
        register.updated[back] = city.day
    first = len(register)
    added = _rows(city, plan, _newcomers(city, plan, register, rng), first, city.day, is_new=True)
    return register.joined(added), np.concatenate([changed, np.arange(first, first + len(added))]), back


def _newcomers(city: City, plan: Plan, register: Register, rng: np.random.Generator) -> Ints:
    """Return the subjects of a day's new rows."""
    wanted = max(1, round(STARTS * len(register)))
    if plan.kind is None or plan.is_of_strangers:
        return np.arange(len(register), min(plan.capacity, len(register) + wanted))
    pool = _pool(city, plan)
    if plan.is_one_each:
        pool = np.setdiff1d(pool, register.subjects[plan.first or ""])
    return rng.choice(pool, min(len(pool), wanted), replace=False)


def _pool(city: City, plan: Plan) -> Ints:
    """Return the people or enterprises that a row of the register may be about."""
    if plan.kind == FIRMS:
        return np.flatnonzero(city.firms.is_active() & (city.firms.established < city.day))
    people = city.people
    if is_child(plan.first or ""):
        found = city.is_there() & (people.mother >= 0) & (people.birth > city.began - _CHILDREN_DAYS)
        return np.flatnonzero(found & (people.birth < city.day))
    return np.flatnonzero(city.is_there() & (people.birth < city.day - 18 * YEAR))


def _rows(city: City, plan: Plan, subject: Ints, first: int, day: int, *, is_new: bool) -> Register:
    """Make rows, numbered from `first`, about the subjects; new ones begin on the day."""
    chance, name = city.chance, f"register {plan.table.name}"
    rows = np.arange(first, first + len(subject))
    since = _since(city, plan, subject, day)
    began = (
        np.full(len(rows), day)
        if is_new
        else since + (chance.of(f"{name} began", rows) * (day - since)).astype(np.int64)
    )
    stayed = chance.of(f"{name} updated", rows) * (day - began)
    updated = began + stayed.astype(np.int64)
    subjects: dict[str, Ints] = {}
    if plan.first is not None:
        own = np.ones(len(rows), dtype=np.bool_)
        if plan.instead is not None:
            own = chance.share(f"{name} own kind", rows, _OWN)
            others = _others(city, FIRMS if plan.kind == PERSONS else PERSONS, f"{name} {plan.instead}", rows)
            subjects[plan.instead] = np.where(own, NOBODY, others)
        subjects[plan.first] = np.where(own, subject, NOBODY)
    for column, kind in plan.beside.items():
        subjects[column] = _beside(city, plan, column, kind, subject, rows)
    return Register(subjects, began.astype(np.int64), updated.astype(np.int64), np.zeros(len(rows), dtype=np.int64))


def _since(city: City, plan: Plan, subject: Ints, day: int) -> Ints:
    """Return from which day on each row may have begun: up to ten years back, not before its subject."""
    start = np.full(len(subject), day - int(10 * YEAR))
    if plan.is_of_strangers:
        return start
    if plan.kind == FIRMS:
        start = np.maximum(start, np.minimum(city.firms.established[subject], day))
    if plan.kind == PERSONS:
        grown = 0 if is_child(plan.first or "") else int(18 * YEAR)
        start = np.minimum(day, np.maximum(start, city.people.birth[subject] + grown))
    return start


def _beside(city: City, plan: Plan, column: str, kind: str, subject: Ints, rows: Ints) -> Ints:
    """Return whom another subject column of the rows names: kin by its name, else anybody."""
    parent = parent_of(column)
    if kind == PERSONS == plan.kind and parent is not None and not plan.is_of_strangers:
        found: Ints = getattr(city.people, parent)[subject]
        return found
    others = _others(city, kind, f"register {plan.table.name} {column}", rows)
    if plan.table.column(column).required:
        return others
    return np.where(city.chance.share(f"register {plan.table.name} has {column}", rows, _OWN), others, NOBODY)


def _others(city: City, kind: str, name: str, rows: Ints) -> Ints:
    if kind == FIRMS:
        pool = np.flatnonzero(city.firms.is_active() & (city.firms.established < city.day))
    else:
        pool = np.flatnonzero(city.is_there() & (city.people.birth < city.day - 18 * YEAR))
    return pool[city.chance.below(name, rows, len(pool))] if len(pool) else np.full(len(rows), NOBODY)


def is_child(column: str) -> bool:
    """Say whether a subject column speaks of a child by its name."""
    return column.startswith(("child", "newborn", "infant"))


def parent_of(column: str) -> str | None:
    """Return which parent a subject column speaks of by its name: `father`, `mother`, or None."""
    return next((parent for parent in ("father", "mother") if column.startswith(parent)), None)
