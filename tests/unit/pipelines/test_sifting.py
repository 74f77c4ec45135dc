"""Rows picked out of a table's files are those that its reader gives; what cannot be read is said, and by name."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines import sifting
from pipelines.peek import TableUnreadable
from pipelines.sifting import Sieve

NAME = "silver/shop"
ROWS = 50


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    """A table of two files; the second one brought a column more."""
    for number in range(2):
        rows = {"_row_no": [*range(number * ROWS, (number + 1) * ROWS)], "code": [f"c{n % 7}" for n in range(ROWS)]}
        more = {"more": [f"m{n}" for n in range(ROWS)]} if number else {}
        write_deltalake(str(tmp_path / NAME), pa.table(rows | more), mode="append", schema_mode="merge")
    return tmp_path


@pytest.fixture
def lake(plain: Path) -> Path:
    """The same, each file of several groups of rows."""
    for place in map(Path, DeltaTable(str(plain / NAME)).file_uris()):
        pq.write_table(pq.read_table(place), place, row_group_size=8, write_page_checksum=True, compression="none")
    return plain


def coded(code: str) -> Sieve:
    return Sieve(("code",), lambda rows: pc.equal(rows["code"], code), ("_row_no", "more"))


@pytest.mark.parametrize("large", [sifting.LARGE, 0])
def test_wanted_rows_come_with_the_columns_that_are_asked_for(
    lake: Path, monkeypatch: pytest.MonkeyPatch, large: int
) -> None:
    monkeypatch.setattr(sifting, "LARGE", large)
    found = sifting.sifted(lake, NAME, coded("c3"))
    assert found is not None
    expected = [
        {"_row_no": number * ROWS + n, "more": f"m{n}" if number else None}
        for number in range(2)
        for n in range(ROWS)
        if n % 7 == 3
    ]
    assert sorted(found.to_pylist(), key=lambda row: row["_row_no"]) == expected
    every = sifting.sifted(lake, NAME, Sieve(("_row_no",), lambda rows: pc.is_valid(rows["_row_no"])))
    assert every is not None
    assert (every.column_names, len(every)) == (["_row_no", "code", "more"], 2 * ROWS)


def test_columns_that_the_table_lacks_are_null_whether_they_tell_or_are_asked_for(lake: Path) -> None:
    found = sifting.sifted(lake, NAME, Sieve(("later",), lambda rows: pc.is_null(rows["later"]), ("_row_no", "later")))
    assert found is not None
    assert (len(found), found["later"].null_count) == (2 * ROWS, 2 * ROWS)


def test_where_nothing_is_wanted_there_are_columns_and_no_row(lake: Path) -> None:
    found = sifting.sifted(lake, NAME, coded("no such"))
    assert found is not None
    assert (found.column_names, len(found)) == (["_row_no", "more"], 0)
    assert sifting.sifted(lake, "silver/none", coded("c1")) is None


def test_what_is_wrong_with_the_question_is_not_taken_for_a_damaged_file(lake: Path) -> None:
    with pytest.raises(pa.ArrowInvalid):
        sifting.sifted(lake, NAME, Sieve(("code",), lambda rows: pc.cast(rows["code"], pa.int64()), ("_row_no",)))


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_file_that_is_gone_or_altered_is_named(lake: Path, *, is_gone: bool) -> None:
    victim = Path(DeltaTable(str(lake / NAME)).file_uris()[0])
    if is_gone:
        victim.unlink()
    else:
        content = victim.read_bytes()
        victim.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    every = Sieve(("_row_no", "code"), lambda rows: pc.is_valid(rows["_row_no"]))
    with pytest.raises(TableUnreadable) as caught:
        sifting.sifted(lake, NAME, every)
    assert caught.value.file == victim.name


def test_rows_are_counted_by_the_log(lake: Path) -> None:
    assert (sifting.count(lake, NAME), sifting.count(lake, "silver/none")) == (2 * ROWS, 0)


def test_what_came_between_two_versions_is_told_while_it_is_to_be_had(plain: Path) -> None:
    def came(after: int, upto: int) -> list[str] | None:
        found = sifting.added(plain, NAME, ("code",), (after, upto))
        return None if found is None else found["code"].to_pylist()

    assert came(1, 1) == []
    assert came(0, 1) == [f"c{n % 7}" for n in range(ROWS)]
    assert len(came(-1, 1) or ()) == 2 * ROWS
    DeltaTable(str(plain / NAME)).optimize.compact()
    assert came(0, 2) == came(0, 1)  # which changes no row
    DeltaTable(str(plain / NAME)).delete("code = 'c1'")
    assert came(0, 3) is None
    (plain / NAME / "_delta_log" / f"{1:020}.json").unlink()
    assert came(0, 1) is None
