"""Small look-ups in the lake: the same rows as Delta's own reader gives, without what costs time to load."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake

from pipelines import peek

NAME = "quarantine/a"
AT = datetime(2026, 11, 1, 0, 0, 0, 123456, tzinfo=UTC)


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A table of three commits; the last one brought a column more."""
    row = pa.map_(pa.string(), pa.string())
    problems = pa.list_(pa.struct({"column": pa.string(), "reason": pa.string()}))
    schema = pa.schema({"_row_no": pa.int64(), "at": pa.timestamp("us", "UTC"), "problems": problems, "row": row})
    for number in (1, 2):
        rows = [{"_row_no": number, "at": AT, "problems": [{"column": "c", "reason": "r"}], "row": [("h", None)]}]
        write_deltalake(str(tmp_path / NAME), pa.Table.from_pylist(rows, schema=schema), mode="append")
    wider = schema.append(pa.field("more", pa.string()))
    rows = [{"_row_no": 3, "at": None, "problems": [], "row": [], "more": "m"}]
    write_deltalake(str(tmp_path / NAME), pa.Table.from_pylist(rows, schema=wider), mode="append", schema_mode="merge")
    return tmp_path


def test_all_rows_are_those_that_delta_s_own_reader_gives(lake: Path) -> None:
    columns = ["more", "_row_no", "at", "problems", "row"]
    found = peek.rows(lake, NAME, columns)
    known = DeltaTable(str(lake / NAME)).to_pyarrow_dataset().to_table(columns=columns)
    assert found is not None
    assert found.schema.types == known.schema.types
    assert sorted(found.to_pylist(), key=repr) == sorted(known.to_pylist(), key=repr)
    assert sorted(peek.dicts(found), key=repr) == sorted(known.to_pylist(), key=repr)


def test_a_filter_passes_over_the_others(lake: Path) -> None:
    found = peek.rows(lake, NAME, ["more"], ds.field("_row_no") == 3)
    assert found is not None
    assert found.to_pylist() == [{"more": "m"}]
    assert peek.rows(lake, "quarantine/b", ["more"]) is None


def test_a_page_that_somebody_altered_is_an_error_and_no_other_value(lake: Path) -> None:
    table = DeltaTable(str(lake / NAME))
    victim = Path(table.file_uris()[0])
    pq.write_table(pq.read_table(victim), victim, write_page_checksum=True, compression="none")
    content = victim.read_bytes()
    victim.write_bytes(content[:40] + bytes([content[40] ^ 1]) + content[41:])
    with pytest.raises(peek.TableUnreadable):
        peek.rows(lake, NAME, ["_row_no", "at", "problems", "row"])


def test_looking_loads_no_pandas(lake: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from pipelines import peek; "
        f"found = peek.rows(Path({str(lake)!r}), {NAME!r}, ['_row_no', 'at', 'problems', 'row']); "
        "assert len(peek.dicts(found)) == 3; sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
