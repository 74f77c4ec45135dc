"""What can be wrong with the ledger. Messages name places and numbers, never what an entry says."""

from __future__ import annotations

from typing import Literal

from onefile.errors import OneFileError

Kind = Literal["altered", "gap", "reordered", "truncated", "head", "back_dated", "forked"]


class LedgerError(OneFileError):
    """The root of this package's errors."""


class BadEntry(LedgerError):
    """An entry lacks what every look must state."""


class LedgerUnwritable(LedgerError):
    """A look cannot be recorded now, so nothing may be answered."""

    def __init__(self, detail: str) -> None:
        super().__init__(f"the look cannot be recorded ({detail}), so nothing is answered: see to the ledger's disk")


class ClockWentBack(LedgerError):
    """The present instant is before the last entry's."""

    def __init__(self, at: str, last: str) -> None:
        super().__init__(
            f"the present instant {at} is before the last entry's, {last}: set the clock right; where the last entry's"
            " was wrong, `onefile ledger clock` records so, and looks go on from now"
        )


class OlderLedger(LedgerError):
    """The folder holds a ledger of an earlier format."""

    def __init__(self) -> None:
        super().__init__(
            "the ledger is of format 1, which only development versions wrote: move the folder ledger/ away and keep it"
        )


class LedgerAltered(LedgerError):
    """The ledger is not what was written. `kind` says how, `where` the segment and line, `seq` the entry."""

    def __init__(self, kind: Kind, where: str, seq: int, detail: str) -> None:
        super().__init__(f"the ledger was altered ({kind}) at {where}, entry {seq}: {detail}")
        self.kind, self.where, self.seq = kind, where, seq


class LedgerInterrupted(LedgerError):
    """What stands at the end was never signed: a write was cut short, or a hand put it there. No answer left for it."""

    def __init__(self, where: str, seq: int, detail: str) -> None:
        super().__init__(
            f"the end of the ledger is not signed at {where}, entry {seq}: {detail};"
            " no answer left for it, and the next look moves it aside and records so"
        )
        self.where, self.seq = where, seq


class TargetRefused(LedgerError):
    """Notices may not be sent there."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"notices are not sent to {found}: give an https address that the bureau may reach, or list its network"
            " (ONEFILE_WEBHOOK_NETWORKS)"
        )


class NoSuchNotice(LedgerError):
    """The department has no notice of that number."""

    def __init__(self) -> None:
        super().__init__("the department has no such notice: `onefile notice list` names those there are")


class NoSuchFinding(LedgerError):
    """No open finding has that number."""

    def __init__(self) -> None:
        super().__init__("no such finding is open: `onefile ledger findings` names those that are")


class NoSuchIncident(LedgerError):
    """No incident has that id, or it is closed already."""

    def __init__(self) -> None:
        super().__init__("no such incident is open: `onefile incident list` names them")


class IncidentRefused(LedgerError):
    """An incident cannot be declared so."""

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the incident has {found}: {wanted}")
