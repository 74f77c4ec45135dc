"""Small look-ups in the lake without Spark, so that a verb that only shows something starts at once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.fs as fs
from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from pipelines import commit_check
from pipelines.errors import PipelineError

VERIFIED = ds.ParquetFragmentScanOptions(page_checksum_verification=True)
"""Spark writes a checksum with each page; Arrow looks at it only when told to."""


class TableUnreadable(PipelineError):
    """A table of the lake is there and cannot be read."""

    def __init__(self, name: str, condition: str) -> None:
        super().__init__(f"table {name} of the lake cannot be read ({condition}): restore it from a backup")


def rows(lake: Path, name: str, columns: Sequence[str], where: ds.Expression | None = None) -> pa.Table | None:
    """Return columns of a table, filtered; None when the table was never written to.

    Raises:
        TableUnreadable, LakeDamaged: its log or a file of it is damaged or gone.
    """
    path = lake / name
    if not (path / "_delta_log").is_dir():
        return None
    commit_check.check(str(lake), name)
    try:
        # Arrow's own file system: its threads may outlive the interpreter, and then must not call into it.
        files = fs.SubTreeFileSystem(str(path), fs.LocalFileSystem())
        return (
            DeltaTable(str(path))
            .to_pyarrow_dataset(filesystem=files)
            .to_table(columns=list(columns), filter=where, fragment_scan_options=VERIFIED)
        )
    except TableNotFoundError:
        return None
    except (DeltaError, OSError, pa.ArrowException) as error:
        raise TableUnreadable(name, type(error).__name__) from None
