"""No small count is told, none that follows from the others of its table, and none from several tables together."""

from __future__ import annotations

import itertools
from collections import Counter
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st

from catalog.suppression import Counts, Key, Table, Told, suppress

KEYS = st.tuples(st.sampled_from("abc"), st.sampled_from("xyz"))


def one(counts: Counts, by: tuple[str, ...] = ("area", "kind")) -> Told:
    (told,) = suppress([Table(by, counts)], 10)
    return told


def test_small_counts_go_and_with_one_alone_another() -> None:
    counts = {("a", "x"): 100, ("a", "y"): 3, ("b", "x"): 50, ("b", "y"): 40}
    # b,y goes for a,y in its column, a,x in its row, and b,x since it would be alone beside them.
    assert one(counts) == {("a", "x"): None, ("a", "y"): None, ("b", "x"): None, ("b", "y"): None}
    area = ("area",)
    assert one({("a",): 100, ("b",): 3, ("c",): 20}, area) == {("a",): 100, ("b",): None, ("c",): None}
    assert one({}, area) == {}


def test_counts_that_come_to_little_together_are_not_left_alone_together() -> None:
    told = one({("a",): 100, ("b",): 3, ("c",): 2, ("d",): 30}, ("area",))
    assert told == {("a",): 100, ("b",): None, ("c",): None, ("d",): None}


def test_a_count_that_is_taken_out_of_one_table_does_not_follow_from_another() -> None:
    finer = {("a", "x"): 3, ("b", "x"): 12, ("c", "x"): 40, ("c", "y"): 50}
    coarse = {("a",): 3, ("b",): 12, ("c",): 90}
    first, second = suppress([Table(("area", "kind"), finer), Table(("area",), coarse)], 10)
    assert (second["a",], second["b",], second["c",]) == (None, None, 90)
    assert first["b", "x"] is None, "area b has no other kind: it would tell b, and with the total a"


def test_of_a_told_district_no_street_follows_by_subtraction_alone_or_with_another() -> None:
    streets: dict[Key, int] = {("d", "d1"): 3, ("d", "d2"): 20, ("d", "d3"): 30, ("e", "e1"): 1, ("e", "e2"): 2,
                               ("e", "e3"): 40, ("e", "e4"): 50, ("f", "f1"): 6, ("f", "f2"): 7}  # fmt: skip
    finest = Table(("district", "street"), streets)
    for by in (("district", "street"), ("street",)):  # the street's code says in which district it lies
        table = _by(finest, by)
        districts, told = suppress([_by(finest, ("district",)), table], 10, finest)
        assert districts == {("d",): 53, ("e",): 93, ("f",): 13}
        assert {key[-1] for key, number in told.items() if number is None} == {"d1", "d2", "e1", "e2", "e3", "f1", "f2"}


def test_what_is_hidden_of_a_whole_table_comes_to_as_many() -> None:
    counts: dict[Key, int] = {("a", "x"): 3, ("b", "y"): 40, ("b", "z"): 50}  # nothing beside it in its lines
    assert one(counts) == {("a", "x"): None, ("b", "y"): None, ("b", "z"): None}


AREAS, KINDS = ("a a1", "a a2", "a a3", "b b1", "b b2", "c c1"), "xyz"
ROWS = st.dictionaries(
    st.tuples(st.sampled_from(AREAS), st.sampled_from(KINDS)).map(lambda each: (*each[0].split(), each[1])),
    st.one_of(st.integers(1, 12), st.integers(1, 40)), min_size=1, max_size=18,
)  # fmt: skip
BY = (("district",), ("street",), ("kind",), ("district", "street"), ("district", "kind"), ("street", "kind"),
      ("district", "street", "kind"))  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(ROWS, st.lists(st.sampled_from(BY), min_size=1, max_size=4, unique=True), st.booleans())
def test_what_is_hidden_comes_to_as_many_in_the_whole_table_and_in_each_told_cell(
    counts: dict[Key, int], by: list[tuple[str, ...]], are_rows_known: bool
) -> None:
    finest = Table(("district", "street", "kind"), counts)
    tables = [_by(finest, each) for each in by]
    told = suppress(tables, 10, finest if are_rows_known else None)
    for coarse, mine in zip([_by(finest, ()), *tables], [{(): sum(counts.values())}, *told], strict=True):
        unknown = {key for key, number in mine.items() if number is None}
        for finer, theirs in zip(tables, told, strict=True):
            if are_rows_known or set(coarse.by) <= set(finer.by):
                for inside in ({key} for key in mine if key not in unknown):
                    assert_many(coarse, finer, theirs, finest, inside)
                assert_many(coarse, finer, theirs, finest, unknown)


def assert_many(coarse: Table, finer: Table, told: Told, finest: Table, inside: set[Key]) -> None:
    """Hold what is hidden of a table in some cells of another, of which the sum is known, against the least."""
    pairs = [(finest.words(key, coarse.by) in inside, finest.words(key, finer.by)) for key in finest.counts]
    found = {key for is_inside, key in pairs if is_inside}
    if found & {key for is_inside, key in pairs if not is_inside}:
        return  # the table is not told so that these cells are sums of its own
    hidden = [finer.counts[key] for key in found if told[key] is None]
    assert sum(hidden) >= 10 or not hidden or len(hidden) == len(told), (finer.by, coarse.by, inside)


def test_a_count_by_which_two_pairs_hang_together_does_not_follow_from_their_lines() -> None:
    """Every line has two that are taken out or none, and still one of them follows: two squares and a bridge."""
    counts: dict[Key, int] = {(a, b): 100 for a in "pqrs" for b in "wxyz"}
    for cell in ("pw", "px", "qw", "qx", "qy", "ry", "rz", "sy", "sz"):
        counts[tuple(cell)] = 5
    table = Table(("area", "kind"), counts)
    margins = [Table((name,), _margin(table, name)) for name in table.by]
    (by_lines, *_), (audited, *_) = suppress([table, *margins], 10), suppress([table, *margins], 10, table)
    told = [by_lines, *(dict(each.counts) for each in margins)]
    assert ("q", "y") in given_away([table, *margins], told, table)[0]
    assert {key for key, number in audited.items() if number is None} > {k for k, n in by_lines.items() if n is None}


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.tuples(*(st.sampled_from(x) for x in ("ab", "xyz", "12"))), st.integers(1, 30), max_size=10))
def test_of_several_tables_no_hidden_count_is_a_sum_or_difference_of_what_is_told(counts: dict[Key, int]) -> None:
    finest = Table(("area", "kind", "year"), counts)
    tables = [_by(finest, by) for by in (("area", "kind"), ("area", "year"), ("kind",), ("area",))]
    told = suppress(tables, 10, finest)
    for table, mine in zip(tables, told, strict=True):
        assert mine.keys() == table.counts.keys()
        assert all(n is None or (n >= 10 and n == table.counts[key]) for key, n in mine.items())
    if any(number is not None for mine in told for number in mine.values()):
        assert given_away(tables, told, finest) == [set()] * len(tables)


def _margin(table: Table, name: str) -> Counter[Key]:
    return Counter(_by(table, (name,)).counts)


def _by(table: Table, by: tuple[str, ...]) -> Table:
    counts = Counter[Key]()
    for key, number in table.counts.items():
        counts[table.words(key, by)] += number
    return Table(by, dict(counts))


def given_away(tables: list[Table], told: list[Told], finest: Table) -> list[set[Key]]:
    """Return by table the hidden cells that follow from what is told and the number of rows: by ranks, in fractions."""
    keys = list(finest.counts)

    def row(table: Table, cell: Key) -> list[Fraction]:
        return [Fraction(finest.words(key, table.by) == cell) for key in keys]

    known = [[Fraction(1)] * len(keys)]
    for table, mine in zip(tables, told, strict=True):
        known += [row(table, cell) for cell, number in mine.items() if number is not None]
    rank = _rank(known)
    return [{cell for cell, number in mine.items() if number is None and _rank([*known, row(table, cell)]) == rank}
            for table, mine in zip(tables, told, strict=True)]  # fmt: skip


def _rank(rows: list[list[Fraction]]) -> int:
    rest, rank = [list(each) for each in rows], 0
    for column in range(len(rest[0])):
        pivot = next((each for each in range(rank, len(rest)) if rest[each][column]), None)
        if pivot is None:
            continue
        rest[rank], rest[pivot] = rest[pivot], rest[rank]
        for below in range(rank + 1, len(rest)):
            factor = rest[below][column] / rest[rank][column]
            rest[below] = [a - factor * b for a, b in zip(rest[below], rest[rank], strict=True)]
        rank += 1
    return rank


@given(st.dictionaries(KEYS, st.integers(1, 40), max_size=9))
def test_no_count_is_small_and_none_is_alone_in_its_line(counts: dict[Key, int]) -> None:
    told = one(counts)
    for place, value in itertools.product((0, 1), "abcxyz"):
        line = [number for key, number in told.items() if key[place] == value]
        assert line.count(None) != 1 or len(line) == 1
