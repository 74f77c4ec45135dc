"""A clerk's code: made by the holder for a few minutes, it fetches one presentation once.

Only its keyed hash is kept. Whoever comes second, late, or with a code that was made for another
department gets nothing, and is recorded.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from licence_vault.exporting import Kept, opened
from licence_vault.presentations.errors import CodeForOther, CodeLate, CodeUnknown, CodeUsed, LifeTooLong, NotToBeShown
from licence_vault.presentations.minting import Moment, Shown, Use, mint, record, record_refusal, signer_of
from licence_vault.store import versions_of
from licence_vault.vault import Vault
from onefile.verify.reading import instant_text
from schemas.licence_types import LicenceType
from schemas.serving.tables import LICENCE_CODE

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Without I, L, O and U, which are misread."""
LENGTH = 12
LIFE, MOST_LIFE = timedelta(minutes=5), timedelta(minutes=30)


@dataclass(frozen=True)
class Code:
    """A code as the holder sees it, once: 60 random bits, in groups of four."""

    text: str = field(repr=False)
    ends_at: datetime


def make(
    vault: Vault, kept: Kept, fields: tuple[str, ...], audience: str | None, at: datetime, life: timedelta,
    random: Callable[[int], bytes],
) -> Code:  # fmt: skip
    """Make a code for one use of a licence.

    Args:
        fields: what the holder lets be shown.
        audience: the one department that may use it; None: whichever the holder shows it to.

    Raises:
        LifeTooLong: it would last longer than half an hour.
    """
    if not timedelta() < life <= MOST_LIFE:
        raise LifeTooLong("a code", "half an hour")
    number = int.from_bytes(random(8), "big")
    text = "".join(ALPHABET[number >> 5 * place & 31] for place in range(LENGTH))
    row = {
        "code_hash": _hash(vault, text),
        "licence_key": kept.version.licence_key,
        "version": kept.version.version,
        "audience": audience,
        "fields": json.dumps(list(fields)),
        "made_at": instant_text(at),
        "ends_at": instant_text(at + life),
        "used_at": None,
    }
    with vault.tables() as connection:
        connection.execute(insert(LICENCE_CODE).values(**row))
    return Code("-".join(text[place : place + 4] for place in range(0, LENGTH, 4)), at + life)


def redeem(
    vault: Vault, text: str, kind_of: Callable[[str], LicenceType], use: Use, moment: Moment,
    random: Callable[[int], bytes], in_question: Callable[[Kept, LicenceType], tuple[str, ...]] = lambda *_: (),
) -> tuple[Kept, Shown]:  # fmt: skip
    """Fetch the presentation that a code stands for, once.

    The code is spent in the transaction that records the presentation: of two that come at once,
    one is refused.

    Args:
        kind_of: gives the licence type of a code of types.
        use: `fields` and `basis` are ignored: the code says them.
        in_question: gives the fields of a licence that are printed from a value in question.

    Raises:
        NotToBeShown: for the reason that the class says; recorded.
    """
    found: list[Kept] = []
    signer = signer_of(vault, moment.at)
    try:
        with vault.tables() as connection:
            row = _row(connection, _hash(vault, text))
            version = next(v for v in versions_of(connection, row["licence_key"]) if v.version == row["version"])
            found.append(opened(vault, version))
            kind = kind_of(found[0].place.type)
            use = replace(_of_code(use, row), disputed=in_question(found[0], kind))
            _spend(connection, row, use.audience, moment.at)
            shown = mint(connection, vault, found[0], kind, use, moment, signer, random)
            record(connection, found[0], use, "sd-jwt", moment.at, shown)
    except NotToBeShown as refusal:
        with vault.tables() as connection:
            kept = found[0] if found else None
            record_refusal(connection, kept, use, "sd-jwt", moment.at, refusal.reason, random)
        raise
    return found[0], shown


def _of_code(use: Use, row: Mapping[str, Any]) -> Use:
    return replace(use, fields=tuple(json.loads(row["fields"])), basis=f"code {row['code_hash'].hex()[:16]}")


def _row(connection: Connection, code_hash: bytes) -> Mapping[str, Any]:
    row = connection.execute(select(LICENCE_CODE).where(LICENCE_CODE.c.code_hash == code_hash)).one_or_none()
    if row is None:
        raise CodeUnknown
    return {str(name): value for name, value in row._mapping.items()}


def _spend(connection: Connection, row: Mapping[str, Any], audience: str, at: datetime) -> None:
    """Mark a code as used; raise when it was, is late, or is somebody else's."""
    if row["used_at"] is not None:
        raise CodeUsed
    if datetime.fromisoformat(row["ends_at"]) <= at:
        raise CodeLate
    if row["audience"] not in (None, audience):
        raise CodeForOther
    where = (LICENCE_CODE.c.code_hash == row["code_hash"]) & LICENCE_CODE.c.used_at.is_(None)
    if connection.execute(update(LICENCE_CODE).where(where).values(used_at=instant_text(at))).rowcount != 1:
        raise CodeUsed


def _hash(vault: Vault, text: str) -> bytes:
    """Return what a code is kept as; spaces, dashes and case do not count, nor letters read for digits."""
    plain = text.upper().translate(str.maketrans("OIL", "011", "- "))
    return vault.at_rest.code(plain)
