"""Which format the lake's tables were written in, read from their logs without Spark."""

from __future__ import annotations

from pathlib import Path

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError

from pipelines import names
from pipelines.peek import TableUnreadable
from pipelines.table_design import ROW_TRACKING

FORMAT = "onefile.format"


def of(lake: Path) -> dict[str, str]:
    """Return the format of each table by its name; `none` for one that does not say.

    Raises:
        TableUnreadable: a table's log is damaged.
    """
    logs = sorted(lake.glob("*/*/_delta_log"))
    return {str(log.parent.relative_to(lake)): _properties(lake, log.parent).get(FORMAT, "none") for log in logs}


def tracks_rows(lake: Path) -> bool:
    """Say whether the table of releases tracks its rows, or is not there: those of early development did not."""
    table = lake / names.RELEASE
    return not (table / "_delta_log").is_dir() or ROW_TRACKING.items() <= _properties(lake, table).items()


def _properties(lake: Path, table: Path) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in DeltaTable(str(table)).metadata().configuration.items()}
    except (DeltaError, OSError) as error:
        raise TableUnreadable(str(table.relative_to(lake)), type(error).__name__) from None
