"""Status lists: signed, published as static files, the old ones kept.

`status/<number>.jwt` is the present list; `status/history/<number>/<instant>.jwt` has each one
that said something new. Whoever asks what was known on a day takes the list of that day.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from licence_vault import store
from licence_vault.canonical import canonical
from licence_vault.issuing import recover, renew
from licence_vault.signers import Signer, jws_signature
from licence_vault.vault import STATUS_USE, Vault
from onefile.files import write_whole
from onefile.verify.errors import VerificationError
from onefile.verify.jws import JWS_NAMES
from onefile.verify.status import LIST_SIZE, STATUSES, TYPE, open_status, subject

VALUES = {name: value for value, name in STATUSES.items()}
TWO_BITS = {"valid": 0, "suspended": 2, "superseded": 3}
FRESH_SECONDS = 60
LIFE = timedelta(days=1)


@dataclass(frozen=True)
class Published:
    """What was published: how many lists, and of these how many said something new."""

    lists: int
    changed: int
    leaves: int


def publish(vault: Vault, *, at: datetime, day: date, bits: int = 8, life: timedelta = LIFE) -> Published:
    """Finish what was cut off, and sign the status lists of all leaves anew; a checkpoint of an earlier key too.

    Args:
        at: the instant by which the lists know what they say.
        day: its legal day: a licence whose last day is before it has lapsed.
        bits: 8, with the reason, or 2.
        life: how long a list may be used.

    Raises:
        VaultError, ServingError: as `issuing.issue`.
    """
    _finish(vault)
    head = vault.log.checkpoint()
    size = 0 if head is None else head.size
    made_from = {"log_size": size, "log_root": "" if head is None else head.root.hex(), "day": day.isoformat()}
    signer, changed, number = vault.keystore.signer(STATUS_USE), 0, 0
    for number in range(-(-size // LIST_SIZE)):
        listed = _still(vault, number, bits, made_from)
        if listed is None:
            data = _list(vault, number, size, day, bits)
            listed = {"bits": bits, "lst": base64url(zlib.compress(data, 9))}
        claims: dict[str, object] = {
            "iat": int(at.timestamp()),
            "exp": int((at + life).timestamp()),
            "sub": subject(vault.origin, number),
            "ttl": FRESH_SECONDS,
            "status_list": listed,
            "made_from": made_from,
        }
        token = sign(claims, signer)
        if not _says_the_same(current(vault.home, number), claims):
            write_whole(_history(vault.home, number) / _name(at), token)
            changed += 1
        write_whole(vault.home / "status" / f"{number}.jwt", token)
    return Published(-(-size // LIST_SIZE), changed, size)


def _finish(vault: Vault) -> None:
    """Finish a batch that was cut off; an issuer who is at work is not waited for."""
    with vault.looking() as connection:
        last = store.last_batch(connection)
    if last is not None and last.state == store.PREPARED:
        recover(vault)
    renew(vault)


def current(home: Path, number: int) -> str | None:
    """Return the present list of a number; None when none was published."""
    path = home / "status" / f"{number}.jwt"
    return path.read_text("ascii") if path.exists() else None


def known_at(home: Path, number: int, at: datetime) -> str | None:
    """Return the list that told at an instant what was known then; None when there was none yet."""
    wanted = _name(at)
    names = sorted(path.name for path in _history(home, number).glob("*.jwt") if path.name <= wanted)
    return (_history(home, number) / names[-1]).read_text("ascii") if names else None


def sign(claims: dict[str, object], signer: Signer) -> bytes:
    """Return claims as a compact JWS of a status list."""
    header = {"alg": JWS_NAMES[signer.algorithm], "kid": signer.key_id, "typ": TYPE}
    signed = f"{base64url(canonical(header))}.{base64url(canonical(claims))}"
    return f"{signed}.{base64url(jws_signature(signer, signed.encode('ascii')))}".encode("ascii")


def packed(statuses: Iterator[int], bits: int) -> bytes:
    """Return statuses in their bits, the first in the lowest bits of the first byte."""
    if bits == 8:
        return bytes(statuses)
    data, place, byte = bytearray(), 0, 0
    for status in statuses:
        byte |= status << place
        place += bits
        if place == 8:
            data.append(byte)
            place = byte = 0
    if place:
        data.append(byte)
    return bytes(data)


def base64url(data: bytes) -> str:
    """Return bytes as base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _list(vault: Vault, number: int, size: int, day: date, bits: int) -> bytes:
    start = number * LIST_SIZE
    today = day.isoformat()
    with vault.looking() as connection:
        rows = store.states(connection, start, min(size, start + LIST_SIZE))
        return packed((_value(_status(row, today), bits) for row in rows), bits)


def _status(row: store.LeafState, today: str) -> str:
    """Return what has become of a version: its licence's end, else that a newer one took its place."""
    if row.state not in ("valid", "suspended"):
        return str(row.state)
    if row.version != row.newest:
        return "superseded"
    if row.valid_until is not None and row.valid_until < today:
        return "lapsed"
    return str(row.state)


def _value(status: str, bits: int) -> int:
    return VALUES[status] if bits == 8 else TWO_BITS.get(status, VALUES["invalid"])


def _still(vault: Vault, number: int, bits: int, made_from: dict[str, object]) -> dict[str, object] | None:
    """Return what the present list says, where it was made from the same log on the same day and is ours; else None.

    So a list that has nothing new to say is signed anew without a look at the table.
    """
    token = current(vault.home, number)
    if token is None:
        return None
    try:
        found = open_status(token, vault.trust, vault.origin, number * LIST_SIZE)
    except VerificationError:
        return None
    said = _claims(token)
    listed = said["status_list"]
    is_same = found.bits == bits and said.get("made_from") == made_from
    return listed if is_same and isinstance(listed, dict) else None


def _claims(token: str) -> dict[str, object]:
    part = token.split(".")[1]
    claims: dict[str, object] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return claims


def _says_the_same(token: str | None, claims: dict[str, object]) -> bool:
    if token is None:
        return False
    return _claims(token)["status_list"] == claims["status_list"]


def _history(home: Path, number: int) -> Path:
    return home / "status" / "history" / str(number)


def _name(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ.jwt")
