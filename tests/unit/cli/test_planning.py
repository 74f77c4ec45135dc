"""A plan in words."""

from __future__ import annotations

from onefile.cli.planning_text import lines
from pipelines.changing import Planned
from pipelines.declared import Change
from pipelines.remaking import Example, Figures, Remade
from pipelines.rereading import Counts, Reread

SHOPS = Reread(
    "market.shops", 2, Counts(4, 1, 0), Counts(3, 2, 0), 0, 1, 2, tuple(f"D{n}" for n in range(12)), ("D1",), ()
)
FILES = Remade(
    "enterprise", 9, 3, 1, 0, (Figures("shop_kind", 1, 2, 0, 1),), (Example("shop_kind", None, "某某", "D1", 3),)
)
DECLARED = {
    "market.shops": (
        Change("columns.kind.lookup.书局", "1", None),
        Change("columns.kind.clean", [], [["trim", None]]),
    ),
    "person_file": (),
    "enterprise_file": (
        Change("attributes.shop_kind", None, {"lead": None}),
        Change("attributes.name.lead", "tax", "market"),
    ),
}
PLANNED = Planned(DECLARED, (SHOPS,), (FILES,))


def test_a_plan_says_what_is_declared_otherwise_and_what_of_rows_files_and_receipts_it_changes() -> None:
    told = "\n".join(lines(PLANNED, "en"))
    assert "attributes.shop_kind: new\n" in told
    assert "attributes.name.lead: tax → market" in told
    assert "columns.kind.lookup.书局: gone (1)" in told
    assert "columns.kind.clean: changed" in told
    assert "person_file" not in told, "nothing of it is declared otherwise"
    assert "market.shops  2           4 → 3     1 → 2        0           0             1          2" in told
    assert "enterprise  9      3       1    0" in told
    assert "enterprise  shop_kind  1        2        0     1" in told
    assert "enterprise shop_kind: (nothing) → 某某 (row 3 of D1)" in told
    assert "12 receipts say something else than the tables then; they stay as they were given: D0, D1" in told
    assert "D9 … +2" in told
    assert "deliveries that no longer count: D1" in told


def test_a_plan_that_changes_nothing_says_so_in_both_languages() -> None:
    nothing = Planned({"enterprise_file": None}, (), (Remade("enterprise", 9, 0, 0, 0, (), ()),))
    assert list(lines(nothing, "en"))[-1] == "no row and no file comes out otherwise"
    assert list(lines(nothing, "zh"))[-1] == "没有任何行或档案改变"
    assert "    nobody knows by what it was made: all is compared" in list(lines(nothing, "en"))
