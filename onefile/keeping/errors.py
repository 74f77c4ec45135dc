"""What can go wrong with backups, restores and upgrades. Messages name places and formats, never content."""

from __future__ import annotations

from onefile.errors import OneFileError


class KeepingError(OneFileError):
    """The root of this package's errors."""


class PlaceTaken(KeepingError):
    """A folder that must be empty holds something."""

    def __init__(self, what: str, place: str) -> None:
        super().__init__(f"{what} {place} is not empty: name another, or move away what is there")


class DatabaseTaken(KeepingError):
    """The database to restore or move into holds something already."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the {place} is not empty: name a new one, so that nothing is overwritten")


class SameDatabase(KeepingError):
    """A database was to be moved onto itself."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"the {place} is the one to move from and to: name the new one in ONEFILE_DATABASE_URL, "
            "the old one in --from"
        )


class NothingToMove(KeepingError):
    """The database to move from has no tables of this release."""

    def __init__(self, place: str, shape: str | None) -> None:
        older = "is of an earlier release: `onefile upgrade` first, with it"
        what = "has no tables: name another" if shape is None else older
        super().__init__(f"the {place} {what}; nothing was moved")


class BackupDamaged(KeepingError):
    """A backup is not what was written: incomplete, cut off or altered."""

    def __init__(self, place: str, found: str) -> None:
        super().__init__(f"the backup is damaged: {place} {found}; nothing was restored: take another backup")


class NoRoom(KeepingError):
    """The disk has not enough room; looked at beforehand, or found out by a failed write."""

    def __init__(self, place: str, wanted: int, free: int) -> None:
        mib = 2**20
        super().__init__(
            f"{place} has {free // mib} MiB free, {-(-wanted // mib)} MiB are wanted: make room, or name another place"
        )


class ProgramMissing(KeepingError):
    """A program of PostgreSQL is not installed here."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"{program} is not installed here: install PostgreSQL's client (Debian: postgresql-client), "
            "at least as new as the server"
        )


class ProgramFailed(KeepingError):
    """A program of PostgreSQL ended with an error; what it said may quote rows and is not shown."""

    def __init__(self, program: str, code: int) -> None:
        super().__init__(
            f"{program} ended with {code}: see that it is not older than the server, that its role may do this and "
            "that there is room"
        )


class OtherKeystore(KeepingError):
    """The keystore file handed over is none, or not the one that the backup belongs to."""

    def __init__(self, found: str) -> None:
        super().__init__(f"the keystore {found}: hand over the export that was kept with this backup")


class LakeMoved(KeepingError):
    """The lake was exchanged while it was being copied."""

    exit_code = 5

    def __init__(self) -> None:
        super().__init__("a rebuilt lake was swapped in meanwhile: wait until that has ended, then run this again")


class LakeFileGone(KeepingError):
    """A file of the lake's store went while it was being copied, or is none of a lake."""

    exit_code = 5

    def __init__(self, name: str) -> None:
        super().__init__(
            f"{name} of the lake's store was taken away meanwhile, as an erasure does at once, or is no table's file: "
            "run this again into another folder; if it stays, see with `onefile lake check` what is hurt"
        )


class NewerHome(KeepingError):
    """Something in the home has a format that this release does not know."""

    def __init__(self, place: str, found: str, known: str) -> None:
        super().__init__(
            f"{place} has format {found}, this release knows {known}: use the release that wrote it or a later; "
            "nothing was changed"
        )


class UnmovableHome(KeepingError):
    """Something in the home has a format of a development version, which nothing moves on."""

    def __init__(self, place: str, found: str, known: str) -> None:
        super().__init__(
            f"{place} has format {found} of a development version, {known} is wanted: nothing moves it on, "
            "and nothing was changed; keep it and begin a new home from the kept deliveries"
        )


class HalfRestored(KeepingError):
    """A restore into this home did not come to its end."""

    def __init__(self) -> None:
        super().__init__("a restore into this home was cut off: run the same `onefile restore` again")
