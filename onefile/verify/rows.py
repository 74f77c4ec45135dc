"""What a row of a shared table says, and what a table says as a whole: count and digest, in any order of rows.

A value is the text that stands for it, a row the RFC 8785 JSON array of its key and values. The digest of a table is
the sum, modulo 2^256, of the SHA-256 of its rows: who takes one row out and puts another in need not read the rest.
It is there to find mistakes, and proves nothing against who makes rows to fit: what is proved is signed.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256

Cells = Sequence[str | None]
"""A row: its key, then the values of its columns in order; None: there is none."""
_ALL = 2**256


@dataclass(frozen=True)
class Tally:
    """How many rows a table has, and the sum of what they say."""

    rows: int = 0
    total: int = 0

    def plus(self, rows: Iterable[Cells]) -> Tally:
        """Return the tally with rows put in."""
        count, total = self.rows, self.total
        for row in rows:
            count, total = count + 1, total + _number(row)
        return Tally(count, total % _ALL)

    def minus(self, rows: Iterable[Cells]) -> Tally:
        """Return the tally with rows taken out."""
        out = Tally().plus(rows)
        return Tally(self.rows - out.rows, (self.total - out.total) % _ALL)

    def joined(self, other: Tally) -> Tally:
        """Return the tally of this table's rows and another's."""
        return Tally(self.rows + other.rows, (self.total + other.total) % _ALL)

    @property
    def digest(self) -> str:
        """The sum as 64 hexadecimal digits."""
        return f"{self.total:064x}"

    @classmethod
    def read(cls, rows: int, digest: str) -> Tally:
        """Return the tally that was written so."""
        return cls(rows, int(digest, 16))


def text_of(value: object) -> str | None:
    """Return the text that stands for a value of a table or a database; None for none.

    Days are YYYY-MM-DD, instants RFC 3339 in UTC (one without offset is in UTC), decimals plain with all their digits.

    Raises:
        TypeError: tables have no such values.
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"a value of a table is no {type(value).__name__}")


def _number(row: Cells) -> int:
    told = json.dumps(row, ensure_ascii=False, separators=(",", ":"))
    return int.from_bytes(sha256(told.encode("utf-8")).digest(), "big")
