"""The errors of the inbox: one root, one meaning a class."""

from __future__ import annotations

from inbox.refusals import Fact, Refusal
from onefile.errors import OneFileError


class InboxError(OneFileError):
    """Something about deliveries that a caller must know."""


class Refused(InboxError):
    """A delivery, or a part of it, cannot be taken. `refusal` says why, in words of the closed list."""

    def __init__(self, reason: str, **facts: Fact) -> None:
        self.refusal = Refusal(reason, facts)
        words = self.refusal.words("en")
        super().__init__(f"{words.found}; wanted: {words.wanted}; {words.do} ({reason})")


class FileBroken(Refused):
    """A file's structure is broken. `row` counts its records from 1; 0 is the header, None the file."""

    def __init__(self, reason: str, row: int | None, **facts: Fact) -> None:
        self.row = row
        super().__init__(reason, **facts, **({} if row is None else {"row": row}))

    def in_file(self, name: str) -> FileBroken:
        """Return the same error, naming the file, which may be the archive of the one that it names already."""
        facts = {key: value for key, value in self.refusal.facts.items() if key not in ("row", "file")}
        inner = self.refusal.facts.get("file")
        return FileBroken(self.refusal.reason, self.row, file=f"{name}/{inner}" if inner else name, **facts)


class UnknownDelivery(InboxError):
    """No delivery of that id has been received."""

    def __init__(self) -> None:
        super().__init__("no delivery of that id has been received: look at its spelling, or take in what waits first")


class NoSuchRow(InboxError):
    """A delivery has no row of that number."""

    def __init__(self, delivery: str, row: int, rows: int) -> None:
        super().__init__(f"delivery {delivery} has rows 1 to {rows}, and no row {row}: ask for one of those")


class RowErased(InboxError):
    """A row's bytes are asked for that were erased by law."""

    def __init__(self, delivery: str, row: int) -> None:
        super().__init__(
            f"row {row} of delivery {delivery} was erased by law: its receipt still verifies, and the other rows can be"
            " proved"
        )


class NotErasable(InboxError):
    """Rows are to be erased of files whose format lets none be overwritten alone; nothing was written."""

    def __init__(self, delivery: str, resource: str, form: str) -> None:
        super().__init__(
            f"rows of delivery {delivery} are to be erased, and {resource} is declared as {form}, whose rows cannot be"
            " overwritten one by one: nothing of it was; declare csv, jsonl or fixed, as its kept files are, then run"
            " it again"
        )


class KeptFileChanged(InboxError):
    """A file under `deliveries/` no longer has the bytes that were received."""

    def __init__(self, delivery: str, name: str) -> None:
        super().__init__(
            f"file {name!r} of delivery {delivery} is not what was received: restore it from the backup before going on"
        )


class KeyFileUnusable(InboxError):
    """A key file holds no Ed25519 key of the kind wanted."""


class UnknownKey(InboxError):
    """A department has no key of that id."""

    def __init__(self, department: str, key_id: str) -> None:
        super().__init__(f"department {department} has no key {key_id!r}: list its keys and name one of those")


class KeyRetired(InboxError):
    """A key that was retired is registered anew, which would bring it back to life unseen."""

    def __init__(self, key_id: str) -> None:
        super().__init__(f"key {key_id} was retired: let the department make a new one")


class RecordUnreadable(InboxError):
    """A file of the inbox's own bookkeeping cannot be read."""

    def __init__(self, place: str) -> None:
        super().__init__(f"{place} cannot be read as what this release writes: restore it from the backup")


class NotDeliverable(InboxError):
    """What `deliver` was asked to make cannot be made."""
