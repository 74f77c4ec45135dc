"""A projected table as its Delta log has it: versions, files of a version, files of what changed between versions.

Snapshots are read by `deltalake`. What changed stands in the commits themselves, a line of JSON an action.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deltalake import DeltaTable
from deltalake.exceptions import DeltaError, TableNotFoundError

from exchange.errors import RowsNotSupplied
from exchange.sharing.errors import VersionNotKept

ADDED, REMOVED, CHANGED = "add", "remove", "cdf"
_ACTIONS = {"add": ADDED, "remove": REMOVED, "cdc": CHANGED}


@dataclass(frozen=True)
class DataFile:
    """A file of a table: its place below the table's folder, bytes, rows; `kind` and `version` where it is a change."""

    path: str
    size: int
    rows: int
    kind: str = ADDED
    version: int = 0
    at_ms: int = 0


@dataclass(frozen=True)
class Snapshot:
    """A table at a version. `schema` is Delta's JSON text of its columns."""

    table_id: str
    version: int
    schema: str
    configuration: dict[str, str]
    files: tuple[DataFile, ...] = field(repr=False)


class Projected:
    """The table in a folder.

    Raises:
        RowsNotSupplied: there is none yet, or its log cannot be read.
        VersionNotKept: a version is asked for that never was, or whose files are gone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def newest(self) -> int:
        """Return the newest version."""
        return int(self._open(None).version())

    def version_at(self, at: datetime, *, is_start: bool = False) -> int:
        """Return the version that the table had at an instant; with `is_start` the first that began then or later."""
        times = {version: self._committed_at(version) for version in self._versions()}
        asked = int(at.astimezone(UTC).timestamp() * 1000)
        found = [v for v, ms in times.items() if (ms >= asked if is_start else ms <= asked)]
        if not found:
            raise VersionNotKept
        return min(found) if is_start else max(found)

    def snapshot(self, version: int | None = None) -> Snapshot:
        """Return the table at a version, or as it is."""
        table = self._open(version)
        actions = table.get_add_actions(flatten=True)
        columns = [_values(actions[name]) for name in ("path", "size_bytes", "num_records")]
        files = tuple(DataFile(path, size, rows) for path, size, rows in sorted(zip(*columns, strict=True)))
        self._require_there(files)
        metadata = table.metadata()
        told = {name: str(value) for name, value in metadata.configuration.items() if name in _TOLD}
        return Snapshot(str(metadata.id), int(table.version()), table.schema().to_json(), told, files)

    def changes(self, first: int, last: int) -> list[DataFile]:
        """Return the files that tell what changed, from the first version to the last, both included."""
        if not 0 <= first <= last:
            raise VersionNotKept
        found = [each for version in range(first, last + 1) for each in self._changed(version)]
        self._require_there(found)
        return found

    def _open(self, version: int | None) -> DeltaTable:
        if not (self._folder / "_delta_log").is_dir():
            raise RowsNotSupplied
        try:
            return DeltaTable(str(self._folder), version=version)
        except TableNotFoundError:
            raise RowsNotSupplied from None
        except (DeltaError, OSError):
            if version is not None:
                raise VersionNotKept from None
            raise RowsNotSupplied from None

    def _require_there(self, files: Sequence[DataFile]) -> None:
        if not all((self._folder / each.path).is_file() for each in files):
            raise VersionNotKept

    def _versions(self) -> list[int]:
        found = sorted(int(each.stem) for each in (self._folder / "_delta_log").glob("*.json") if each.stem.isdigit())
        if not found:
            raise RowsNotSupplied
        return found

    def _changed(self, version: int) -> list[DataFile]:
        """Return what changed with a version: its change files where it has some, else the files that came and went."""
        at_ms = self._committed_at(version)
        actions = [(name, line[name]) for line in self._commit(version) for name in _ACTIONS if name in line]
        feed = [each for each in actions if each[0] == "cdc"]
        told = feed or [each for each in actions if each[1].get("dataChange")]
        return [DataFile(body["path"], int(body.get("size") or 0), 0, _ACTIONS[name], version, at_ms)
                for name, body in told]  # fmt: skip

    def _committed_at(self, version: int) -> int:
        told = (line["commitInfo"] for line in self._commit(version) if "commitInfo" in line)
        return next((int(each.get("inCommitTimestamp") or each["timestamp"]) for each in told), 0)

    def _commit(self, version: int) -> Iterator[dict[str, Any]]:
        try:
            text = (self._folder / "_delta_log" / f"{version:020d}.json").read_text(encoding="utf-8")
        except OSError:
            raise VersionNotKept from None
        return (json.loads(line) for line in text.splitlines())


_TOLD = ("delta.enableChangeDataFeed",)
"""Properties of a table that a recipient is told."""


def _values(column: Any) -> list[Any]:
    """Return the values of a column; its type's own description says that it cannot be gone through, and it can."""
    return [each.as_py() for each in column]
