"""Earlier numbers: which the one files list, and where accepted rows lead by what registers say, reckoned apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from pipelines import names, peek
from samples.scoring.shares import Share
from schemas.identifiers.earlier import earlier_number
from schemas.model import Declarations, Table


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


def ends(frames: Mapping[str, pa.Table], declarations: Declarations, kind: str) -> dict[str, str]:
    """Return where earlier numbers lead by the present records of registers; those that lead to two are left out.

    Follows one step at a time until nothing moves; a circle never comes to rest, and is left out, too.

    Args:
        frames: by table the present records.
    """
    steps: dict[str, set[str]] = {}
    for name, frame in frames.items():
        for earlier, number in _pairs(frame, declarations.tables[name], kind):
            if earlier != number:
                steps.setdefault(earlier, set()).add(number)
    certain = {earlier: next(iter(to)) for earlier, to in steps.items() if len(to) == 1}
    found = dict(certain)
    for _ in range(len(certain)):
        moved = {earlier: certain.get(number, number) for earlier, number in found.items()}
        if moved == found:
            break
        found = moved
    return {earlier: number for earlier, number in found.items() if number not in certain}


def _pairs(frame: pa.Table, table: Table, kind: str) -> list[tuple[str, str]]:
    mine = {subject.column for subject in table.subjects if subject.kind == kind}
    found = []
    for bridge in (b for b in table.bridges if b.to in mine and b.earlier in frame.column_names):
        for earlier, number in zip(frame[bridge.earlier].to_pylist(), frame[bridge.to].to_pylist(), strict=True):
            read = earlier_number(earlier, (bridge.type,)) if earlier and bridge.type else None
            if earlier and (bridge.type is None or read is not None):
                found.append((earlier if read is None else read[1], number))
    return found
