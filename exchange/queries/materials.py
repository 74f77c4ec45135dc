"""Shared materials at the counter: whose they are, whether they count, and which licence takes the place of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import Any

from sqlalchemy import Connection

from catalog.entries import MATERIAL_ITEMS
from exchange.counter import Counter
from exchange.queries.finding import Sought
from ledger.entry import subject_hash
from licence_vault.materials import covering as covered
from licence_vault.materials import keeping, rules
from licence_vault.materials.keeping import HELD, Holder, Material
from schemas.service_items import MaterialKind
from schemas.subjects import subject_numbers

ENTRY = "material."
"""What a material is called in the catalogue, in a grant and in the ledger, before its kind."""
ALL = frozenset(name for name, *_ in MATERIAL_ITEMS)
"""All that a grant can give of a material."""


def hashes(counter: Counter, sought: Sought) -> list[str]:
    """Return the keyed hashes under which a subject's materials lie: of whoever its number may be."""
    ids = dict.fromkeys((*sought.subject_ids, *(number.subject_id for number in sought.numbers)))
    return [subject_hash(counter.subject_secret, each) for each in ids]


def holder_of(sought: Sought) -> Holder:
    """Return whose a material is that somebody hands in."""
    number = sought.numbers[0]
    return Holder(sought.subject_ids[0], number.kind, number.number)


def covering(counter: Counter, connection: Connection, kind: MaterialKind, holder: Holder) -> str:
    """Return the key of a licence in force that covers a holder's materials of a kind; empty where there is none."""
    if not kind.covered_by:
        return ""
    hashed = counter.vault.at_rest.holder(holder.kind, holder.number)
    return covered.covering(connection, kind, counter.kinds.values(), hashed, counter.today(), counter.now())


def settled(counter: Counter, material: Material) -> Material:
    """Return a material as it stands once a licence has taken its place, where one covers it. Writes that down."""
    kind = counter.catalogue.declarations.materials[material.kind]
    if material.state != HELD or not kind.covered_by:
        return material
    with counter.database.looking() as connection:
        holder = counter.materials.holder(connection, material.material_id)
        licence = covering(counter, connection, kind, holder)
    if not licence:
        return material
    with counter.database.writing() as connection:
        keeping.retire(connection, material, licence, counter.now())
        return keeping.find(connection, material.material_id)


def is_of(counter: Counter, connection: Connection, material: Material, hashed: Set[str]) -> bool:
    """Say whether a material's holder is among subjects (keyed hashes), by its id or by its number."""
    if material.subject_hash in hashed:
        return True
    holder = counter.materials.holder(connection, material.material_id)
    ids = [number.subject_id for number in subject_numbers(holder.number)]
    return any(subject_hash(counter.subject_secret, each) in hashed for each in ids)


def why_not(counter: Counter, material: Material, item: str) -> str:
    """Return why a material does not count for an item (its code) today; empty: it does."""
    declared = counter.catalogue.declarations
    name = next((each.name for each in declared.items.values() if each.code == item), item)
    return rules.why_not(declared.materials[material.kind], material, name, counter.today())


def told(counter: Counter, material: Material, why: str, fields: Set[str] = ALL) -> dict[str, Any]:
    """Return a material as JSON's types; of who verified it, and when, what may be told (`fields`), else null."""
    by, on = "verified_by" in fields, "verified_on" in fields
    kind = counter.catalogue.declarations.materials[material.kind]
    reason = rules.WHY_NOT.get(why)
    return {
        "format": "onefile.material/1", "material_id": material.material_id, "kind": material.kind,
        "label": {"zh": kind.label.zh, "en": kind.label.en}, "origin": material.origin,
        "department": material.department if by else None, "verified_by": material.verified_by if by else None,
        "verified_against": material.verified_against, "verified_on": material.verified_on if on else None,
        "dated_on": material.dated_on, "fresh_until": rules.fresh_until(kind, material),
        "deposited_at": material.deposited_at if "deposited_on" in fields else None,
        "media_type": material.media_type, "pages": material.pages,
        "size": material.size, "state": material.state, "counts": not why,
        "why_not": None if reason is None else {"zh": reason[0], "en": reason[1]},
    }  # fmt: skip


def own(counter: Counter, connection: Connection, subject_id: str) -> list[dict[str, Any]]:
    """Return a subject's materials as the subject sees them."""
    found = keeping.of_subjects(connection, [subject_hash(counter.subject_secret, subject_id)])
    return [own_told(counter, connection, each) for each in found]


def own_told(counter: Counter, connection: Connection, material: Material) -> dict[str, Any]:
    """Return a material as its holder sees it."""
    kind = counter.catalogue.declarations.materials[material.kind]
    events: Iterable[Mapping[str, Any]] = keeping.events(connection, material.material_id)
    shown = ("at", "event", "department", "case_no", "note")
    return {
        **told(counter, material, "" if material.state == HELD else "gone"),
        "note": material.note, "kept_basis": kind.kept_basis,
        "may_withdraw": kind.kept_by == "consent" and material.state == HELD,
        "events": [{name: each[name] for name in shown} for each in events],
    }  # fmt: skip
