"""How many ties between subjects the one files show as they truly are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pyarrow as pa

from pipelines import names, peek
from samples.scoring.shares import Share
from schemas.model import OneFile

Tie = tuple[str, str, str, str]
"""Kind of the subject, relation, its number, the other's number."""


def shares(lake: Path, files: Mapping[str, OneFile], truth: pa.Table) -> dict[tuple[str, str], Share]:
    """Return by kind and relation how many of the ties, shown or true, are both."""
    true = set(zip(*(truth[name].to_pylist() for name in truth.column_names), strict=True))
    declared = {(r.one_kind, r.name) for file in files.values() for r in file.relations}
    shown = {tie for kind in files for tie in _shown(lake, kind) if tie[:2] in declared}
    every, equal = Counter(tie[:2] for tie in true | shown), Counter(tie[:2] for tie in true & shown)
    return {(kind, f"relation {name}"): Share(equal[kind, name], of) for (kind, name), of in sorted(every.items())}


def _shown(lake: Path, kind: str) -> set[Tie]:
    gold = peek.rows(lake, names.gold(kind), ("number", "relations"))
    if gold is None:
        return set()
    pairs = zip(gold["number"].to_pylist(), gold["relations"].to_pylist(), strict=True)
    return {(kind, tie["relation"], number, tie["other_number"]) for number, ties in pairs for tie in ties or ()}
