"""Closed cases are archived: what is known of each is gathered, packed, signed, checked, and kept sealed.

No Spark here. Again it changes nothing: a case has one package.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from catalog.cases import store
from catalog.cases.store import CaseFile
from catalog.model import Catalogue
from catalog.prefill import promises
from catalog.prefill.store import FORM
from ledger import index
from licence_vault import exporting
from licence_vault.archive import keeping as archives
from licence_vault.archive.errors import NotArchivable, NotPassed
from licence_vault.archive.keeping import Kept
from licence_vault.archive.packing import About, Part, packed
from licence_vault.at_rest import Sealed
from licence_vault.canonical import canonical
from licence_vault.errors import VaultError
from licence_vault.materials import keeping
from licence_vault.materials.checking import check
from licence_vault.materials.errors import FileRefused, NoSuchMaterial
from licence_vault.materials.keeping import RESULT, Material, Materials
from licence_vault.materials.scanning import Scan
from licence_vault.vault import Vault
from onefile.verify.archive import USE
from onefile.verify.reading import instant_text
from onefile.verify.trust import read_trust
from schemas.archives import keep_until
from schemas.identifiers import InvalidIdentifier, licence_id
from schemas.service_items import Item
from schemas.serving.prefill_tables import CASE_CHECK, CASE_FORM, CASE_NEED

ENDED = ("delivered", "not_accepted", "withdrawn")
"""States of a case that is over and was one: a draft that was given up is not archived."""
_ENDINGS = {
    "application/pdf": "pdf", "application/ofd": "ofd", "image/jpeg": "jpg", "image/png": "png",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
}  # fmt: skip
JSON, LINES = "application/json", "application/jsonl"


@dataclass(frozen=True)
class Archivist:
    """Who archives, with what: the vault and its materials, the catalogue, the home's ledger, a scanner, the clock."""

    vault: Vault
    materials: Materials
    known: Catalogue
    home: Path
    zone: tzinfo
    scan: Scan | None
    at: datetime
    by: str


def archive(by: Archivist, case: CaseFile) -> Kept:
    """Return the archive package of a case; where there is none yet, make it.

    Raises:
        NotArchivable: the case is not over, a promise in it was not settled, its fonds or retention is not declared, or
            something was deposited in it meanwhile.
        NotPassed: one of the four checks fails.
        VaultError, ServingError, DiskFull: what it is made from, or its place, is not to be had.
    """
    with by.vault.looking() as connection:
        there = archives.find(connection, case.case_id)
    if there is not None:
        return there
    about = _about(by, case)
    with by.vault.looking() as connection:
        if any(made.state in promises.OPEN for made in promises.of_case(connection, case)):
            raise NotArchivable(
                f"in case {case.number} a promise was not settled: it is archived once that was kept or broken"
            )
    by.vault.keystore.ensure((USE,), (), by.at)
    with by.vault.tables() as connection:
        index.caught_up(connection, by.home / "ledger")
    with by.vault.looking() as connection:
        parts, had = list(_parts(by, connection, case)), _deposits(connection, case)
    signer, trust = by.vault.keystore.signer(USE), read_trust(by.vault.keystore.trust())
    made = archives.put(by.materials, case.case_id, about, packed(about, parts, signer, trust), by.by)
    with by.vault.tables() as connection:
        if _deposits(connection, case) != had:
            raise NotArchivable(f"something was deposited in case {case.number} meanwhile: archive it anew")
        return archives.keep(connection, made)


def _deposits(connection: Connection, case: CaseFile) -> set[str]:
    return {each.material_id for each in keeping.of_case(connection, {case.draft_no, case.number})}


def archive_closed(by: Archivist) -> dict[str, int]:
    """Archive every case that is over; return how many were, and how many wait for something to be declared or mended.

    One that cannot be archived holds up no other: `onefile archive make` says why.
    """
    with by.vault.looking() as connection:
        done = {each.case_id for each in archives.listed(connection)}
        found = [each for each in store.listed(connection, "", "", None) if each.state in ENDED]
    counts = {"archived": 0, "waiting": 0}
    for case in found:
        if case.case_id not in done:
            counts["archived" if _is_archived(by, case) else "waiting"] += 1
    return counts


def _is_archived(by: Archivist, case: CaseFile) -> bool:
    try:
        archive(by, case)
    except (NotArchivable, NotPassed):
        return False
    return True


def _about(by: Archivist, case: CaseFile) -> About:
    item = next((each for each in by.known.declarations.items.values() if each.code == case.item), None)
    declared = by.known.archives
    if case.state not in ENDED or case.closed_at is None:
        raise NotArchivable(f"case {case.number} is {case.state}: it is archived once it is delivered, or ended")
    if item is None or item.name not in declared.retention:
        raise NotArchivable(f"item {case.item} has no retention period: declare it under 'retention' in archives.yml")
    if case.department not in declared.fonds:
        raise NotArchivable(f"{case.department} has no fonds number: declare it under 'fonds' in archives.yml")
    year = datetime.fromisoformat(case.closed_at).astimezone(by.zone).year
    fonds, period = declared.fonds[case.department], declared.retention[item.name]
    return About(
        f"{fonds}-{year}-{case.item}-{case.number}", fonds, case.department, case.item, case.number, period,
        keep_until(period, year), by.at, _case_about(by, case, item, year),
    )  # fmt: skip


def _case_about(by: Archivist, case: CaseFile, item: Item, year: int) -> dict[str, Any]:
    department = by.known.department(case.department)
    return {
        "year": year, "title": {"zh": item.label.zh, "en": item.label.en}, "department_name": department.name,
        "department_code": department.code, "draft": case.draft_no, "state": case.state, "result": case.result,
        "opened_at": case.opened_at, "accepted_on": case.accepted_on, "closed_at": case.closed_at,
        "legal_due_on": case.legal_due_on, "promised_due_on": case.promised_due_on,
    }  # fmt: skip


def _parts(by: Archivist, connection: Connection, case: CaseFile) -> Iterator[Part]:
    numbers = {case.draft_no, case.number}
    yield _json("case.json", "case", {
        "case": asdict(case), "steps": store.steps(connection, case.case_id),
        "stages": [each.number for each in store.stages(connection, case.case_id)],
        "parties": [{"subject": who, "role": role} for who, role in sorted(store.parties(connection, case.case_id))],
        "promises": [asdict(each) for each in promises.of_case(connection, case)],
    })  # fmt: skip
    yield _json("needs.json", "needs", _needs(connection, case))
    form = _form(by, connection, case)
    if form is not None:
        yield _json("form.json", "form", form)
    used = [each["ref"] for each in (form or {}).get("attachments", []) if each["how"] == "deposited"]
    found = keeping.of_case(connection, numbers, used, {who for who, _ in store.parties(connection, case.case_id)})
    for number, material in enumerate(sorted(found, key=_order), 1):
        yield _material(by, connection, number, material)
    for number, text in enumerate(_licences(case.result), 1):
        yield _licence(by, number, text)
    looks = [_look(each) for each in index.for_case(connection, numbers)]
    yield Part("looks.jsonl", b"".join(canonical(each) + b"\n" for each in looks), LINES, {"what": "looks"})
    yield Part("trust.json", by.vault.keystore.trust(), JSON, {"what": "keys"})


def _order(material: Material) -> tuple[bool, str, str, str]:
    """Return what orders materials in a package: what was handed in before what the case issued, the first first."""
    return material.origin == RESULT, material.deposited_at, material.kind, material.material_id


def _json(path: str, what: str, document: dict[str, Any]) -> Part:
    return Part(path, canonical(document), JSON, {"what": what})


def _needs(connection: Connection, case: CaseFile) -> dict[str, Any]:
    """Return by item what the case needed, and what came in the end."""
    found: dict[str, Any] = {}
    for table in (CASE_NEED, CASE_CHECK):
        rows = connection.execute(select(table.c.item, table.c.document).where(table.c.case_id == case.case_id))
        found[table.name] = {item: json.loads(document) for item, document in rows}
    return found


def _form(by: Archivist, connection: Connection, case: CaseFile) -> dict[str, Any] | None:
    """Return what the applicant wrote and what was handed in, as it was kept; None where nothing was."""
    row = connection.execute(select(CASE_FORM).where(CASE_FORM.c.case_id == case.case_id)).one_or_none()
    if row is None:
        return None
    _, payload = by.vault.at_rest.open(FORM + case.case_id, Sealed(row.sealed, row.wrapped_key, row.master))
    found: dict[str, Any] = json.loads(payload)
    return found


def _material(by: Archivist, connection: Connection, number: int, material: Material) -> Part:
    """Return a material of the case, looked at once more; what its holder took back is a note in its place."""
    folder = "results" if material.origin == RESULT else "materials"
    told = {name: getattr(material, name) for name in (
        "material_id", "kind", "origin", "department", "verified_by", "verified_against", "verified_on", "dated_on",
        "state", "note", "deposited_at")}  # fmt: skip
    steps = keeping.events(connection, material.material_id)
    try:
        data = by.materials.read(connection, material)
    except NoSuchMaterial:
        gone = _json(f"{folder}/{number:03d}.json", "withdrawn", {**told, "events": steps})
        return Part(gone.path, gone.data, JSON, {"what": "withdrawn", **told})
    try:
        checked = check(data, scan=by.scan)
    except FileRefused as refused:
        raise NotPassed([f"safe or usable: material {material.material_id}: {refused}"]) from None
    about = {"what": "material", **told, "pages": checked.pages, "scanned_by": checked.scanned_by, "events": steps}
    return Part(f"{folder}/{number:03d}.{_ENDINGS[checked.type]}", data, checked.type, about)


def _licences(result: str) -> list[str]:
    """Return the licence identifiers that a case's result names."""
    found = []
    for word in result.replace(",", " ").replace("，", " ").replace("；", " ").split():
        try:
            found.append(licence_id(word).text)
        except InvalidIdentifier:
            continue  # another word of the sentence
    return list(dict.fromkeys(found))


def _licence(by: Archivist, number: int, text: str) -> Part:
    """Return a licence that the case issued, with its proof; NotArchivable where the vault does not have it."""
    try:
        data = exporting.export(by.vault, exporting.find(by.vault, text), None)
    except VaultError as error:
        raise NotArchivable(f"the result names a licence that the vault cannot give: {error}") from None
    return Part(f"results/licence-{number:03d}.json", data, JSON, {"what": "licence", "licence": text})


def _look(each: index.Disclosure) -> dict[str, Any]:
    return {**asdict(each), "at": instant_text(each.at), "fields": list(each.fields)}
