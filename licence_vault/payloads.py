"""Payloads: the bytes of one version of one licence, written once and never again.

UTF-8 JSON in RFC 8785 form, so that a payload is the same whoever makes it from the same
draft; but what is proved are the bytes, and readers take them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from hmac import digest

from licence_vault.canonical import canonical
from licence_vault.drafts import NUMBER_TYPES, Draft
from onefile.verify.licence import PAYLOAD_FORMAT
from onefile.verify.reading import instant_text
from schemas.identifiers.licences import ROOT, check_character

_BASE36 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
SERIAL_LENGTH = 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a version stands among the versions of its licence: the parts of its identifier, and what it follows."""

    type: str
    issuer: str
    serial: str
    version: int

    @property
    def id(self) -> str:
        """The electronic licence identifier."""
        body = f"{self.type}{self.issuer}{self.serial}{self.version:03d}"
        return f"{ROOT}.{self.type}.{self.issuer}.{self.serial}.{self.version:03d}.{check_character(body)}"

    @property
    def supersedes(self) -> str | None:
        """The identifier of the version before; None for the first."""
        if self.version == 1:
            return None
        return Place(self.type, self.issuer, self.serial, self.version - 1).id


def place_of(licence_key: str, version: int) -> Place:
    """Return the place of a version by its row's key: type, issuer and serial, with dots between."""
    kind, issuer, text = licence_key.split(".")
    return Place(kind, issuer, text, version)


def serial(draft: Draft, secret: bytes) -> str:
    """Return the serial of a draft's licence: 20 characters, random to whoever lacks the secret.

    It follows from type, issuer and the record's key, so the same record finds its licence
    again, and says nothing of the printed number or the holder. 103 bits: none collide.
    """
    message = canonical({"serial": [draft.type.code, draft.type.issuer_code, *draft.record]})
    number = int.from_bytes(digest(secret, message, sha256), "big")
    characters = []
    for _ in range(SERIAL_LENGTH):
        number, rest = divmod(number, 36)
        characters.append(_BASE36[rest])
    return "".join(characters)


def payload(draft: Draft, place: Place, event: str, since_on: str, at: datetime) -> bytes:
    """Return the payload of a version.

    Args:
        event: what happened, one of `lifecycle.EVENTS`.
        since_on: the day since when the state holds, YYYY-MM-DD.
        at: the instant of the batch.
    """
    kind, content = draft.type, draft.content()
    fields = content.pop("fields")
    return canonical(
        {
            **content,
            "format": PAYLOAD_FORMAT,
            "id": place.id,
            "nature": "licence_data",
            "version": place.version,
            "supersedes": place.supersedes,
            "event": event,
            "since_on": since_on,
            "at": instant_text(at),
            "type_name": kind.label,
            "issuer_name": kind.issuer_name,
            "data": {**_metadata(draft, place, at), **dict(fields if isinstance(fields, dict) else {})},
        }
    )


def _metadata(draft: Draft, place: Place, at: datetime) -> dict[str, object]:
    """Return what every licence says of itself, by the codes of `schemas.licence_types.METADATA_CODES`."""
    kind, names = draft.type, dict(NUMBER_TYPES.values())
    return {
        "ZZMC": kind.label,
        "ZZLXDM": kind.code,
        "ZZBH": draft.printed or "",
        "ZZBS": place.id,
        "ZZBFJG": kind.issuer_name,
        "ZZBFJGDM": kind.issuer_code,
        "ZZBFRQ": draft.issued_on.isoformat(),
        "CZZT": "、".join(holder.name for holder in draft.holders),
        "CZZTDM": "、".join(holder.number for holder in draft.holders),
        "CZZTDMLX": "、".join(names.get(holder.number_type, "其他") for holder in draft.holders),
        "CZZTDMLXDM": "、".join(holder.number_type for holder in draft.holders),
        "ZZYXQQSRQ": draft.valid_from.isoformat(),
        "ZZYXQJZRQ": "" if draft.valid_until is None else draft.valid_until.isoformat(),
        "CJSJ": instant_text(at),
    }
