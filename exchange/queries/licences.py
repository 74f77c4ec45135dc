"""Licences as a grant gives them: how each stands, the granted fields, where it is in the log."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from catalog import licence_marks, marking
from catalog.grants import Given
from catalog.licence_marks import FieldMarks
from catalog.model import Catalogue
from catalog.objections import marks
from catalog.requests import read_rows
from exchange.access.purposes import Leave
from exchange.errors import FieldNotGranted
from licence_vault import store
from licence_vault.errors import PayloadErased
from licence_vault.exporting import Kept, opened
from licence_vault.holders import subject_ids
from licence_vault.presentations import consents
from licence_vault.standing import standing
from licence_vault.store import Version
from licence_vault.vault import Vault
from schemas.identifiers import InvalidIdentifier, licence_id
from schemas.licence_types import METADATA_CODES, LicenceType
from schemas.model import Declarations
from schemas.serving.ahead import Question
from schemas.serving.connection import looked_up
from schemas.subjects import SubjectNumber

ENTRY = "licence."
PERIOD = {"valid_from": "ZZYXQQSRQ", "valid_until": "ZZYXQJZRQ"}
"""What a licence's first and last day are called in an answer, and as fields that are granted."""
_SIZE: Question = (
    "SELECT size_after FROM licence_batch WHERE state = :state ORDER BY batch_no DESC LIMIT 1",
    {"state": store.SEALED},
)


@dataclass(frozen=True)
class Held:
    """A licence that a grant covers: its newest version opened, how it stands, under which grant."""

    kept: Kept
    kind: LicenceType
    state: str
    given: Given
    is_agreed: bool


@dataclass(frozen=True)
class Looker:
    """Who looks, and when: what finding licences needs besides a connection."""

    vault: Vault
    kinds: Mapping[str, LicenceType]
    catalogue: Catalogue
    leave: Leave
    department: str
    at: datetime
    on: date

    def held(
        self, connection: Connection, key: str, wanted: int | None = None, versions: list[Version] | None = None
    ) -> Held | None:  # fmt: skip
        """Return a licence by its key, as far as a grant covers it: None where none does, as where there is none.

        Args:
            wanted: the version; None: the one that says how it stands.
            versions: all of its versions, where they are read already.
        """
        kind = self.kinds.get(key.partition(".")[0])
        given = None if kind is None else self._given(kind, key.split(".")[1])
        versions = _sealed(connection, store.versions_of(connection, key) if versions is None else versions)
        told = standing(versions, self.on, self.at)
        if kind is None or given is None or told is None:
            return None
        state, version = told
        chosen = next((v for v in versions if v.version == wanted), None) if wanted is not None else version
        if chosen is None:
            return None
        if chosen.version != versions[-1].version:
            state = "superseded"
        try:
            kept = opened(self.vault, chosen)
        except PayloadErased:
            return None
        return Held(kept, kind, state, given, self._is_agreed(connection, kind, key, given))

    def _given(self, kind: LicenceType, issuer: str) -> Given | None:
        """Return the grant cited that covers a licence type, of that issuer (its code)."""
        departments = self.catalogue.declarations.departments.values()
        level = next((d.level for d in departments if d.code == issuer), "")
        area = issuer[2:8] if len(issuer) == 18 else issuer
        for given in self.leave.grants:
            if given.entry_id == ENTRY + kind.name and read_rows(given.rows).covers(area, level):
                return given
        return None

    def _is_agreed(self, connection: Connection, kind: LicenceType, key: str, given: Given) -> bool:
        """Say whether nobody has to consent, or the holder did."""
        if not kind.needs_consent:
            return True
        asked = consents.of_licence(connection, key)
        return any(one.covers(self.department, given.fields, self.leave.item, self.on) for one in asked)


def of_holder(connection: Connection, vault: Vault, pairs: Iterable[tuple[str, str]]) -> dict[str, list[Version]]:
    """Return the licences that (kind, number) pairs hold, by key, each with its versions."""
    found: dict[str, list[Version]] = {}
    for kind, number in pairs:
        found |= store.versions_of_holder(connection, vault.at_rest.holder(kind, number))
    return found


def questions(
    vault: Vault, holders: Iterable[SubjectNumber] = (), keys: Iterable[str] = (),
    printed: Iterable[tuple[str, str]] = (),
) -> list[Question]:  # fmt: skip
    """Return what finding licences will ask the database, and what is in question of a holder's.

    Args:
        keys: of licences; `printed`: codes of types with the number on a licence's face.
    """
    asked = list(holders)
    found = [store.question_of_holder(vault.at_rest.holder(each.kind, each.number)) for each in asked]
    marked = [marking.question([each.subject_id]) for each in asked[:1] if len(asked) == 1]
    by_number = [store.question_of_printed(_printed(vault, *each)) for each in printed]
    return [*found, *map(store.question_of, keys), *by_number, _SIZE, *marked]


def keys_of_printed(connection: Connection, vault: Vault, type_code: str, number: str) -> list[str]:
    """Return the licences of a type with that number on their face."""
    return store.keys_of_printed(connection, _printed(vault, type_code, number))


def _printed(vault: Vault, type_code: str, number: str) -> bytes:
    return vault.at_rest.printed(type_code, number.strip())


def key_of(identifier: str) -> tuple[str, int] | None:
    """Return the key and version that an electronic identifier names; None where it is none."""
    try:
        found = licence_id(identifier)
    except InvalidIdentifier:
        return None
    return f"{found.type}.{found.issuer}.{found.serial}", found.version


def allowed(held: Held, asked: tuple[str, ...]) -> tuple[str, ...] | None:
    """Return the fields of a licence that may be shown of those asked for (none: all); None beyond the grant."""
    may = {*METADATA_CODES, *(one.code for one in held.kind.fields if one.is_disclosable)}
    granted = [name for name in held.given.fields if name in may]
    if set(asked) - set(granted):
        return None
    return tuple(name for name in granted if not asked or name in asked)


def view(
    held: Held, fields: tuple[str, ...], origin: str, on: date, disputed: FieldMarks
) -> dict[str, Any]:  # fmt: skip
    """Return a licence as it is shown; without its holder's consent, where that is needed, no field of it.

    From when until when it is valid is told where that field is shown, and nowhere else.

    Args:
        disputed: the marks of its fields, and of its state.
    """
    version, data = held.kept.version, json.loads(held.kept.payload)["data"]
    labels = {**METADATA_CODES, **{one.code: one.label for one in held.kind.fields}}
    shown = fields if held.is_agreed else ()
    return {
        "id": held.kept.place.id,
        "type": held.kind.name,
        "label": held.kind.label,
        "label_en": held.kind.label_en,
        "state": held.state,
        "since_on": version.since_on,
        **{name: getattr(version, name) for name, code in PERIOD.items() if code in shown},
        "version": version.version,
        "needs_consent": not held.is_agreed,
        "fields": {name: {"label": labels[name], "value": data.get(name)} for name in shown},
        "disputed": licence_marks.of_fields(disputed, (*shown, licence_marks.STATE)),
        "source": {"resource": ENTRY + held.kind.name, "department": held.kind.issuer},
        "observed_on": version.recorded_at[:10],
        "age_days": (on - date.fromisoformat(version.recorded_at[:10])).days,
        "log": {
            "origin": origin,
            "leaf_index": version.leaf_index,
            "entry": base64.b64encode(version.entry()).decode("ascii"),
        },
    }


def disputed(connection: Connection, held: Iterable[Held], known: Declarations) -> list[FieldMarks]:
    """Return, licence by licence, what of it is printed from a value that is in question."""
    holders = [(each.kind, subject_ids(each.kept)) for each in held]
    marked = marks(connection, sorted({subject for _, ids in holders for subject in ids}))
    return [licence_marks.in_question(kind, known, marked, ids) for kind, ids in holders]


def _sealed(connection: Connection, versions: list[Version]) -> list[Version]:
    """Return the versions that the log's checkpoint covers."""
    found = looked_up(connection, *_SIZE)
    size = int(found[0][0]) if found else 0
    return [version for version in versions if version.leaf_index < size]


def in_force(held: list[Held], field: str, contains: str) -> str:
    """Say whether one of some licences is in force, for a scope where one is named: yes, no, unknown.

    Raises:
        FieldNotGranted: the field that has the scope is not granted.
    """
    valid = [each for each in held if each.state == "valid"]
    if not contains:
        return "yes" if valid else "no"
    if any(field not in each.given.fields for each in held):
        raise FieldNotGranted
    scopes = [str(json.loads(each.kept.payload)["data"].get(field) or "") for each in valid]
    return "yes" if any(contains in scope for scope in scopes) else "no"
