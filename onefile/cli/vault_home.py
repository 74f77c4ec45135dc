"""What all verbs of the vault do: open it, find a licence in it, and put looks into the ledger."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from onefile.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog.licence_marks import FieldMarks
    from licence_vault.exporting import Kept
    from licence_vault.vault import Vault
    from schemas.licence_types import LicenceType

BASIS = "onefile vault"


def opened(settings: Settings) -> Vault:
    """Open the vault of the home."""
    from licence_vault.vault import open_vault

    return open_vault(
        settings.home, settings.database_url, settings.passphrase_file, settings.log_origin, settings.now()
    )


def record(settings: Settings, vault: Vault, purpose: str, shown: Iterable[Kept]) -> None:
    """Put the look into the ledger: an entry for each holder of each version shown, one when nothing was found."""
    from licence_vault.holders import subject_ids

    looks = [
        (subject, tuple(sorted(json.loads(kept.payload)["data"]))) for kept in shown for subject in subject_ids(kept)
    ]
    record_looks(settings, vault, purpose, looks)


def record_looks(
    settings: Settings, vault: Vault, purpose: str, looks: Iterable[tuple[str | None, tuple[str, ...]]]
) -> None:
    """Put looks into the ledger, each (subject, fields) once; one of nobody where there are none."""
    from ledger.entry import Look
    from ledger.record import Ledger

    ledger = Ledger(settings.home / "ledger", vault.keystore)
    for subject, fields in dict.fromkeys(looks) or [(None, ())]:
        ledger.append(Look(settings.now(), settings.operator, purpose, subject, fields, BASIS))


def retire_scans(settings: Settings, vault: Vault) -> None:
    """Let licences in force take the place of the deposited scans that they cover, where there are any scans."""
    import catalog
    from licence_vault.materials import keeping
    from licence_vault.materials.covering import retire_covered

    with vault.looking() as connection:
        if not keeping.is_any_held(connection):
            return
    declared = catalog.load(settings.declarations).declarations
    retire_covered(vault, declared.materials, declared.licences.values(), settings.today(), settings.now())


def disputed(settings: Settings, kept: Kept, kind: LicenceType) -> FieldMarks:
    """Return by field of a licence, and for its state, what is open about the values that it is printed from."""
    import catalog
    from catalog.licence_marks import in_question
    from licence_vault.holders import subject_ids
    from onefile.cli.looks import marks

    holders = subject_ids(kept)
    declared = catalog.load(settings.declarations).declarations
    return in_question(kind, declared, marks(settings, holders), holders)


def key_of(text: str) -> str:
    """Return what the identifiers of all versions of a licence share; InvalidIdentifier where the text is none."""
    from schemas.identifiers import licence_id

    found = licence_id(text)
    return f"{found.type}.{found.issuer}.{found.serial}"


def kinds_of(settings: Settings) -> dict[str, LicenceType]:
    """Return the declared licence types by code."""
    import catalog

    return {kind.code: kind for kind in catalog.load(settings.declarations).declarations.licences.values()}


def say(settings: Settings, zh: str, en: str) -> str:
    """Return the words of the user's language."""
    return zh if settings.lang == "zh" else en
