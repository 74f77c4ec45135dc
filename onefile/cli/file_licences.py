"""The licences of a one file's subject: how each stands on a day, as it was known at an instant.

They come from the vault's tables by the keyed hash of the subject's numbers, no payload is
opened: type, state, days and the identifier by which `onefile vault show` tells more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.model import Catalogue
    from licence_vault.at_rest import AtRest
    from licence_vault.keystore import Keystore


@dataclass(frozen=True)
class Asked:
    """For which day, and by what was known when."""

    on: date
    known_at: datetime


def at_rest(settings: Settings, keys: Keystore) -> AtRest | None:
    """Return what finds a holder's licences; None where nothing was ever issued."""
    if not (settings.home / "log" / "checkpoint").exists():
        return None
    from licence_vault.at_rest import at_rest_of

    return at_rest_of(keys)


def licences(settings: Settings, finder: AtRest, catalogue: Catalogue, shown: Mapping[str, Any], asked: Asked) -> list[
    dict[str, Any]
]:  # fmt: skip
    """Return the licences that any number of a shown file holds, by type and identifier."""
    from licence_vault.standing import standing
    from schemas.serving.reading import licences_of, reading

    hashes = [finder.holder(shown["kind"], number) for number in _numbers(shown)]
    found: dict[str, list[_Version]] = {}
    with reading(settings.database_url) as snapshot:
        for row in (row for each in hashes for row in licences_of(snapshot, each)):
            version = _Version(*row)
            if version not in found.setdefault(version.licence_key, []):
                found[version.licence_key].append(version)
    told = [(standing(versions, asked.on, asked.known_at), versions) for versions in found.values()]
    views = [_view(catalogue, state[0], state[1]) for state, _ in told if state is not None]
    return sorted(views, key=lambda view: (view["type"], view["id"]))


@dataclass(frozen=True)
class _Version:
    """A row of `schemas.serving.reading.licences_of`."""

    licence_key: str
    type_name: str
    version: int
    recorded_at: str
    event: str
    state: str
    raw_state: str
    since_on: str
    valid_from: str
    valid_until: str | None


def _numbers(shown: Mapping[str, Any]) -> Iterable[str]:
    return dict.fromkeys([shown["number"], *(identifier["number"] for identifier in shown["identifiers"])])


def _view(catalogue: Catalogue, state: str, version: _Version) -> dict[str, Any]:
    from licence_vault.payloads import place_of

    kind = catalogue.declarations.licences.get(version.type_name)
    issuer = catalogue.declarations.departments.get(kind.issuer) if kind else None
    return {
        "id": place_of(version.licence_key, version.version).id,
        "type": version.type_name,
        "label": kind.label if kind else version.type_name,
        "label_en": kind.label_en if kind else version.type_name,
        "issuer": issuer.name if issuer else None,
        "issuer_en": issuer.name_en if issuer else None,
        "state": state,
        "raw_state": version.raw_state,
        "since_on": version.since_on,
        "valid_from": version.valid_from,
        "valid_until": version.valid_until,
        "version": version.version,
    }
