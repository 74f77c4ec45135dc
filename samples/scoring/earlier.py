"""Earlier numbers: which the one files list, and where accepted rows lead by what registers say, reckoned apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import names, peek
from samples.scoring.shares import Share
from schemas.identifiers.earlier import earlier_number
from schemas.model import Bridge, Declarations, Table


def shares(lake: Path, kinds: Mapping[str, object], truth: pa.Table) -> dict[tuple[str, str], Share]:
    """Return by kind how many of the earlier numbers, listed or true, are both."""
    true = set(zip(*(truth[name].to_pylist() for name in truth.column_names), strict=True))
    shown = {each for kind in kinds for each in _shown(lake, kind)}
    every, equal = Counter(each[0] for each in true | shown), Counter(each[0] for each in true & shown)
    return {(kind, "earlier numbers"): Share(equal[kind], of) for kind, of in sorted(every.items())}


def _shown(lake: Path, kind: str) -> set[tuple[str, str, str]]:
    gold = peek.rows(lake, names.gold(kind), ("number", "identifiers"))
    if gold is None:
        return set()
    pairs = zip(gold["number"].to_pylist(), gold["identifiers"].to_pylist(), strict=True)
    return {(kind, each["number"], number) for number, all_of in pairs for each in all_of if each["number"] != number}


def ends(
    frames: Mapping[str, pa.Table], every: Mapping[str, pa.Table], declarations: Declarations, kind: str
) -> dict[str, str]:
    """Return where earlier numbers lead by the present records of registers; those that lead to two are left out,
    and those under which the same register has seen somebody after it knew of the change.

    Follows one step at a time until nothing moves; a circle never comes to rest, and is left out, too.

    Args:
        frames: by table the present records.
        every: by table all released statements.
    """
    steps: dict[str, set[str]] = {}
    for name, frame in frames.items():
        table = declarations.tables[name]
        in_use = _in_use(frame, every[name], table, kind)
        for earlier, number in _pairs(frame, table, kind):
            if earlier != number and earlier not in in_use:
                steps.setdefault(earlier, set()).add(number)
    certain = {earlier: next(iter(to)) for earlier, to in steps.items() if len(to) == 1}
    found = dict(certain)
    for _ in range(len(certain)):
        moved = {earlier: certain.get(number, number) for earlier, number in found.items()}
        if moved == found:
            break
        found = moved
    return {earlier: number for earlier, number in found.items() if number not in certain}


def _in_use(frame: pa.Table, every: pa.Table, table: Table, kind: str) -> set[str]:
    """Return persons' earlier numbers under which a register has seen somebody after it knew of the change."""
    found: set[str] = set()
    of_people = [b for b in table.bridges if b.type is None and _is_of(table, b, kind)]
    for bridge in (b for b in of_people if b.earlier in frame.column_names):
        own = frame.group_by(["_resource", bridge.to]).aggregate([("_valid_from", "max")]).to_pylist()
        seen = {(row["_resource"], row[bridge.to]): row["_valid_from_max"] for row in own}
        said = ["_resource", "_key", bridge.earlier, bridge.to]
        first = every.filter(pc.invert(every["_withdrawn"])).group_by(said).aggregate([("_valid_from", "min")])
        told = {tuple(row[name] for name in said): row["_valid_from_min"] for row in first.to_pylist()}
        for row in frame.filter(frame[bridge.earlier].is_valid()).to_pylist():
            known_on = told[tuple(row[name] for name in said)]
            changed_on = (bridge.since and row.get(bridge.since)) or known_on
            if seen.get((row["_resource"], row[bridge.earlier]), known_on) > max(known_on, changed_on):
                found.add(row[bridge.earlier])
    return found


def _is_of(table: Table, bridge: Bridge, kind: str) -> bool:
    return any(subject.kind == kind and subject.column == bridge.to for subject in table.subjects)


def _pairs(frame: pa.Table, table: Table, kind: str) -> list[tuple[str, str]]:
    mine = {subject.column for subject in table.subjects if subject.kind == kind}
    found = []
    for bridge in (b for b in table.bridges if b.to in mine and b.earlier in frame.column_names):
        for earlier, number in zip(frame[bridge.earlier].to_pylist(), frame[bridge.to].to_pylist(), strict=True):
            read = earlier_number(earlier, (bridge.type,)) if earlier and bridge.type else None
            if earlier and (bridge.type is None or read is not None):
                found.append((earlier if read is None else read[1], number))
    return found
