"""What can be wrong with the ledger. Messages name places and numbers, never what an entry says."""

from __future__ import annotations

from typing import Literal

from onefile.errors import OneFileError

Kind = Literal["altered", "gap", "reordered", "added", "truncated", "head"]


class LedgerError(OneFileError):
    """The root of this package's errors."""


class BadEntry(LedgerError):
    """An entry lacks what every look must state."""


class LedgerAltered(LedgerError):
    """The ledger is not what was written. `kind` says how, `where` the segment and line, `seq` the entry."""

    def __init__(self, kind: Kind, where: str, seq: int, detail: str) -> None:
        super().__init__(f"the ledger was altered ({kind}) at {where}, entry {seq}: {detail}")
        self.kind, self.where, self.seq = kind, where, seq


class LedgerInterrupted(LedgerError):
    """The last write was cut short, or the last line removed; nothing is lost: the signed head holds that entry."""

    def __init__(self, where: str, seq: int, detail: str) -> None:
        super().__init__(
            f"the end of the ledger is not whole at {where}, entry {seq}: {detail};"
            " the signed head holds that entry, and the next look restores it and records so"
        )
        self.where, self.seq = where, seq
