"""Minting: a presentation of one licence, for one audience and purpose, with the granted fields and no other.

1. The version is the newest of its licence, and in force on the day.
2. Each field is one that its type lets be disclosed, and that it has.
3. Where the type demands the holder's consent, one covers audience, fields, item and day.
4. The presentation is made, and ends with its life, or with the licence's last day.
5. The record is written; only then is it handed out. A refusal is recorded as well.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo

from sqlalchemy import Connection

from licence_vault import store
from licence_vault.exporting import Kept
from licence_vault.presentations import consents, records, sd_jwt
from licence_vault.presentations.errors import (
    ConsentMissing,
    FieldNotDisclosable,
    LicenceNotInForce,
    LifeTooLong,
    NothingToShow,
    NotToBeShown,
)
from licence_vault.presentations.records import GIVEN, Recorded
from licence_vault.signers import Signer
from licence_vault.standing import standing
from licence_vault.vault import Vault
from onefile.verify.presentation import USE, VCT
from onefile.verify.reading import instant_text
from onefile.verify.status import LIST_SIZE, subject
from schemas.licence_types import METADATA_CODES, LicenceType

LIFE, MOST_LIFE = timedelta(minutes=10), timedelta(days=1)
CONSENT = "consent"
"""The basis of a use that nothing but the holder's consent allows."""


@dataclass(frozen=True)
class Use:
    """One use of a licence: by whom, which fields, what for, on what basis.

    `fields` are what is granted; `basis` names the grant, consent or code; `operator` who runs the program. `disputed`
    are those fields that are printed from a value which is in question: what is made says so.
    """

    audience: str
    fields: tuple[str, ...]
    item: str
    case: str
    nonce: str
    basis: str
    operator: str
    life: timedelta = LIFE
    holder_key: bytes | None = None
    disputed: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """What was made: `content` is the file, `fields` what it shows, `ends_at` its last moment."""

    id: str
    fields: tuple[str, ...]
    ends_at: datetime
    content: bytes = field(repr=False)


@dataclass(frozen=True)
class Moment:
    """The instant of a use, and the legal calendar's zone."""

    at: datetime
    zone: tzinfo

    @property
    def day(self) -> date:
        """The legal day."""
        return self.at.astimezone(self.zone).date()


def present(
    vault: Vault,
    kept: Kept,
    kind: LicenceType,
    use: Use,
    moment: Moment,
    random: Callable[[int], bytes] = os.urandom,
) -> Shown:
    """Make a presentation of a licence as an SD-JWT VC, once it is recorded.

    Raises:
        NotToBeShown: it may not be made, for the reason that the class says; recorded too.
        VaultError, ServingError: as the keystore and the database say.
    """
    signer = signer_of(vault, moment.at)
    try:
        with vault.tables() as connection:
            shown = mint(connection, vault, kept, kind, use, moment, signer, random)
            record(connection, kept, use, "sd-jwt", moment.at, shown)
    except NotToBeShown as refusal:
        with vault.tables() as connection:
            record_refusal(connection, kept, use, "sd-jwt", moment.at, refusal.reason, random)
        raise
    return shown


def mint(
    connection: Connection,
    vault: Vault,
    kept: Kept,
    kind: LicenceType,
    use: Use,
    moment: Moment,
    signer: Signer,
    random: Callable[[int], bytes],
) -> Shown:
    """Make a presentation, in a transaction in which the caller records it; errors as `present`."""
    fields = allowed(connection, kept, kind, use, moment)
    ends_at = end_of(kept, use, moment)
    presentation_id = random(16).hex()
    origin, index = vault.origin, kept.version.leaf_index
    claims: dict[str, object] = {
        "iss": f"https://{origin}",
        "iat": int(moment.at.timestamp()),
        "nbf": int(moment.at.timestamp()),
        "exp": int(ends_at.timestamp()),
        "vct": VCT + kept.place.type,
        "status": {"status_list": {"idx": index % LIST_SIZE, "uri": subject(origin, index // LIST_SIZE)}},
        "aud": use.audience,
        "nonce": use.nonce,
        "jti": presentation_id,
        "purpose": {"item": use.item, "case": use.case},
        "log": {
            "origin": origin,
            "leaf_index": index,
            "entry": base64.b64encode(kept.version.entry()).decode("ascii"),
        },
    }
    if in_question := sorted(set(use.disputed) & set(fields)):
        claims["disputed"] = in_question
    if use.holder_key is not None:
        claims["cnf"] = sd_jwt.confirmation(use.holder_key)
    token = sd_jwt.issue(claims, fields, signer, random)
    return Shown(presentation_id, tuple(fields), ends_at, token.encode("ascii"))


def allowed(connection: Connection, kept: Kept, kind: LicenceType, use: Use, moment: Moment) -> Mapping[str, object]:
    """Return the granted fields with their values, once nothing speaks against showing them.

    Raises:
        LicenceNotInForce, FieldNotDisclosable, NothingToShow, ConsentMissing: steps 1 to 3.
    """
    versions = store.versions_of(connection, kept.version.licence_key)
    told = standing(versions, moment.day, moment.at)
    if told is None or told[0] != "valid":
        raise LicenceNotInForce("not known to be in force" if told is None else told[0])
    if told[1].version != kept.version.version:
        raise LicenceNotInForce("superseded by a newer version")
    data = json.loads(kept.payload)["data"]
    may = {*METADATA_CODES, *(one.code for one in kind.fields if one.is_disclosable)}
    wrong = tuple(name for name in use.fields if name not in may)
    if wrong:
        raise FieldNotDisclosable(wrong)
    fields = {name: data[name] for name in use.fields if name in data}
    if not fields:
        raise NothingToShow
    if (kind.needs_consent or use.basis == CONSENT) and not _is_agreed(connection, kept, use, moment):
        raise ConsentMissing
    return fields


def end_of(kept: Kept, use: Use, moment: Moment, most: timedelta = MOST_LIFE) -> datetime:
    """Return when a presentation ends: after its life, and no later than the licence; LifeTooLong beyond `most`."""
    if not timedelta() < use.life <= most:
        raise LifeTooLong("it", f"{most.days} days")
    ends_at = moment.at + use.life
    if kept.version.valid_until is not None:
        last = date.fromisoformat(kept.version.valid_until)
        ends_at = min(ends_at, datetime.combine(last + timedelta(days=1), time(), moment.zone))
    return ends_at


def signer_of(vault: Vault, at: datetime) -> Signer:
    """Return what signs presentations; its key is made on first use."""
    vault.keystore.ensure((USE,), (), at)
    return vault.keystore.signer(USE)


def record(connection: Connection, kept: Kept, use: Use, kind: str, at: datetime, shown: Shown) -> None:
    """Write down what is about to be handed out."""
    records.put(connection, _recorded(kept, use, kind, at, shown.id, shown.fields, shown.ends_at, GIVEN))


def record_refusal(
    connection: Connection, kept: Kept | None, use: Use, kind: str, at: datetime, reason: str,
    random: Callable[[int], bytes],
) -> None:  # fmt: skip
    """Write down what was refused, and why."""
    records.put(connection, _recorded(kept, use, kind, at, random(16).hex(), use.fields, None, reason))


def _recorded(
    kept: Kept | None, use: Use, kind: str, at: datetime, presentation_id: str, fields: tuple[str, ...],
    ends_at: datetime | None, outcome: str,
) -> Recorded:  # fmt: skip
    return Recorded(
        presentation_id=presentation_id,
        licence_key=None if kept is None else kept.version.licence_key,
        version=None if kept is None else kept.version.version,
        kind=kind,
        audience=use.audience,
        item=use.item,
        case_no=use.case,
        operator=use.operator,
        fields=fields,
        made_at=instant_text(at),
        ends_at=None if ends_at is None else instant_text(ends_at),
        basis=use.basis,
        outcome=outcome,
    )


def _is_agreed(connection: Connection, kept: Kept, use: Use, moment: Moment) -> bool:
    if use.basis.startswith("code "):
        return True  # the holder made the code for these very fields, and showed it
    agreed = consents.of_licence(connection, kept.version.licence_key)
    return any(one.covers(use.audience, use.fields, use.item, moment.day) for one in agreed)
