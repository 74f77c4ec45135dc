"""Whatever happens in whatever order, the tables that grew day by day are those that a rebuild makes.

In `make test` one short sequence; in full (`make torture`) many, drawn, and longer ones.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from tests.sequences import Happening, Life, begin, faults

SEEDS, LONG = range(100, 130), 8


def lived(life: Life, happenings: Iterable[Happening]) -> list[str]:
    """Let things happen; return what is wrong then, behind what happened; nothing where nothing is."""
    life.live(happenings)
    found = list(faults(life.house))
    return [*life.told, *found] if found else []


def test_after_a_delivery_and_another_declaration_the_tables_are_those_of_a_rebuild(spark, tmp_path):
    life = begin(tmp_path / "home", tmp_path / "given", seed=3)
    assert lived(life, [Life.deliver, Life.declare]) == []


@pytest.mark.only_in_full
@pytest.mark.parametrize("seed", SEEDS)
def test_after_a_drawn_sequence_they_are_too(spark, tmp_path, seed):
    life = begin(tmp_path / "home", tmp_path / "given", seed)
    assert lived(life, life.drawn_happenings(LONG)) == []
