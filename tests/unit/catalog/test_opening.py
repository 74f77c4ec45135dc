"""What the public may have: no column of persons, and no text that tells of one."""

from __future__ import annotations

from dataclasses import replace

import pytest

import catalog
from catalog.opening import NotOpen, is_personal, opened

WHOLE = catalog.load()


def test_rows_are_opened_with_the_columns_that_may_leave_and_of_persons_none() -> None:
    found = {each.resource.id: each for each in opened(WHOLE)}
    assert set(found) >= {"market.public_register", "market.food_permits"}
    register = [column.name for column in found["market.public_register"].columns]
    assert {"code", "name", "class"} <= set(register)
    for each in found.values():
        table = WHOLE.declarations.tables[each.resource.table]
        personal = {c.name for c in table.columns if c.sensitivity in ("personal", "sensitive") or "number" in c.type}
        assert not personal & {column.name for column in each.columns}
    population = WHOLE.resources["police.population"]
    assert population.terms is not None
    open_terms = replace(population.terms, openness="conditional", statistics=(("sex",),))
    with pytest.raises(NotOpen, match="by sex"):  # graded as personal: a count by it may not leave either
        opened(replace(WHOLE, resources={population.id: replace(population, terms=open_terms)}))
    for openness in ("conditional", "unconditional"):
        bare = replace(open_terms, openness=openness, statistics=())
        assert opened(replace(WHOLE, resources={population.id: replace(population, terms=bare)})) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [("某某有限公司", False), ("联系电话13800138000", True), ("a@b.example", True), ("样例路1号", False)],
)
def test_texts_that_tell_of_somebody_are_known(text: str, expected: bool) -> None:
    assert is_personal(text) is expected
