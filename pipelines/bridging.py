"""Earlier numbers and the present ones they lead to: what departments state, weighed. Pure.

A bridge leads from an earlier number of a subject to a later one. One that contradicts another, runs in a circle, or
starts from a number that the register which states it goes on using as somebody's own, is used by nobody; nothing is
ever guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import NamedTuple

from schemas.identifiers import areas
from schemas.identifiers.earlier import earlier_number, type_of

USED, AMBIGUOUS, CIRCULAR, UNSOUND, IN_USE = "used", "ambiguous", "circular", "unsound", "in_use"


class Told(NamedTuple):
    """What one statement says of one earlier number; `earlier` None: it says none (any more), but uses `number`.

    `column` is where it says so; `resource` a standard where the number follows from that.
    """

    kind: str
    type: str | None
    earlier: str | None
    number: str | None
    resource: str
    department: str
    record: str
    column: str
    delivery: str
    seq: int
    row_no: int
    since: date | None
    observed_on: date
    learnt_at: datetime
    is_withdrawn: bool


@dataclass(frozen=True)
class Bridge:
    """An earlier number that leads to `present`, as `told` states it; None where it is not used, `state` says why."""

    told: Told
    type: str
    earlier: str = field(repr=False)
    state: str
    present: str | None = field(repr=False)

    @property
    def since(self) -> date:
        return self.told.since or self.told.observed_on


@dataclass(frozen=True)
class Bridges:
    """All bridges that hold at one time."""

    every: tuple[Bridge, ...] = ()

    @cached_property
    def ends(self) -> Mapping[str, Mapping[str, str]]:
        """By kind of subject, the present number that each earlier one leads to."""
        found: dict[str, dict[str, str]] = {}
        for bridge in self.every:
            if bridge.present is not None:
                found.setdefault(bridge.told.kind, {})[bridge.earlier] = bridge.present
        return found

    def of(self, kind: str) -> Mapping[str, str]:
        return self.ends.get(kind, {})

    def used(self, kind: str) -> list[Bridge]:
        """Return one bridge for each earlier number and source, that which holds since the earliest day."""
        first: dict[tuple[str, str], Bridge] = {}
        mine = (b for b in self.every if b.told.kind == kind and b.present is not None)
        for bridge in sorted(mine, key=_age):
            first.setdefault((bridge.earlier, bridge.told.resource), bridge)
        return list(first.values())

    def families(self, kind: str) -> dict[str, set[str]]:
        """Return by present number all numbers that lead to it, and itself."""
        found: dict[str, set[str]] = {}
        for earlier, present in self.of(kind).items():
            found.setdefault(present, {present}).add(earlier)
        return found

    def differing(self, other: Bridges, kind: str) -> set[str]:
        """Return the numbers of whom these bridges say something else than others, as they are and as they were."""
        mine, theirs = (each._shown(kind) for each in (self, other))
        changed = {key for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key)}
        ends = (each.of(kind).get(earlier) for each in (self, other) for earlier in changed)
        return changed | {end for end in ends if end is not None}

    def _shown(self, kind: str) -> dict[str, set[tuple[str, str, str, date]]]:
        found: dict[str, set[tuple[str, str, str, date]]] = {}
        for b in self.used(kind):
            found.setdefault(b.earlier, set()).add((b.type, str(b.present), b.told.resource, b.since))
        return found


NONE = Bridges()


def holding(told: Iterable[Told], is_meant: Callable[[Told], bool] = lambda _: True) -> Bridges:
    """Weigh what the last statement of each record says, of those that are meant."""
    meant = [*filter(is_meant, told)]
    last: dict[tuple[str, str, str], Told] = {}
    for each in meant:
        key = each.resource, each.record, each.column
        if key not in last or _order(last[key]) < _order(each):
            last[key] = each
    read = [(each, *_read(each)) for each in last.values() if not each.is_withdrawn and each.earlier and each.number]
    leads: dict[tuple[str, str], set[str]] = {}
    for each, _, earlier in read:
        if earlier is not None and earlier != each.number:
            leads.setdefault((each.kind, earlier), set()).add(str(each.number))
    goes_on = _going_on(last.values(), read, _first_told(meant))
    weighed = {
        kind: _weighed({e: to for (k, e), to in leads.items() if k == kind}, {e for k, e in goes_on if k == kind})
        for kind in {k for k, _ in leads}
    }
    found = []
    for each, number_type, earlier in read:
        if earlier is None:
            found.append(Bridge(each, number_type, str(each.earlier), UNSOUND, None))
        elif earlier != each.number:
            found.append(Bridge(each, number_type, earlier, *weighed[each.kind][earlier]))
    return Bridges(tuple(sorted(found, key=_age)))


def apart(now: Iterable[Told], before: Iterable[Told]) -> tuple[Bridges, Bridges]:
    """Return the bridges of two times, as far as they may differ.

    That is what hangs together, by a record or a number, with a statement of one of the times alone: no other bridge
    depends on it.
    """
    here, there = dict.fromkeys(now), dict.fromkeys(before)
    near = _around([*(here | there)], [each for each in (*here, *there) if each not in here or each not in there])
    return holding(near, here.__contains__), holding(near, there.__contains__)


def _around(told: Sequence[Told], some: Iterable[Told]) -> list[Told]:
    """Return what hangs together with some statements."""
    tied = [_tied(each) for each in told]
    places: dict[tuple[str, ...], list[int]] = {}
    for place, mine in enumerate(tied):
        for tie in mine:
            places.setdefault(tie, []).append(place)
    waiting, found = {tie for each in some for tie in _tied(each)}, set[int]()
    while waiting:
        for place in places.pop(waiting.pop(), ()):
            if place not in found:
                found.add(place)
                waiting.update(tie for tie in tied[place] if tie in places)
    return [told[place] for place in sorted(found)]


def _tied(told: Told) -> list[tuple[str, ...]]:
    """Return what a statement is tied to others by: its record, and the numbers that it tells."""
    earlier = _read(told)[1] if told.earlier else None
    numbers = [(told.kind, number) for number in (earlier, told.number) if number]
    return [(told.resource, told.record, told.column), *numbers]


def _first_told(told: Iterable[Told]) -> Mapping[tuple[str, str, str | None, str | None], date]:
    """Return by resource, record, earlier number and later one the day of the first statement that says so."""
    found: dict[tuple[str, str, str | None, str | None], date] = {}
    for each in told:
        if each.earlier and not each.is_withdrawn:
            key = each.resource, each.record, each.earlier, each.number
            found[key] = min(found.get(key, each.observed_on), each.observed_on)
    return found


def _going_on(
    present: Iterable[Told], read: Iterable[tuple[Told, str, str | None]],
    first: Mapping[tuple[str, str, str | None, str | None], date],
) -> set[tuple[str, str]]:  # fmt: skip
    """Return kind and number of whom a register has seen under the number after it knew that it had been changed.

    The same number was given to two people, and one of them has another now: then the other's rows are not theirs.
    """
    seen: dict[tuple[str, str, str], date] = {}
    for each in present:
        if not each.is_withdrawn and each.number:
            key = each.resource, each.kind, each.number
            seen[key] = max(seen.get(key, each.observed_on), each.observed_on)
    found = set()
    for each, _, earlier in read:
        last = None if earlier is None or earlier == each.number else seen.get((each.resource, each.kind, earlier))
        if last is not None and earlier is not None:
            known_on = first[each.resource, each.record, each.earlier, each.number]
            if last > max(known_on, each.since or known_on):
                found.add((each.kind, earlier))
    return found


def number_type(kind: str, number: str) -> str:
    """Return the type of an accepted number, as `pipelines.numbers.number_type` does."""
    if kind == "enterprise":
        return type_of(number)
    return "foreigner" if number.startswith("9") else "hmt_resident" if number[:6] in areas.HMT_AREAS else "citizen"


def _read(told: Told) -> tuple[str, str | None]:
    """Return type and canonical form of an earlier number; no form where it is not sound."""
    if told.kind == "person":
        return number_type("person", str(told.earlier)), told.earlier
    read = earlier_number(str(told.earlier), (str(told.type),))
    return (str(told.type), None) if read is None else read


def _order(told: Told) -> tuple[date, int, int]:
    return told.observed_on, told.seq, told.row_no


def _age(bridge: Bridge) -> tuple[str, str, date, str, str, str, str]:
    told = bridge.told
    return told.kind, bridge.earlier, bridge.since, told.resource, told.record, told.column, str(told.number)


def _weighed(leads: Mapping[str, set[str]], in_use: set[str]) -> dict[str, tuple[str, str | None]]:
    """Return by earlier number its state, and the present number that it leads to. `in_use`: still somebody's own."""
    ends: dict[str, str] = {}
    found: dict[str, tuple[str, str | None]] = {}
    stopped = dict.fromkeys(in_use, IN_USE) | dict.fromkeys(_circular(leads), CIRCULAR)
    for start in leads:
        waiting = [start]
        while waiting:
            number = waiting[-1]
            missing = [each for each in sorted(leads.get(number, ())) if each not in ends and each not in stopped]
            if missing and number not in stopped:
                waiting += missing
                continue
            waiting.pop()
            if number not in ends:
                state, end = _judged(number, leads, ends, stopped)
                ends[number] = end or number
                if number in leads:
                    found[number] = state, end
    return found


def _judged(
    number: str, leads: Mapping[str, set[str]], ends: Mapping[str, str], stopped: Mapping[str, str]
) -> tuple[str, str | None]:
    """Return the state of a number, whose followers are judged, and where it leads; nowhere if that is no one place."""
    if number in stopped:
        return stopped[number], None
    there = {ends.get(each, each) for each in leads.get(number, ())}
    if len(there) > 1:
        return AMBIGUOUS, None
    return USED, next(iter(there), None)


def _circular(leads: Mapping[str, set[str]]) -> set[str]:
    """Return the numbers that lead back to themselves."""
    left = dict(leads)
    while True:  # take out who leads only to numbers that lead nowhere: what is left is in a circle, or before one
        gone = [number for number, to in left.items() if not any(each in left for each in to)]
        if not gone:
            return {number for number in left if number in _reached(number, left)}
        for number in gone:
            del left[number]


def _reached(start: str, leads: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for each in leads.get(waiting.pop(), ()):
            if each not in seen:
                seen.add(each)
                waiting.append(each)
    return seen
