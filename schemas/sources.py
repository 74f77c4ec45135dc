"""What a resource says of the system that it is pulled from: which one, by which way, when; never with credentials."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class DatabaseSource:
    """A table, or a query, of a department's database; exactly one of the two.

    `watermark` is the column that grows with each change: only rows from the last one on are pulled, less `overlap`
    (seconds of a time, units of a number) for transactions that ended late. `key` puts the rows in order, and into
    `parallel` ranges. `is_one_view`: all ranges see the database as of one moment.
    """

    table: str | None = None
    query: str | None = None
    watermark: str | None = None
    overlap: int = 0
    key: str | None = None
    parallel: int = 1
    is_one_view: bool = True


@dataclass(frozen=True)
class Pages:
    """How a list is told page by page.

    `kind` is `number` (pages are counted from `first`, until one is empty), `cursor` (the text at `at` goes into the
    next request) or `next` (the address at `at`, or in the header Link). `parameter` names what a request says it in.
    """

    kind: str
    parameter: str = ""
    at: tuple[str, ...] = ()
    first: int = 1


@dataclass(frozen=True)
class HttpSource:
    """A list of JSON objects behind an address.

    `path` goes behind the address of the setting; `query` are parameters of every request. `records` leads to the
    list, `total` to how many there are in all. `since` is the parameter that takes the last `watermark`, less
    `overlap`.
    """

    path: str
    records: tuple[str, ...] = ()
    total: tuple[str, ...] = ()
    query: Mapping[str, str] = field(default_factory=dict)
    pages: Pages | None = None
    most_pages: int = 10_000
    timeout_seconds: int = 30
    watermark: str | None = None
    since: str | None = None
    overlap: int = 0


@dataclass(frozen=True)
class FilesSource:
    """A folder that a department's own tool writes files into, without manifests.

    `name` is the pattern of their names. A file is whole once nothing of it changed for `settled_seconds`, and, where
    `ready` is given, once a file of its name and that ending lies beside it. `period` finds in a name the days that the
    file is about (its first group); else they are the day of its last change. `is_removed`: it goes once delivered.
    """

    name: str
    settled_seconds: int = 60
    ready: str = ""
    period: str = ""
    is_removed: bool = False


@dataclass(frozen=True)
class Source:
    """The system that a resource is pulled from: `setting` names its address, ONEFILE_SOURCE_<setting>.

    `schedule` is a cron expression of five fields, or None: it is pulled when somebody asks.
    """

    setting: str
    way: DatabaseSource | HttpSource | FilesSource
    schedule: str | None = None
