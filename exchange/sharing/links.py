"""Links to files: signed, for an hour, each for one file of one share, to be fetched as often as is wanted, tokenless.

A link opens what the share and its grant still give when it is used: it goes with both, and with the generation of the
table. Its path names a grant and a file, never anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from datetime import datetime

from exchange.sharing.errors import LinkInvalid

SECRET = "share-links"  # the name of a secret
SECONDS = 3600
PATH = "/delta-sharing/files/"


@dataclass(frozen=True)
class Link:
    """Which file: of which share, grant and generation, at which place below its table's folder."""

    share_id: str
    grant_id: str
    generation: int
    path: str

    def signed(self, base: str, secret: bytes, at: datetime) -> str:
        """Return the link's address, and let it open the file for an hour."""
        until = until_of(at)
        mac = _mac(self, until, secret)
        place = f"{self.share_id}/{self.grant_id}/{self.generation}/{self.path}"
        return f"{base}{PATH}{place}?until={until}&mac={mac}"

    def require(self, until: str, mac: str, secret: bytes, at: datetime) -> None:
        """Return where the link was signed so and is not over; raise LinkInvalid, which does not say which."""
        is_signed = hmac.compare_digest(mac.encode(), _mac(self, until, secret).encode())
        if not is_signed or not until.isdecimal() or int(at.timestamp()) >= int(until):
            raise LinkInvalid


def until_of(at: datetime) -> int:
    """Return when a link made at an instant is over, POSIX seconds."""
    return int(at.timestamp()) + SECONDS


def _mac(link: Link, until: int | str, secret: bytes) -> str:
    told = "\n".join((link.share_id, link.grant_id, str(link.generation), link.path, str(until)))
    return hmac.new(secret, told.encode("utf-8"), hashlib.sha256).hexdigest()
