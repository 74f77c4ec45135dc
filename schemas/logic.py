"""What a condition comes to: true, false or unknown, with the tests that decided; and whether it can ever be true.

Three-valued (Kleene): what is not known makes nothing true and nothing false by itself. A value that is known to be
absent equals nothing and is neither more nor less than anything.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from schemas.conditions import All, Condition, Constant, Not, Some, Subject, Test, tests

Found = str | int | Decimal | date | bool | None
MAX_TRIED = 20_000
_OTHER = "\0"


@dataclass(frozen=True)
class Facts:
    """What is known for a case, on the day `on`. What is not there is unknown; a value None is known to be absent.

    `answers` by question; `values` by party and attribute, as one files have them; `licences` by party and licence
    type, whether one is held in force.
    """

    on: date
    answers: Mapping[str, Found] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, Found]] = field(default_factory=dict)
    licences: Mapping[str, Mapping[str, bool]] = field(default_factory=dict)


@dataclass(frozen=True)
class Reason:
    """One test that decided, as it is written, and what it came to. It quotes no value of anybody."""

    test: str
    is_met: bool | None


@dataclass(frozen=True)
class Verdict:
    """`is_met` True, False or None (unknown), and the tests that decided it."""

    is_met: bool | None
    reasons: tuple[Reason, ...]


def judge(condition: Condition | None, facts: Facts) -> Verdict:
    """Judge a condition on the facts; None is met without a reason."""
    if condition is None:
        return Verdict(True, ())
    if isinstance(condition, Test):
        found = _test(condition, facts)
        return Verdict(found, (Reason(str(condition), found),))
    if isinstance(condition, Not):
        inner = judge(condition.part, facts)
        return Verdict(None if inner.is_met is None else not inner.is_met, inner.reasons)
    decisive = isinstance(condition, Some)  # one true part decides `or`, one false part decides `and`
    verdicts = [judge(part, facts) for part in condition.parts]
    outcomes = [verdict.is_met for verdict in verdicts]
    outcome = decisive if decisive in outcomes else None if None in outcomes else not decisive
    return Verdict(outcome, tuple(dict.fromkeys(r for v in verdicts if v.is_met is outcome for r in v.reasons)))


def _test(test: Test, facts: Facts) -> bool | None:
    known, found = look(test.subject, facts)
    if not known:
        return None
    if test.operator in ("is present", "is absent"):
        return (found is None) == (test.operator == "is absent")
    if test.operator == "is true":
        return found is True
    if test.operator == "!=":
        return found != test.constants[0]
    if test.operator in ("=", "in"):
        return found in test.constants
    return found is not None and _compare(found, test.operator, test.constants[0])


def _compare(found: Any, operator: str, constant: Any) -> bool:
    if type(found) is not type(constant):
        return False
    return bool(
        {"<": found < constant, "<=": found <= constant, ">": found > constant, ">=": found >= constant}[operator]
    )


def look(subject: Subject, facts: Facts) -> tuple[bool, Found]:
    """Return whether the facts know of a subject, and what."""
    held: Mapping[str, Found]
    if subject.kind == "licence":
        held = facts.licences.get(subject.party, {})
    elif subject.party:
        held = facts.values.get(subject.party, {})
    else:
        held = facts.answers
    if subject.name not in held:
        return False, None
    found = held[subject.name]
    if subject.kind in ("years", "days", "days_left"):
        return True, _span(subject.kind, found, facts.on) if isinstance(found, date) else None
    is_whole = isinstance(found, int) and not isinstance(found, bool)
    return True, Decimal(str(found)) if is_whole else found


def _span(kind: str, day: date, on: date) -> Decimal:
    if kind == "years":
        return Decimal(on.year - day.year - ((on.month, on.day) < (day.month, day.day)))
    return Decimal((on - day).days if kind == "days" else (day - on).days)


def can_hold(condition: Condition, choices: Mapping[str, tuple[str, ...]], whole: frozenset[str]) -> bool | None:
    """Say whether some facts make a condition true; None: there are too many to try.

    Every subject is tried with each answer that it may have, or with values at, between and beyond the constants that
    it is compared with.

    Args:
        choices: the answers of questions that have a closed list, by question.
        whole: subjects, as written, whose numbers are whole.
    """
    by: dict[Subject, list[Test]] = {}
    for test in tests(condition):
        by.setdefault(test.subject, []).append(test)
    tried = [list(_candidates(subject, its, choices, whole)) for subject, its in by.items()]
    count = 1
    for each in tried:
        count *= len(each)
    if count > MAX_TRIED:
        return None
    return any(_holds(condition, dict(zip(by, found, strict=True))) for found in itertools.product(*tried))


def _candidates(
    subject: Subject, its: list[Test], choices: Mapping[str, tuple[str, ...]], whole: frozenset[str]
) -> Iterator[Found]:
    if subject.kind == "answer" and subject.name in choices:
        yield from choices[subject.name]
        return
    if subject.kind != "answer":
        yield None  # absent
    if subject.kind == "licence" or any(test.operator == "is true" for test in its):
        yield from (True, False)
        return
    constants: set[Constant] = {constant for test in its for constant in test.constants}
    yield from sorted((c for c in constants if isinstance(c, str)), key=str)
    yield _OTHER
    is_whole = subject.kind in ("years", "days", "days_left") or str(subject) in whole
    yield from _around(sorted(c for c in constants if isinstance(c, Decimal)), is_whole)
    for day in sorted(c for c in constants if isinstance(c, date)):
        yield from (
            max(day, date.min + timedelta(1)) - timedelta(1),
            day,
            min(day, date.max - timedelta(1)) + timedelta(1),
        )


def _around(numbers: list[Decimal], is_whole: bool) -> Iterator[Decimal]:
    for number in numbers:
        yield from (number - 1, number, number + 1)
    if not is_whole:
        yield from ((low + high) / 2 for low, high in itertools.pairwise(numbers))


def _holds(condition: Condition, found: Mapping[Subject, Found]) -> bool:
    if isinstance(condition, Not):
        return not _holds(condition.part, found)
    if isinstance(condition, All):
        return all(_holds(part, found) for part in condition.parts)
    if isinstance(condition, Some):
        return any(_holds(part, found) for part in condition.parts)
    value = found[condition.subject]
    facts = Facts(date.min, answers={"x": value})
    return bool(_test(Test(Subject("answer", "", "x"), condition.operator, condition.constants), facts))
