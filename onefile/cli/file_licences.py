"""The licences of a one file's subject: how each stands on a day, as it was known at an instant.

They come from the vault's tables by the keyed hash of the subject's numbers: type, state, days and the identifier by
which `onefile vault show` tells more. A payload is opened only where several are of one type: what tells them apart,
the number on its face and the key of its record (an insurance's kind, its employer), is nowhere else.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
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
    from schemas.serving.reading import licences_of, payload_of, reading

    hashes = [finder.holder(shown["kind"], number) for number in _numbers(shown)]
    found: dict[str, list[_Version]] = {}
    with reading(settings.database_url) as snapshot:
        for row in (row for each in hashes for row in licences_of(snapshot, each)):
            version = _Version(*row)
            if version not in found.setdefault(version.licence_key, []):
                found[version.licence_key].append(version)
        told = [state for each in found.values() if (state := standing(each, asked.on, asked.known_at)) is not None]
        views = sorted((_view(catalogue, *state) for state in told), key=lambda view: (view["type"], view["id"]))
        keys = {_id(version): version for _, version in told}
        for _, alike in groupby(views, key=lambda view: view["type"]):
            several = [*alike]
            for view in several if len(several) > 1 else ():
                version = keys[view["id"]]
                kept = payload_of(snapshot, version.licence_key, version.version)
                view["details"] = _details(catalogue, finder, view, kept)
    return views


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


def _id(version: _Version) -> str:
    from licence_vault.payloads import place_of

    return place_of(version.licence_key, version.version).id


def _details(
    catalogue: Catalogue, finder: AtRest, view: Mapping[str, Any], kept: tuple[bytes, bytes | None, str]
) -> dict[str, Any]:  # fmt: skip
    """Return what tells a licence from others of its type, as far as it may be shown; nothing where it was erased."""
    from licence_vault.at_rest import Sealed
    from licence_vault.errors import PayloadErased
    from onefile.cli.file_view import detail

    kind = catalogue.declarations.licences.get(view["type"])
    if kind is None:
        return {}
    try:
        payload = json.loads(finder.open(view["id"], Sealed(*kept))[1])
    except PayloadErased:
        return {}
    table = catalogue.declarations.tables[kind.table]
    fields = {each.column: each.code for each in kind.fields if each.is_disclosable and each.column in table.key}
    said = {column: payload["data"].get(code) for column, code in fields.items()}
    if kind.printed is not None:
        said = {kind.printed: payload["printed_number"], **said}
    said = {column: str(value) for column, value in said.items() if value not in (None, "")}
    return {column: detail(catalogue, table.column(column), column, said) for column in said}


def _view(catalogue: Catalogue, state: str, version: _Version) -> dict[str, Any]:
    kind = catalogue.declarations.licences.get(version.type_name)
    issuer = catalogue.declarations.departments.get(kind.issuer) if kind else None
    return {
        "id": _id(version),
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
        "details": {},
    }
