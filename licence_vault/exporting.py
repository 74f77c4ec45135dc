"""One licence as one file that proves itself: what `onefile verify` takes."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from licence_vault import mandates, stamping, store
from licence_vault.at_rest import Sealed
from licence_vault.canonical import canonical
from licence_vault.errors import LogAndTableDiffer, NoSuchLicence
from licence_vault.log_folder import entries
from licence_vault.payloads import Place, place_of
from licence_vault.store import Version
from licence_vault.vault import Vault
from onefile.verify.checkpoint import open_checkpoint
from onefile.verify.licence import FORMAT, PAYLOAD_TYPE
from schemas.identifiers import licence_id


@dataclass(frozen=True)
class Kept:
    """One version as the vault keeps it, opened."""

    place: Place
    version: Version
    salt: bytes = field(repr=False)
    payload: bytes = field(repr=False)


def find(vault: Vault, text: str) -> Kept:
    """Return the version that an identifier names.

    Raises:
        InvalidIdentifier: the text is no licence identifier.
        NoSuchLicence: the vault has none of that identifier in its log.
        PayloadErased, PayloadDamaged: its content cannot be read.
    """
    wanted = licence_id(text)
    key = f"{wanted.type}.{wanted.issuer}.{wanted.serial}"
    with vault.looking() as connection:
        found = [version for version in store.versions_of(connection, key) if version.version == wanted.version]
    head = vault.log.checkpoint()
    if not found or head is None or found[0].leaf_index >= head.size:
        raise NoSuchLicence
    return opened(vault, found[0])


def opened(vault: Vault, version: Version) -> Kept:
    """Return a version with its payload; errors as `AtRest.open`."""
    place = place_of(version.licence_key, version.version)
    salt, payload = vault.at_rest.open(place.id, Sealed(version.sealed, version.wrapped_key))
    return Kept(place, version, salt, payload)


def export(vault: Vault, kept: Kept, status: str | None, is_witnessed: bool = False, is_stamped: bool = False) -> bytes:
    """Return a licence with its proof, at the log's present checkpoint, as a file.

    Args:
        status: the signed status list that covers it, or None.
        is_witnessed: take the newest checkpoint that witnesses co-signed instead.
        is_stamped: take the newest checkpoint with a time stamp instead, and put that in.

    Raises:
        LogAndTableDiffer: the log does not have it where the table says, or the checkpoint does
            not reach it (yet).
        LogDamaged: a tile is missing.
    """
    stamped = stamping.newest(vault) if is_stamped else None
    if is_stamped:
        note = None if stamped is None else stamped.note
    else:
        note = vault.log.cosigned() if is_witnessed else vault.log.signed()
    head = None if note is None else open_checkpoint(note, vault.trust).checkpoint
    index = kept.version.leaf_index
    if note is None or head is None or index >= head.size:
        kind = "co-signed checkpoint" if is_witnessed else "stamped checkpoint" if is_stamped else "checkpoint"
        raise LogAndTableDiffer(f"leaf {index} is beyond the log's {kind}")
    (entry,) = entries(vault.log.read, index, index + 1, head.size)
    if entry != kept.version.entry():
        raise LogAndTableDiffer(f"leaf {index} is not in the table as it is in the log")
    proof = vault.log.tree().inclusion_proof(index, head.size)
    return (
        canonical(
            {
                "format": FORMAT,
                "payload_type": PAYLOAD_TYPE,
                "payload": _text(kept.payload),
                "salt": _text(kept.salt),
                "leaf_index": index,
                "entry": _text(entry),
                "proof": [item.hex() for item in proof],
                "checkpoint": note.decode("utf-8"),
                "status": status,
                **({} if stamped is None else {"timestamp": _text(stamped.response)}),
                **mandates.of(vault.home, kept.place.issuer),
            }
        )
        + b"\n"
    )


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
