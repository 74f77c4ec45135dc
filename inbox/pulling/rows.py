"""Rows that were pulled, written as the JSON Lines that the door reads: a row's own bytes are its canonical JSON."""

from __future__ import annotations

import os
from collections.abc import Mapping, Set
from pathlib import Path
from types import TracebackType

from inbox.errors import FileBroken
from inbox.json_lines import PROBLEMS
from inbox.making import create
from inbox.pulling.marks import mark_of
from inbox.row_json import row_json


class Rows:
    """A file of rows that is being written. Rows in `known` are left out; `seen` gathers those at the edge."""

    def __init__(self, path: Path, known: Set[str] = frozenset()) -> None:
        self.path = path
        self.written = 0
        self.seen: set[str] = set()
        self._known = known
        self._file = create(path)

    def add(self, values: Mapping[str, str | None], *, is_edge: bool = False) -> None:
        """Write a row: texts by header, None where there is nothing; FileBroken where a text is none."""
        try:
            line = row_json(values)
        except UnicodeEncodeError:
            problem, problem_zh = PROBLEMS["surrogate"]
            raise FileBroken("json", self.written + 1, problem=problem, problem_zh=problem_zh) from None
        if is_edge or self._known:
            mark = mark_of(line)
            if is_edge:
                self.seen.add(mark)
            if mark in self._known:
                return
        self._file.write(line + b"\n")
        self.written += 1

    def __enter__(self) -> Rows:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if kind is None:
                self._file.flush()
                os.fsync(self._file.fileno())
