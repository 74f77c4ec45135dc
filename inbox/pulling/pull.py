"""What a resource's source holds becomes a delivery in the inbox, whole or not at all, once."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from inbox.errors import Refused
from inbox.making import make
from inbox.plain_files import sha256_of
from inbox.pulling import databases, folders, services
from inbox.pulling.addresses import address
from inbox.pulling.databases import Got
from inbox.pulling.drivers import Zone
from inbox.pulling.errors import NoSource, SourceFailed, SourceOdd
from inbox.pulling.folders import Dropped
from inbox.pulling.marks import Mark, mark_of, read_mark, write_mark
from onefile.errors import Busy
from onefile.files import lock
from schemas.model import Resource
from schemas.sources import DatabaseSource, FilesSource, HttpSource

State = Literal["new", "waiting", "taken", "nothing"]


@dataclass(frozen=True, slots=True)
class Pulled:
    """What became of a pull: a delivery as `making.Made` says, or `nothing` new. `rows` are those in it."""

    resource: str
    state: State
    delivery: str | None
    rows: int


@dataclass(frozen=True)
class Puller:
    """Where deliveries go, and what was told from outside: addresses by name, the present instant, the legal zone.

    `clock` gives the machine's own instant, which files' times are held against; `wait` sleeps some seconds, before
    something is tried again.
    """

    home: Path
    sources: Mapping[str, str]
    at: datetime
    timezone: ZoneInfo
    clock: Callable[[], datetime]
    wait: Callable[[float], None] = time.sleep

    def pull(self, resource: Resource, *, is_full: bool = False) -> list[Pulled]:
        """Pull what a resource's source has into the inbox.

        Killed anywhere and run again, the outcome is the same: how far it came is noted after the delivery is whole,
        and rows that come twice are duplicates.

        Args:
            is_full: all of it, whatever was pulled before.

        Raises:
            NoSource: it has none.
            Busy: another process pulls it.
            Refused: what came cannot be delivered.
            SourceUnusable, SourceFailed, SourceOdd: nothing came.
        """
        if resource.source is None:
            raise NoSource(resource.id)
        self._clear()
        scratch = self.home / "staging" / "pulls" / resource.id
        with lock(self.home / "locks" / f"pull-{resource.id}.lock", wait=False):
            try:
                if isinstance(resource.source.way, FilesSource):
                    return self._files(resource, resource.source.setting, resource.source.way, scratch)
                return [self._rows(resource, scratch, is_full=is_full)]
            finally:
                shutil.rmtree(scratch, ignore_errors=True)

    def _clear(self) -> None:
        """Remove rows that pulls left which were killed, of resources that nobody pulls any more too."""
        for left in (self.home / "staging" / "pulls").glob("*"):
            with suppress(Busy), lock(self.home / "locks" / f"pull-{left.name}.lock", wait=False):
                shutil.rmtree(left, ignore_errors=True)

    def _rows(self, resource: Resource, scratch: Path, *, is_full: bool) -> Pulled:
        of, before = self._digest(resource), read_mark(self.home, resource.id)
        mark = before if before is not None and before.of == of and not is_full else None
        got = self._got(resource, scratch, mark)
        is_nothing = got.rows == 0 and mark is not None
        if is_nothing:
            done = Pulled(resource.id, "nothing", None, 0)
        else:
            period = self.at.astimezone(self.timezone).date().isoformat()
            made = make(self.home, resource, got.files, period=period)
            done = Pulled(resource.id, made.state, made.manifest.id, made.manifest.rows)
        if got.watermark is not None:
            write_mark(self.home, resource.id, Mark(of, got.watermark, got.seen))
        return done

    def _files(self, resource: Resource, setting: str, way: FilesSource, scratch: Path) -> list[Pulled]:
        """Make a delivery of each file that is whole and was not delivered before; each is noted before the next.

        What cannot be delivered holds up nothing else, and is told at the end.
        """
        folder = folders.folder_of(address(self.sources, setting))
        files, told = folders.whole(folder, way, self.clock(), setting)
        before = read_mark(self.home, resource.id)
        seen = set(before.seen) if before is not None else set()
        done, odd = [], [told] if told else []
        for file in files:
            try:
                done += self._file(resource, setting, way, file, scratch, seen)
            except SourceOdd as error:
                odd.append(error.found)
            except (SourceFailed, Refused):
                odd.append("a file that cannot be read or removed")
        if odd:
            wanted = "plain files that we may read, with a name that has no identity number and tells what it should"
            raise SourceOdd(setting, "; ".join(dict.fromkeys(odd)), wanted, is_all=False)
        return done or [Pulled(resource.id, "nothing", None, 0)]

    def _file(
        self, resource: Resource, setting: str, way: FilesSource, file: Dropped, scratch: Path, seen: set[str]
    ) -> list[Pulled]:
        done: list[Pulled] = []
        known = folders.mark(file)
        copy = None if known in seen else folders.take(file, scratch, setting)
        if copy is not None:
            with copy.open("rb") as content:
                digest = mark_of(f"{file.name} {sha256_of(content)}".encode())
            if digest not in seen:
                day = file.changed_at.astimezone(self.timezone).date().isoformat()
                period = folders.period_of(file, way, day, setting)
                made = make(self.home, resource, [copy], period=period, is_judged=False)
                done = [Pulled(resource.id, made.state, made.manifest.id, made.manifest.rows)]
            seen |= {known, digest}
            write_mark(self.home, resource.id, Mark(self._digest(resource), "", seen))
        if way.is_removed and known in seen:
            folders.remove(file, way, known, setting)
        return done

    def _got(self, resource: Resource, scratch: Path, mark: Mark | None) -> Got:
        source = resource.source
        if source is None:
            raise NoSource(resource.id)
        there, today = address(self.sources, source.setting), self.clock().astimezone(self.timezone).date()
        if isinstance(source.way, DatabaseSource):
            zone = Zone.at(self.at, self.timezone)
            return databases.pull(resource, source.way, there, scratch, mark, zone, today, self.wait)
        if isinstance(source.way, HttpSource):
            return services.pull(resource, source.way, there, scratch, mark, today, self.wait)
        raise ValueError(f"a source of {type(source.way).__name__} has no reader")

    def _digest(self, resource: Resource) -> str:
        """Return what tells whether a mark still holds: which system is asked, for what, and which columns."""
        if resource.source is None:
            raise NoSource(resource.id)
        setting = resource.source.setting
        told = setting, address(self.sources, setting).place, resource.source.way, resource.headers
        return hashlib.sha256(repr(told).encode()).hexdigest()[:16]
