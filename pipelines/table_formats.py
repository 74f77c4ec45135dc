"""Which format the lake's tables were written in, read from their logs without Spark."""

from __future__ import annotations

from deltalake.exceptions import DeltaError

from pipelines import names
from pipelines.peek import TableUnreadable
from pipelines.places import Place, Where, at
from pipelines.table_design import ROW_TRACKING

FORMAT = "onefile.format"


def of(lake: Where) -> dict[str, str]:
    """Return the format of each table by its name; `none` for one that does not say.

    Raises:
        TableUnreadable: a table's log is damaged.
    """
    place = at(lake)
    return {table: _properties(place, table).get(FORMAT, "none") for table in place.tables()}


def tracks_rows(lake: Where) -> bool:
    """Say whether the table of releases tracks its rows, or is not there: those of early development did not."""
    place = at(lake)
    return not place.holds(names.RELEASE) or ROW_TRACKING.items() <= _properties(place, names.RELEASE).items()


def _properties(place: Place, table: str) -> dict[str, str]:
    try:
        return {key: str(value) for key, value in place.opened(table).metadata().configuration.items()}
    except (DeltaError, OSError) as error:
        raise TableUnreadable(table, type(error).__name__) from None
