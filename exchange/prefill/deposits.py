"""What was deposited earlier of a case's parties, as far as the rules recognise it and whoever asks may know of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Set

from catalog.cases.store import parties
from catalog.prefill.earlier import DEPOSITED, Kept
from catalog.prefill.view import Deposit
from exchange.prefill.looking import Looking
from exchange.queries import materials
from exchange.queries.materials import ALL, ENTRY
from licence_vault.materials import keeping, rules
from licence_vault.materials.keeping import Material
from schemas.service_items import APPLICANT, Item

MATERIAL = "material"
Key = tuple[str, ...]


def of_parties(looking: Looking, items: Iterable[Item]) -> dict[Key, Deposit]:
    """Return the deposits by item and what they satisfy (item, `material`, party, kind), the newest verified of each.

    One counts that the item recognises, whose kind was granted for it or which the department deposited itself, and
    which no licence covers. What is not told reads as if it were not there.
    """
    wanted = [(item, party, kind) for item in items for party, kind in _asked(item) if party in looking.people]
    if looking.is_ended:
        wanted = [each for each in wanted if each[1] != APPLICANT]
    held = _held(looking, {party for _, party, _ in wanted})
    found: dict[Key, Deposit] = {}
    for item, party, kind in wanted:
        for each in held.get(party, ()):
            fields = _told(looking, each, item) if each.kind == kind else set()
            if fields and not materials.why_not(looking.counter, each, item.code) and not _is_covered(looking, each):
                found[(item.name, MATERIAL, party, kind)] = _deposit(looking, each, fields)
                break
    return found


def counting(looking: Looking, kept: Iterable[Kept], codes: Iterable[str]) -> dict[str, bool]:
    """Say by id of materials that were deposited in earlier cases whether they count still, for an item asked for.

    Whosever they are of the parties of this case: the applicant's and the others'. What is nobody's of them counts not.
    """
    used = {(each.ref, each.item) for case in kept for each in case.attachments if each.how == DEPOSITED and each.ref}
    used = {(ref, item) for ref, item in used if item in codes}
    if not used:
        return {}
    theirs = {each for each, _ in parties(looking.connection, looking.leave.case.case_id)}
    theirs |= {each for party in looking.people.values() for each in materials.hashes(looking.counter, party)}
    found = keeping.of_ids(looking.connection, {ref for ref, _ in used})
    held = {each.material_id: each for each in found
            if materials.is_of(looking.counter, looking.connection, each, theirs)}  # fmt: skip
    return {
        ref: ref in held and not materials.why_not(looking.counter, held[ref], item)
        and not _is_covered(looking, held[ref])
        for ref, item in sorted(used)
    }  # fmt: skip


def noted(found: Mapping[Key, Deposit]) -> Iterator[tuple[str, str]]:
    """Yield what was looked at, by party, for the ledger."""
    yield from dict.fromkeys((party, ENTRY + kind) for _, _, party, kind in found)


def _asked(item: Item) -> Iterator[tuple[str, str]]:
    yield from dict.fromkeys((way.party, way.name) for m in item.materials for way in m.ways if way.kind == MATERIAL)


def _held(looking: Looking, parties: Set[str]) -> dict[str, list[Material]]:
    """Return the materials of some parties, in one look-up."""
    hashed = {
        each: party for party in parties for each in materials.hashes(looking.counter, looking.people[party])
    }  # fmt: skip
    found: dict[str, list[Material]] = {}
    for each in keeping.of_subjects(looking.connection, hashed) if hashed else ():
        found.setdefault(hashed[each.subject_hash], []).append(each)
    return found


def _told(looking: Looking, each: Material, item: Item) -> Set[str]:
    """Return which information items of a material may be told for an item; nothing: not even that it is there."""
    if each.department == looking.department:
        return ALL
    granted = [
        given.fields for given in looking.leave.grants
        if given.entry_id == ENTRY + each.kind and (not given.items or item.code in given.items)
    ]  # fmt: skip
    return {field for fields in granted for field in fields}


def _deposit(looking: Looking, each: Material, fields: Set[str]) -> Deposit:
    kind = looking.counter.catalogue.declarations.materials[each.kind]
    return Deposit(
        each.material_id, each.kind, each.department if "verified_by" in fields else None, each.verified_against,
        each.deposited_at[:10] if "deposited_on" in fields else None, rules.fresh_until(kind, each),
    )  # fmt: skip


def _is_covered(looking: Looking, each: Material) -> bool:
    kind = looking.counter.catalogue.declarations.materials[each.kind]
    if not kind.covered_by:
        return False
    holder = looking.counter.materials.holder(looking.connection, each.material_id)
    return bool(materials.covering(looking.counter, looking.connection, kind, holder))
