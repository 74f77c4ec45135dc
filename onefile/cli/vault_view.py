"""What `onefile vault show` tells of one licence: its versions, its state with both times, its proof."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from licence_vault.exporting import Kept
    from licence_vault.vault import Vault


@dataclass(frozen=True)
class Asked:
    """By what a licence is asked for; exactly one of identifier, holder and number is given."""

    licence: str | None
    holder: str | None
    licence_type: str | None
    number: str | None


@dataclass(frozen=True)
class LicenceView:
    """One licence, with all its versions. `state` is None when nothing was known of that day then."""

    kept: tuple[Kept, ...]
    on: date
    known_at: datetime
    state: str | None
    log_size: int


def views(
    vault: Vault, declarations: tuple[Path, ...], asked: Asked, on: date, known_at: datetime
) -> list[LicenceView]:
    """Return the licences that are asked for, in the order of their identifiers."""
    from licence_vault import store
    from licence_vault.exporting import opened
    from licence_vault.standing import standing

    head = vault.log.checkpoint()
    size = 0 if head is None else head.size
    with vault.looking() as connection:
        found = [store.versions_of(connection, key) for key in _keys(vault, connection, declarations, asked)]
    shown = []
    for versions in found:
        sealed = [version for version in versions if version.leaf_index < size]
        told = standing(sealed, on, known_at)
        kept = tuple(opened(vault, version) for version in sealed)
        if kept:
            shown.append(LicenceView(kept, on, known_at, None if told is None else told[0], size))
    return shown


def subject_ids(kept: Kept) -> list[str]:
    """Return the internal ids of a licence's holders."""
    from schemas.subjects import NotASubjectNumber, subject_numbers

    found = []
    for holder in json.loads(kept.payload)["holders"]:
        try:
            numbers = subject_numbers(holder["number"])
        except NotASubjectNumber:
            continue
        found += [number.subject_id for number in numbers if number.kind == holder["kind"]]
    return found


def as_json(view: LicenceView) -> dict[str, Any]:
    """Return a licence as a JSON object."""
    newest = json.loads(view.kept[-1].payload)
    return {
        "format": "onefile.licence-view/1",
        "id": newest["id"],
        "type_name": newest["type_name"],
        "on": view.on.isoformat(),
        "known_at": view.known_at.isoformat(),
        "state": view.state,
        "log_size": view.log_size,
        "versions": [
            {"leaf_index": kept.version.leaf_index, "recorded_at": kept.version.recorded_at, **json.loads(kept.payload)}
            for kept in view.kept
        ],
    }


def told(view: LicenceView, lang: str) -> str:
    """Return a licence in lines."""
    from licence_vault.lifecycle import EVENTS

    newest = json.loads(view.kept[-1].payload)
    state = view.state or ("不明" if lang == "zh" else "not known")
    head = f"{newest['type_name']}  {newest['id']}\n"
    head += f"  {view.on.isoformat()} {'状态' if lang == 'zh' else 'state'}: {state}"
    lines = [head]
    for kept in view.kept:
        version = kept.version
        event = EVENTS[version.event] if lang == "zh" else version.event
        until = version.valid_until or "…"
        lines.append(
            f"  v{version.version}  {version.recorded_at}  {event}  {version.state} ({version.raw_state or '-'})"
            f"  {version.since_on}  {version.valid_from}–{until}  #{version.leaf_index}"
        )
    lines += [f"    {_plain(code)}: {_plain(str(value))}" for code, value in newest["data"].items() if value != ""]
    return "\n".join(lines)


def _keys(vault: Vault, connection: Any, declarations: tuple[Path, ...], asked: Asked) -> list[str]:
    from licence_vault import store
    from schemas.identifiers import licence_id
    from schemas.subjects import subject_numbers

    if asked.licence is not None:
        wanted = licence_id(asked.licence)
        return [f"{wanted.type}.{wanted.issuer}.{wanted.serial}"]
    if asked.number is not None:
        kind = _type_code(declarations, asked.licence_type)
        return store.keys_of_printed(connection, vault.at_rest.printed(kind, given(asked.number)))
    numbers = subject_numbers(given(asked.holder or ""))
    keys = [key for n in numbers for key in store.keys_of_holder(connection, vault.at_rest.holder(n.kind, n.number))]
    if asked.licence_type is None:
        return keys
    code = _type_code(declarations, asked.licence_type)
    return [key for key in keys if key.startswith(f"{code}.")]


def _type_code(declarations: tuple[Path, ...], name: str | None) -> str:
    import catalog
    from licence_vault.errors import UnknownLicenceType
    from schemas.errors import one_of

    licences = catalog.load(declarations).declarations.licences
    if name is None or name not in licences:
        raise UnknownLicenceType(name or "", one_of(licences, name))
    return licences[name].code


def given(text: str) -> str:
    """Return a number as given, or, for -, the one on standard input."""
    if text != "-":
        return text.strip()
    lines = sys.stdin.read(1000).split()
    if len(lines) != 1:
        raise click.UsageError("standard input must hold one number and nothing else")
    return lines[0]


def _plain(text: str) -> str:
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
