"""Erasing a licence's content for good: the keys of its payloads are destroyed, and what finds it; its leaves stay.

Its versions stay in table and log, with their states: status lists and proofs of others go on.
Nothing is issued on it afterwards (`erased`), so that the next delivery does not bring it back.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import update

from licence_vault import provenance, store
from licence_vault.errors import AlreadyErased, NoSuchLicence
from licence_vault.vault import Vault
from onefile.verify.reading import instant_text
from schemas.serving.connection import scrub
from schemas.serving.tables import LICENCE_ORIGINAL


@dataclass(frozen=True)
class Erased:
    """What was destroyed: the content of so many versions and originals."""

    licence_key: str
    versions: int
    originals: int


def erase(vault: Vault, key: str, *, at: datetime, operator: str, reason: str) -> Erased:
    """Destroy the keys of a licence's payloads and originals, in one transaction, with the record of it.

    Args:
        operator: who does it.
        reason: on what ground; without personal data, it stands in the record.

    Raises:
        NoSuchLicence: there is none of that key.
        AlreadyErased: it was erased before.
        ServingError: as the database says.
    """
    with vault.tables() as connection:
        if not store.versions_of(connection, key):
            raise NoSuchLicence
        if provenance.erased(connection, {key}):
            raise AlreadyErased
        versions = store.erase(connection, key)
        own = LICENCE_ORIGINAL
        originals = connection.execute(update(own).where(own.c.licence_key == key).values(wrapped_key=None)).rowcount
        provenance.put_erasure(connection, key, instant_text(at), operator, reason, versions)
    scrub(vault.url)
    return Erased(key, versions, originals)
