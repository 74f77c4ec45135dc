"""What `onefile vault show` tells of one licence: its versions, its state with both times, its proof."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from catalog.licence_marks import FieldMarks
    from licence_vault.exporting import Kept
    from licence_vault.originals.collecting import Original
    from licence_vault.presentations.records import Recorded
    from licence_vault.provenance import Source
    from licence_vault.vault import Vault
    from onefile.verify.checkpoint import Checkpoint


@dataclass(frozen=True)
class Asked:
    """By what a licence is asked for; exactly one of identifier, holder and number is given."""

    licence: str | None
    holder: str | None
    licence_type: str | None
    number: str | None


@dataclass(frozen=True)
class LicenceView:
    """One licence, with all its versions. `state` is None when nothing was known of that day then.

    `sources` says by version which statement brought it; `proofs` are of the versions, in `head`'s tree;
    `presentations` are what was shown of it, or refused.
    """

    kept: tuple[Kept, ...]
    on: date
    known_at: datetime
    state: str | None
    head: Checkpoint
    sources: dict[int, Source]
    originals: tuple[Original, ...]
    proofs: tuple[tuple[str, ...], ...]
    presentations: tuple[Recorded, ...]


def views(
    vault: Vault, declarations: tuple[Path, ...], asked: Asked, on: date, known_at: datetime
) -> list[LicenceView]:
    """Return the licences that are asked for, in the order of their identifiers."""
    from licence_vault import provenance, store
    from licence_vault.exporting import opened
    from licence_vault.originals import collecting
    from licence_vault.presentations import records
    from licence_vault.standing import standing
    from onefile.verify.checkpoint import Checkpoint

    head = vault.log.checkpoint() or Checkpoint(vault.origin, 0, b"")
    wanted = keys(vault, declarations, asked)
    with vault.looking() as connection:
        found = [
            (store.versions_of(connection, k), provenance.sources_of(connection, k), records.of_licence(connection, k))
            for k in wanted
        ]
    shown = []
    for versions, sources, presentations in found:
        sealed = [version for version in versions if version.leaf_index < head.size]
        told = standing(sealed, on, known_at)
        kept = tuple(opened(vault, version) for version in sealed)
        if kept:
            originals = tuple(collecting.originals_of(vault, kept[0].version.licence_key))
            proofs = tuple(_proof(vault, version.leaf_index, head.size) for version in sealed)
            state = None if told is None else told[0]
            shown.append(LicenceView(kept, on, known_at, state, head, sources, originals, proofs, tuple(presentations)))
    return shown


def _proof(vault: Vault, index: int, size: int) -> tuple[str, ...]:
    return tuple(item.hex() for item in vault.log.tree().inclusion_proof(index, size))


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
        "log_size": view.head.size,
        "log_root": view.head.root.hex(),
        "versions": [_version(view, kept, proof) for kept, proof in zip(view.kept, view.proofs, strict=True)],
        "originals": [_original(original) for original in view.originals],
        "presentations": [asdict(presentation) for presentation in view.presentations],
    }


def _used(presentation: Recorded, lang: str) -> str:
    from licence_vault.presentations.records import OUTCOMES

    outcome = OUTCOMES.get(presentation.outcome, presentation.outcome) if lang == "zh" else presentation.outcome
    place = f"{presentation.audience}  {presentation.item}  {presentation.case_no}"
    return f"  {'出示' if lang == 'zh' else 'presented'} {presentation.made_at}  {outcome}  {_plain(place)}"


def _version(view: LicenceView, kept: Kept, proof: tuple[str, ...]) -> dict[str, Any]:
    source = view.sources.get(kept.version.version)
    brought = None
    if source is not None:
        brought = {"resource": source.resource, "delivery": source.delivery, "row": source.row_no}
    own = {"leaf_index": kept.version.leaf_index, "recorded_at": kept.version.recorded_at}
    return {**own, "source": brought, "proof": list(proof), **json.loads(kept.payload)}


def _original(original: Original) -> dict[str, Any]:
    from onefile.cli.vault_originals import summary

    own = {"digest": original.digest, "identifier": original.identifier, "collected_at": original.collected_at}
    return {**own, "size": len(original.content), **summary(original.report)}


def told(view: LicenceView, lang: str, marks: FieldMarks) -> str:
    """Return a licence in lines; beside a field, or its state, what is open about the value that it is printed from."""
    from licence_vault.lifecycle import EVENTS
    from onefile.cli import vault_originals

    newest = json.loads(view.kept[-1].payload)
    state = view.state or ("不明" if lang == "zh" else "not known")
    nature = {"zh": "证照数据", "en": "licence data, made from records"}[lang]
    head = f"{newest['type_name']}  {newest['id']}  {nature}\n"
    head += f"  {view.on.isoformat()} {'状态' if lang == 'zh' else 'state'}: {state}{_marked(marks, 'state', lang)}"
    lines = [head]
    for kept in view.kept:
        version = kept.version
        event = EVENTS[version.event] if lang == "zh" else version.event
        until = version.valid_until or "…"
        lines.append(
            f"  v{version.version}  {version.recorded_at}  {event}  {version.state} ({version.raw_state or '-'})"
            f"  {version.since_on}  {version.valid_from}–{until}  #{version.leaf_index}"
        )
        source = view.sources.get(version.version)
        if source is not None:
            lines.append(f"      {source.resource}  {source.delivery}  #{source.row_no}")
    lines += [line for original in view.originals for line in vault_originals.lines(lang, original)]
    lines += [_used(presentation, lang) for presentation in view.presentations]
    proof = f"{view.head.size} {'条' if lang == 'zh' else 'leaves'}, {view.head.root.hex()}"
    lines.append(f"  {'日志' if lang == 'zh' else 'log'} {_plain(view.head.origin)}: {proof}")
    lines += [
        f"    {_plain(code)}: {_plain(str(value))}{_marked(marks, code, lang)}"
        for code, value in newest["data"].items() if value != ""
    ]  # fmt: skip
    return "\n".join(lines)


def _marked(marks: FieldMarks, code: str, lang: str) -> str:
    from onefile.cli.trace import MARKS

    words = (f"{MARKS[m['what']][0 if lang == 'zh' else 1]} ({m['id']})" for m in marks.get(code, []))
    return "".join(f"  ⚠ {each}" for each in words)


def keys(vault: Vault, declarations: tuple[Path, ...], asked: Asked) -> list[str]:
    """Return the keys of the licences that are asked for."""
    from licence_vault import store

    if asked.licence is not None:
        return _keys_of_identifier(vault, asked.licence)
    code = None if asked.licence_type is None else _type_code(declarations, asked.licence_type)
    with vault.looking() as connection:
        if asked.number is not None:
            return store.keys_of_printed(connection, vault.at_rest.printed(code or "", given(asked.number)))
        found = _keys_of_holder(vault, connection, given(asked.holder or ""))
    return [key for key in found if code is None or key.startswith(f"{code}.")]


def _keys_of_holder(vault: Vault, connection: Connection, number: str) -> list[str]:
    from licence_vault import store
    from schemas.subjects import subject_numbers

    hashes = [vault.at_rest.holder(found.kind, found.number) for found in subject_numbers(number)]
    return [key for each in hashes for key in store.keys_of_holder(connection, each)]


def _keys_of_identifier(vault: Vault, text: str) -> list[str]:
    """Return the licence of an electronic identifier, or those whose original has that identifier of its authority."""
    from licence_vault.originals.collecting import keys_of_identifier
    from schemas.identifiers import InvalidIdentifier, licence_id

    collected = keys_of_identifier(vault, text)
    try:
        wanted = licence_id(text)
    except InvalidIdentifier:
        if collected:
            return collected
        raise
    return list(dict.fromkeys([f"{wanted.type}.{wanted.issuer}.{wanted.serial}", *collected]))


def _type_code(declarations: tuple[Path, ...], name: str | None) -> str:
    import catalog
    from licence_vault.errors import UnknownLicenceType
    from schemas.errors import one_of

    licences = catalog.load(declarations, with_items=False).declarations.licences
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
