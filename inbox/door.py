"""The one door: what waits in the inbox is judged, moved and noted, once.

A delivery begins when `manifest.json` stands in `inbox/<department>/<id>/`. For each, in this
order: it is judged where it lies; the note is written beside its future place, as
`deliveries/<department>/.<name>.received.json`; the folder is renamed to that place; the note is renamed
into it. Stopped anywhere and started again, the outcome is the same: before the folder moved
nothing has happened, and after it the note is there to finish with.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from inbox.checks import Rules, Verdict, examine
from inbox.deliveries import FOLDER, Received, notes, parse_received, read_received, write_received
from inbox.errors import InboxError, Refused
from inbox.manifest import MAX_BYTES, Manifest, read_manifest
from inbox.names import MANIFEST, RECEIVED, TAKEN_AWAY, is_id
from inbox.plain_files import fingerprint, open_plain
from inbox.refusals import Refusal
from onefile.files import fsync_folder, lock, make_folder, write_whole
from schemas.model import Resource

INBOX = "inbox"
_NOTE_SUFFIX = f".{RECEIVED}"


@dataclass(frozen=True, slots=True)
class Arrival:
    """What became of something in the inbox.

    taken: it is in `deliveries/` and counts. refused: it is kept there too, and gives no rows.
    repeated: the same was received before; it was removed, and the first is as it was. left: the
    door could not deal with it; it lies where it lay and is looked at again next time.

    `department` and `delivery` are None where they may not be shown. `note` is None where nothing
    was noted, which is so for left only.
    """

    status: Literal["taken", "refused", "repeated", "left"]
    department: str | None
    delivery: str | None
    manifest: Manifest | None
    note: Received | None
    refusal: Refusal | None

    @property
    def is_refused(self) -> bool:
        """True when the delivery was refused now: it is owed an answer."""
        return self.status == "refused"


@dataclass(frozen=True, slots=True)
class Waiting:
    """A folder in the inbox; `is_complete` says that its manifest is there, so that the next `receive` judges it."""

    department: str
    name: str
    is_complete: bool


def receive(
    home: Path,
    resources: Mapping[str, Resource],
    at: datetime,
    timezone: ZoneInfo,
    *,
    wait: bool = False,
    rejected: Callable[[str], Collection[tuple[str, int]]] = lambda _: (),
    on_look: Callable[[str], None] = lambda _: None,
    checkpoint: Callable[[str], None] = lambda _: None,
) -> list[Arrival]:
    """Take in everything that waits, in order of the period's last day, then of the id.

    Args:
        resources: all that is declared, by id.
        at: the instant of receipt; it is noted once and never changed.
        timezone: of the legal day of receipt.
        wait: for another run that holds the door.
        rejected: gives the (delivery, row) of each row of a resource that was ever rejected; asked for corrections.
        on_look: called with `<department>/<id>` before a delivery is judged, for progress.
        checkpoint: called between the steps with the name of the one just done, for tests.

    Raises:
        Busy: another run holds the door, and `wait` is false.
    """
    with lock(home / "locks" / "inbox.lock", wait):
        door = _Door(Rules(home, resources, at, timezone, rejected), checkpoint)
        arrivals: list[Arrival] = door.recover()
        places = list(_places(home / INBOX, frozenset(r.department for r in resources.values()), arrivals))
        for place in sorted(places, key=_turn):
            on_look(f"{place.parent.name}/{place.name if is_id(place.name) else '?'}")
            arrivals.append(door.take(place))
        return arrivals


def waiting(home: Path) -> list[Waiting]:
    """Return what lies in the inbox, by department and name. Names of ours only; nothing is opened."""
    found = []
    for department in _entries(home / INBOX):
        if department.is_dir() and not department.is_symlink():
            found += [
                Waiting(department.name, place.name, _is_complete(place))
                for place in _entries(department)
                if is_id(place.name) and (place.is_dir() or place.is_symlink())
            ]
    return found


class _Door:
    """The moves, made under the lock."""

    def __init__(self, rules: Rules, checkpoint: Callable[[str], None]) -> None:
        self._rules = rules
        self._checkpoint = checkpoint
        self._deliveries = rules.home / FOLDER
        self._bin = rules.home / "staging" / INBOX
        self._counter = self._deliveries / ".seq"

    def recover(self) -> list[Arrival]:
        """Finish what a stopped run began; return what could not be finished."""
        shutil.rmtree(self._bin, ignore_errors=True)
        left = []
        for journal in sorted(self._deliveries.glob(f"*/.*{_NOTE_SUFFIX}")):
            note = parse_received(journal.read_bytes(), f"{FOLDER}/{journal.parent.name}/{journal.name}")
            folder = journal.parent / note.name
            if not folder.is_dir():
                self._take_back(journal, note)
                continue
            try:
                self._settle(journal, folder, note)
            except OSError as error:
                left.append(Arrival("left", note.department, note.delivery, None, note, _unreadable(error)))
        return left

    def take(self, place: Path) -> Arrival:
        """Judge and move one delivery. What cannot be read or moved is left, and reported."""
        department = place.parent.name
        delivery = place.name if is_id(place.name) else None
        try:
            verdict = examine(place, department, self._rules)
            if verdict.repeats is not None:
                return self._repeated(place, verdict.manifest, read_received(verdict.repeats.folder))
            name = delivery if verdict.refusal is None and delivery else _refused_name(delivery, place)
            first = read_received(self._deliveries / department / name)
            if first is not None:
                return self._repeated(place, verdict.manifest, first)
            note = self._move(place, name, delivery, verdict)
        except (OSError, InboxError) as error:
            return Arrival("left", department, delivery, None, None, _unreadable(error))
        return Arrival(note.status, department, delivery, verdict.manifest, note, note.refusal)

    def _move(self, place: Path, name: str, delivery: str | None, verdict: Verdict) -> Received:
        note = Received(
            name=name,
            delivery=delivery,
            department=place.parent.name,
            seq=self._last_seq() + 1,
            received_at=self._rules.at,
            status="taken" if verdict.refusal is None else "refused",
            signed_by=verdict.signed_by,
            refusal=verdict.refusal,
        )
        folder = self._deliveries / note.department / name
        journal = folder.with_name(f".{name}{_NOTE_SUFFIX}")
        write_whole(journal, write_received(note))
        self._checkpoint("noted")
        write_whole(self._counter, b"%d\n" % note.seq)
        self._checkpoint("counted")
        try:
            _bring(place, folder)
        except OSError:
            self._take_back(journal, note)
            raise
        self._checkpoint("moved")
        self._settle(journal, folder, note)
        return note

    def _take_back(self, journal: Path, note: Received) -> None:
        """Forget a note whose delivery still lies in the inbox."""
        write_whole(self._counter, b"%d\n" % (note.seq - 1))
        journal.unlink()

    def _settle(self, journal: Path, folder: Path, note: Received) -> None:
        if note.status == "refused":
            _make_harmless(folder)
            self._checkpoint("made harmless")
        fsync_folder(folder)
        journal.replace(folder / RECEIVED)
        fsync_folder(folder)
        fsync_folder(folder.parent)
        self._checkpoint("settled")

    def _repeated(self, place: Path, manifest: Manifest | None, first: Received | None) -> Arrival:
        """Remove what was received before; by way of a bin, so that a part of it never lies in the inbox."""
        make_folder(self._bin)
        if place.is_symlink():
            place.unlink()
        else:
            place.rename(self._bin / "removed")
        self._checkpoint("put into the bin")
        shutil.rmtree(self._bin)
        self._checkpoint("removed")
        refusal = None if first is None else first.refusal
        delivery = place.name if is_id(place.name) else None
        return Arrival("repeated", place.parent.name, delivery, manifest, first, refusal)

    def _last_seq(self) -> int:
        """Return the number of the delivery received last, 0 before the first."""
        try:
            return int(self._counter.read_text())
        except (FileNotFoundError, ValueError):
            return max((note.seq for _, note in notes(self._rules.home)), default=0)


def _places(inbox: Path, departments: frozenset[str], left: list[Arrival]) -> Iterator[Path]:
    """Yield the deliveries that have begun; add to `left` the folders in which none can."""
    for folder in _entries(inbox):
        shown = folder.name if is_id(folder.name) else None
        if folder.is_symlink():
            left.append(Arrival("left", shown, None, None, None, Refusal("symbolic_link", {"count": 1})))
        elif not folder.is_dir():
            continue
        else:
            try:
                begun = [place for place in _entries(folder) if place.is_symlink() or _is_complete(place)]
            except OSError as error:
                left.append(Arrival("left", shown, None, None, None, _unreadable(error)))
                continue
            if folder.name in departments:
                yield from begun
            elif begun:
                left.append(Arrival("left", shown, None, None, None, Refusal("unknown_department")))


def _entries(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted; names that begin with a dot are somebody's unfinished work."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _is_complete(place: Path) -> bool:
    """Say whether a delivery has begun: its manifest is there, whatever it is; or nobody may look."""
    try:
        (place / MANIFEST).lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:  # judged, and reported as unreadable
        return True
    return True


def _turn(place: Path) -> tuple[date, str, str]:
    """Return what deliveries are sorted by; one whose manifest cannot be read comes last."""
    try:
        with open_plain(place / MANIFEST) as file:
            last_day = read_manifest(file.read(MAX_BYTES + 1)).last_day
    except (OSError, Refused):
        last_day = date.max
    return last_day, place.name, place.parent.name


def _refused_name(delivery: str | None, place: Path) -> str:
    """Return the name that a refused delivery is kept under: no other content has it."""
    mark = fingerprint(place)
    return f"refused-{mark[:16]}" if delivery is None else f"{delivery}.refused-{mark[:8]}"


def _bring(place: Path, folder: Path) -> None:
    """Move a delivery's folder to its place; of a link only the fact that there was one is kept."""
    if place.is_symlink():
        make_folder(folder)
        place.unlink()
    else:
        place.rename(folder)
    fsync_folder(place.parent)


def _make_harmless(folder: Path) -> None:
    """Take out of a refused delivery what has no bytes of its own, and move aside what stands in our notes' way.

    Links, pipes, sockets and devices are removed, never followed or opened: a backup that
    follows them must not be led out of the house. Done again, it changes nothing.
    """
    for parent, folders, names in os.walk(folder):
        for name in (*folders, *names):
            path = Path(parent, name)
            if path.is_symlink() or not (path.is_file() or path.is_dir()):
                path.unlink()
    for planted in (folder / RECEIVED, folder / TAKEN_AWAY):
        if planted.exists():
            planted.rename(folder / f"{planted.name}.{fingerprint(planted)[:8]}")


def _unreadable(error: Exception) -> Refusal:
    code = error.errno if isinstance(error, OSError) else None
    return Refusal("unreadable", {"error": errno.errorcode.get(code or 0, type(error).__name__)})
