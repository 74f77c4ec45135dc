"""Time stamps for checkpoints: asked for at an authority elsewhere, kept beside the log, and put into exports."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from urllib.error import URLError
from urllib.request import Request, urlopen

from licence_vault.canonical import canonical
from licence_vault.errors import NotStamped
from licence_vault.vault import Vault
from onefile.files import write_whole
from onefile.verify import extras
from onefile.verify.checkpoint import open_checkpoint
from onefile.verify.errors import Malformed
from onefile.verify.reading import Record, parse
from onefile.verify.timestamp import open_timestamp, stamped_bytes
from onefile.verify.trust import Trust

NAME = "stamped.json"
SECONDS_TO_WAIT = 20
LARGEST_ANSWER = 1_000_000


class MalformedStamp(Malformed):
    """The file of the newest stamped checkpoint is damaged."""

    exit_code = 1
    paper = ("stamped checkpoint", "带时间戳的检查点")


@dataclass(frozen=True)
class Stamped:
    """A checkpoint (a signed note) with the answer of the authority that stamped it."""

    note: bytes
    response: bytes


def request(vault: Vault) -> bytes:
    """Return a time-stamp request (RFC 3161) for the log's present checkpoint; NotStamped before the first batch."""
    library = extras.tsa()
    builder = library.TimestampRequestBuilder().data(_message(vault, _present(vault)))
    made: bytes = builder.hash_algorithm(library.HashAlgorithm.SHA256).build().as_bytes()
    return made


def ask(url: str, asked: bytes) -> bytes:
    """Return what an authority answers to a request, by http or https; NotStamped when it does not."""
    if not url.startswith(("http://", "https://")):
        raise NotStamped("the authority's address is neither http nor https")
    try:
        with urlopen(
            Request(url, asked, {"Content-Type": "application/timestamp-query"}),  # checked above
            timeout=SECONDS_TO_WAIT,
        ) as answer:
            data: bytes = answer.read(LARGEST_ANSWER)
            return data
    except (URLError, OSError, ValueError) as error:
        raise NotStamped(f"the authority does not answer ({type(error).__name__})") from None


def take(vault: Vault, response: bytes, trust: Trust) -> datetime:
    """Keep an authority's answer for the log's present checkpoint; return its time.

    Args:
        trust: names the authorities of time.

    Raises:
        BadTimestamp: it is not of this checkpoint, or by nobody who is trusted.
    """
    note = _present(vault)
    at = open_timestamp(response, _message(vault, note), trust)
    kept = {"checkpoint": note.decode("utf-8"), "timestamp": base64.b64encode(response).decode("ascii")}
    write_whole(vault.log.folder / NAME, canonical(kept) + b"\n", mode=0o644)
    return at


def newest(vault: Vault) -> Stamped | None:
    """Return the newest checkpoint that was stamped; None when none was."""
    path = vault.log.folder / NAME
    if not path.exists():
        return None
    record = Record(parse(path.read_bytes(), MalformedStamp), "the file", MalformedStamp)
    return Stamped(record.text("checkpoint").encode("utf-8"), record.base64("timestamp"))


def _present(vault: Vault) -> bytes:
    note = vault.log.signed()
    if note is None:
        raise NotStamped("the log has no checkpoint yet")
    return note


def _message(vault: Vault, note: bytes) -> bytes:
    return stamped_bytes(note, open_checkpoint(note, vault.trust))
