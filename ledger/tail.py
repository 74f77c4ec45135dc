"""What writers of one machine tell each other: where the ledger ends. Nothing of it is evidence.

The file lies beside the locks, is written without a flush and believed only by the keyed hash over it, in the same
boot of the machine. Whoever finds it wrong reads the last segment instead (`ledger.recovery`).
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from licence_vault.log import Tree

PAGE = 4096
_LABEL = b"onefile.ledger-tail/2"


@dataclass(frozen=True, slots=True)
class Tail:
    """The end of the ledger: the segment by its first entry, its length in bytes, the tree by its peaks.

    `sealed` is the size that the last seal covers, `last_at` the last entry's instant. `epoch` is another after each
    recovery: what was written in an earlier one, and not sealed by then, was moved aside.
    """

    segment: int
    offset: int
    size: int
    peaks: tuple[str, ...]
    sealed: int
    last_at: str
    epoch: str

    def tree(self) -> Tree:
        """Return the tree over all entries."""
        return Tree(self.size, tuple(map(bytes.fromhex, self.peaks)))


def read_tail(path: Path, secret: bytes) -> Tail | None:
    """Return what the last writer left; None when it is not to be believed."""
    try:
        mark, _, body = path.read_bytes().partition(b"\n")
    except OSError:
        return None
    if not hmac.compare_digest(mark, _mark(secret, body)):
        return None
    fields = json.loads(body)
    return Tail(**{**fields, "peaks": tuple(fields["peaks"])})


def tail_bytes(tail: Tail, secret: bytes) -> bytes:
    """Return the bytes that leave word of where the ledger ends: a page, which no kill leaves half written."""
    told = {name: getattr(tail, name) for name in Tail.__dataclass_fields__}
    body = json.dumps(told).encode().ljust(PAGE - 65)
    return _mark(secret, body) + b"\n" + body


def _mark(secret: bytes, body: bytes) -> bytes:
    return hmac.new(secret, _LABEL + _boot() + body, sha256).hexdigest().encode()


@cache
def _boot() -> bytes:
    """Return what is another after each start of the machine; nothing where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_bytes()
    except OSError:
        return b""
