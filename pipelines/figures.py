"""What Delta's log may keep of a data file: how many rows, and of columns the least and the greatest value."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc


class Figures:
    """The least and the greatest value, and the empty ones, of columns that Delta's log may keep."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = names
        self._rows = 0
        self._empty = dict.fromkeys(names, 0)
        self._ends: dict[str, tuple[Any, Any]] = {}

    def look_at(self, rows: pa.Table) -> None:
        self._rows += rows.num_rows
        for name in (n for n in self._names if n in rows.column_names):
            self._empty[name] += rows[name].null_count
            ends = pc.min_max(rows[name])
            least, most = ends["min"].as_py(), ends["max"].as_py()
            if least is not None:
                known = self._ends.get(name, (least, most))
                self._ends[name] = (min(known[0], least), max(known[1], most))

    def told(self, *, is_tight: bool) -> str:
        """Return the figures as the log has them.

        Args:
            is_tight: say that they are of the very rows of the file, as a table asks that may strike rows out.
        """
        found: dict[str, Any] = {"numRecords": self._rows}
        found["minValues"] = {name: _figure(least, timedelta(0)) for name, (least, _) in self._ends.items()}
        found["maxValues"] = {name: _figure(most, timedelta(milliseconds=1)) for name, (_, most) in self._ends.items()}
        found["nullCount"] = self._empty
        if is_tight:
            found["tightBounds"] = True
        return json.dumps(found, ensure_ascii=False)


def _figure(value: Any, more: timedelta) -> Any:
    """Return a value as Delta's log has it: instants by the millisecond, and not below what they stand for."""
    if isinstance(value, datetime):
        at = (value + more).astimezone(UTC)
        return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
    return value.isoformat() if isinstance(value, date) else value


def widened(told: str, rows: int) -> str:
    """Return a file's figures once rows of it are struck out: they hold still, and are no more of all that is left.

    Args:
        rows: how many rows lie in the file, struck out or not.
    """
    return json.dumps(json.loads(told) | {"numRecords": rows, "tightBounds": False}, ensure_ascii=False)


def ends(told: str, name: str) -> tuple[str, str] | None:
    """Return the bounds of a column of texts in a file; None where the log does not keep them."""
    found = json.loads(told)
    least, most = (found.get(end, {}).get(name) for end in ("minValues", "maxValues"))
    return (least, most) if isinstance(least, str) and isinstance(most, str) else None
