"""Originals in the vault: bound to a licence by a leaf of its own, kept encrypted, given out byte for byte."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Row, insert, select

from licence_vault import store
from licence_vault.at_rest import Sealed
from licence_vault.canonical import canonical
from licence_vault.errors import NoSuchLicence
from licence_vault.issuing import Issued, issue
from licence_vault.originals.errors import NoSuchOriginal
from licence_vault.originals.report import Report, read_report
from licence_vault.restating import restated
from licence_vault.vault import Vault
from onefile.verify.leaf import SALT_BYTES
from onefile.verify.reading import instant_text
from schemas.licence_types import LicenceType
from schemas.serving.tables import LICENCE_ORIGINAL


@dataclass(frozen=True)
class Original:
    """A collected original: its bytes as they were handed in, and what was found of them then."""

    licence_key: str
    digest: str
    identifier: str = field(repr=False)
    collected_at: str
    report: Report = field(repr=False)
    content: bytes = field(repr=False)


def collect(
    vault: Vault,
    kinds: Mapping[str, LicenceType],
    key: str,
    content: bytes,
    report: Report,
    identifier: str,
    *,
    at: datetime,
    day: str,
    random: Callable[[int], bytes],
) -> Issued:
    """Keep an original and bind it to a licence: a version and a leaf that name its digest, in one transaction.

    The same original of the same licence again changes nothing.

    Args:
        kinds: the declared types by code.
        key: the licence.
        identifier: by which its authority knows it.

    Raises:
        NoSuchLicence: the vault has no such licence, or its type is no longer declared.
        VaultError, ServingError: as `issuing.issue`.
    """
    with vault.looking() as connection:
        versions = store.versions_of(connection, key)
    draft = restated(vault, kinds, versions[-1]) if versions else None
    if draft is None:
        raise NoSuchLicence
    digest = sha256(content).hexdigest()
    head = canonical({"identifier": identifier, "report": report.written()})
    plain = len(head).to_bytes(4, "big") + head + content
    kept = vault.at_rest.seal(_bound(key, digest), random(SALT_BYTES), plain, random)
    row = {
        "licence_key": key, "digest": digest, "format": report.format, "size": len(content),
        "identifier_hash": vault.at_rest.identifier(identifier), "collected_at": instant_text(at),
        "sealed": kept.sealed, "wrapped_key": kept.wrapped_key, "master": kept.master,
    }  # fmt: skip

    def first(connection: Connection) -> None:
        if _row(connection, key, digest) is None:
            connection.execute(insert(LICENCE_ORIGINAL).values(**row))

    return issue(vault, [draft], batch_id=f"collect:{key}:{digest}", at=at, day=day, random=random, first=first)


def original(vault: Vault, key: str, digest: str) -> Original:
    """Return an original of a licence.

    Raises:
        NoSuchOriginal: the licence has none of that digest.
        PayloadErased, PayloadDamaged: it cannot be read.
    """
    with vault.looking() as connection:
        row = _row(connection, key, digest)
    if row is None:
        raise NoSuchOriginal
    _, plain = vault.at_rest.open(_bound(key, digest), Sealed(row.sealed, row.wrapped_key))
    length = int.from_bytes(plain[:4], "big")
    head, content = json.loads(plain[4 : 4 + length]), plain[4 + length :]
    return Original(key, digest, head["identifier"], row.collected_at, read_report(head["report"]), content)


def originals_of(vault: Vault, key: str) -> list[Original]:
    """Return the originals of a licence that can still be read, in the order collected."""
    own = LICENCE_ORIGINAL.c
    rows = select(own.digest).where(own.licence_key == key, own.wrapped_key.is_not(None))
    with vault.looking() as connection:
        digests = connection.execute(rows.order_by(own.collected_at, own.digest)).scalars().all()
    return [original(vault, key, digest) for digest in digests]


def keys_of_identifier(vault: Vault, identifier: str) -> list[str]:
    """Return the licences that an original with that identifier of its authority is bound to."""
    own = LICENCE_ORIGINAL.c
    rows = select(own.licence_key).where(own.identifier_hash == vault.at_rest.identifier(identifier)).distinct()
    with vault.looking() as connection:
        return sorted(connection.execute(rows).scalars())


def _row(connection: Connection, key: str, digest: str) -> Row[Any, Any, Any] | None:
    own = LICENCE_ORIGINAL.c
    rows = select(own.sealed, own.wrapped_key, own.collected_at).where(own.licence_key == key, own.digest == digest)
    return connection.execute(rows).one_or_none()


def _bound(key: str, digest: str) -> str:
    """Return what the sealed bytes are bound to, so that no row can be passed off as another."""
    return f"original:{key}:{digest}"
