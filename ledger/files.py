"""Where the ledger lies: segments of 10,000 entries, the signed head, what torn writes left.

0000000001.jsonl      entries 1 to 10,000, a line each; the name is the first entry's number
head.json             DSSE: the last entry, whole, signed by the ledger's key
torn-….bin            bytes of a write that was cut short, moved aside; an entry says so
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ledger.entry import Entry, MalformedEntry, read_entry
from ledger.errors import LedgerAltered
from licence_vault import dsse
from licence_vault.canonical import canonical
from licence_vault.signers import Signer
from onefile.verify.dsse import open_envelope
from onefile.verify.errors import VerificationError
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

SEGMENT_ENTRIES = 10_000
HEAD_FORMAT = "onefile.ledger-head/1"
HEAD_TYPE = "application/vnd.onefile.ledger-head+json"
USE = "ledger"


def segment_of(folder: Path, seq: int) -> Path:
    """Return the segment that holds an entry."""
    return folder / f"{seq - (seq - 1) % SEGMENT_ENTRIES:010d}.jsonl"


def segments(folder: Path) -> list[Path]:
    """Return the segments that are there, in order."""
    return sorted(folder.glob("[0-9]" * 10 + ".jsonl"))


def head_bytes(entry: Entry, signer: Signer) -> bytes:
    """Return the head that says: this is the last entry."""
    payload = canonical({"format": HEAD_FORMAT, "entry": entry.as_json()})
    return dsse.sign(HEAD_TYPE, payload, signer)


def read_head(folder: Path, trust: Trust) -> Entry | None:
    """Return the last entry as the signed head has it; None when the ledger was never written to.

    Raises:
        LedgerAltered: there are entries but no head, or the head is not the ledger key's.
    """
    try:
        data = (folder / "head.json").read_bytes()
    except FileNotFoundError:
        if segments(folder):
            raise LedgerAltered("head", "head.json", 0, "it is missing, though there are entries") from None
        return None
    try:
        payload, _ = open_envelope(data, HEAD_TYPE, trust, USE)
        record = Record(parse(payload, MalformedEntry), "the head", MalformedEntry)
        record.choice("format", (HEAD_FORMAT,))
        return read_entry(record.take("entry"))
    except VerificationError as error:
        raise LedgerAltered("head", "head.json", 0, str(error)) from error


def entries(folder: Path, after: int = 0) -> Iterator[Entry]:
    """Yield the entries above number `after`, in order, as they stand: `ledger.audit` proves them.

    Raises:
        LedgerAltered: a line is no entry.
    """
    for segment in segments(folder):
        if segment < segment_of(folder, after + 1):
            continue
        with segment.open("rb") as file:
            for number, line in enumerate(file, start=1):
                if not line.endswith(b"\n"):
                    return
                try:
                    entry = read_entry(parse(line, MalformedEntry))
                except MalformedEntry as error:
                    raise LedgerAltered("altered", f"{segment.name}:{number}", after + 1, str(error)) from error
                if entry.seq > after:
                    yield entry
