"""Attestations of the values that a form is filled with: made here, opened by `onefile.verify.attestation`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from licence_vault.canonical import canonical
from licence_vault.log import inclusion_paths, leaf_hashes
from licence_vault.presentations.sd_jwt import signed
from licence_vault.signers import Signer
from onefile.verify.attestation import FORMAT, TYPE, of_subject

LIFE = timedelta(days=30)
"""How long an attestation may be handed in: an application is made within it, and later the source is asked anew."""
SALT_BYTES = 16


@dataclass(frozen=True)
class Claim:
    """What is to be attested of one field; `number` is the subject's, None: it is about nobody in particular."""

    field: str
    items: Sequence[str]
    value: object
    source: str
    observed_on: str | None
    number: str | None


@dataclass(frozen=True)
class Attested:
    """The attestations of some claims, in their order, as JSON's types; and the batch that proves them."""

    batch: str
    root: str
    ends_at: datetime
    attestations: Sequence[Mapping[str, object]]


def attest(
    claims: Sequence[Claim], case: str, issuer: str, at: datetime, signer: Signer, random: Callable[[int], bytes]
) -> Attested:  # fmt: skip
    """Attest what a form is filled with, under one signature; there has to be one claim at least."""
    salts = random(SALT_BYTES * len(claims)).hex()
    width = 2 * SALT_BYTES
    statements = [
        canonical(_statement(claim, case, salts[n * width : (n + 1) * width])) for n, claim in enumerate(claims)
    ]
    root, paths = inclusion_paths(leaf_hashes(statements))
    ends_at = (at + LIFE).replace(microsecond=0)
    batch = signed({
        "iss": issuer, "iat": int(at.timestamp()), "exp": int(ends_at.timestamp()), "case": case, "root": root.hex(),
        "size": len(statements),
    }, TYPE, signer)  # fmt: skip
    made = [
        {"statement": statement.decode("utf-8"), "index": index, "root": root.hex(), "hashes": [h.hex() for h in path]}
        for index, (statement, path) in enumerate(zip(statements, paths, strict=True))
    ]
    return Attested(batch, root.hex(), ends_at, made)


def _statement(claim: Claim, case: str, salt: str) -> dict[str, object]:
    return {
        "format": FORMAT, "case": case, "field": claim.field, "items": list(claim.items), "value": claim.value,
        "source": claim.source, "observed_on": claim.observed_on, "salt": salt,
        "subject": None if claim.number is None else of_subject(salt, claim.number),
    }  # fmt: skip
