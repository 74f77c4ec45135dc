"""What is kept of prefills: how each item stood, for the meter; and the form in the end, sealed, for the next case."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection, delete, insert, select

from catalog.cases.store import CaseFile, of_id
from catalog.prefill import store
from catalog.prefill.earlier import MOST_CASES, Attachment, Kept, Written, written_by_applicant
from catalog.prefill.materials import identity
from exchange.counter import Counter
from exchange.errors import BodyInvalid
from exchange.prefill.answering import condition_id
from exchange.prefill.recorder import Standing
from ledger.entry import subject_hash
from licence_vault.at_rest import AtRest, Sealed
from onefile.verify.leaf import SALT_BYTES
from schemas.service_items import APPLICANT
from schemas.serving.connection import looked_up
from schemas.serving.prefill_tables import CASE_FORM

if TYPE_CHECKING:
    from exchange.prefill.filling import Filled

KEPT_DAYS = 1095
"""How long a form is kept for the applicant's next case: as long as looks are kept at least."""
ROW = CASE_FORM.c
_EARLIER = (
    "SELECT case_id, items, kept_on, sealed, wrapped_key, master FROM case_form"
    " WHERE subject_hash = :hashed AND case_id <> :case_id AND kept_until >= :on"
    " AND (registrar = :department OR department = :department)"
    f" ORDER BY kept_on DESC, case_id DESC LIMIT {MOST_CASES}"
)


class _Row(NamedTuple):
    """What of a kept form is needed to open it."""

    case_id: str
    items: str
    kept_on: str
    sealed: bytes
    wrapped_key: bytes
    master: str


@dataclass(frozen=True)
class Came:
    """How a material of an item came in the end: `handed_in`, `shared`, `deposited` or `promised`."""

    item: str
    material: str
    how: str
    ref: str = ""
    dated_on: str | None = None


def needed(filled: Filled) -> dict[str, str]:
    """Return by item's code how its materials and fields stand: states and sources, no value."""
    found: dict[str, dict[str, dict[str, Any]]] = {
        item.name: {"materials": {}, "fields": {}} for item in filled.items
    }  # fmt: skip
    for need in filled.needs.materials:
        for item, state in need.by_item.items():
            found[item]["materials"][need.demand.names[item]] = state
    for each in filled.needs.form:
        for item in each.entry.items:
            is_told = item in each.filled_for or each.state != "filled"
            source = each.stated.resource if each.stated is not None and is_told else ""
            found[item]["fields"][each.id] = [each.state if is_told else "not_available", source]
    codes = {item.name: item.code for item in filled.items}
    return {codes[item]: store.written(document) for item, document in found.items()}


def unkept(counter: Counter, connection: Connection, filled: Filled) -> dict[str, str]:
    """Return how a case stands by item's code, to be kept; nothing where just that was kept today."""
    documents = needed(filled)
    return {} if store.is_known(connection, filled.case, documents, counter.today().isoformat()) else documents


def keep_needs(counter: Counter, filled: Filled, documents: Mapping[str, str]) -> Future[None] | None:
    """Have kept how a case stands; None where there is nothing to keep."""
    if not documents:
        return None
    departments = {item.code: item.department for item in filled.items}
    return counter.standings.keep(Standing(filled.case, documents, departments, counter.today()))


def attachments(filled: Filled, came: Iterable[Came]) -> list[Attachment]:
    """Return materials as they came, each with what satisfies it.

    Raises:
        BodyInvalid: an item has no such material.
    """
    codes = {item.code: item.name for item in filled.items}
    known = {(item, name): need.demand for need in filled.needs.materials for item, name in need.demand.names.items()}
    found = []
    for each in came:
        demand = known.get((codes.get(each.item, ""), each.material))
        if demand is None:
            raise BodyInvalid("materials: one that none of the items has")
        found.append(Attachment(each.item, each.material, each.how, each.ref, each.dated_on, identity(demand)))
    return found


def keep_form(
    counter: Counter, connection: Connection, filled: Filled, checked: Iterable[Mapping[str, Any]],
    values: Mapping[str, object], came: list[Attachment],
) -> None:  # fmt: skip
    """Keep what a case got in the end, and what the applicant wrote; again it takes the place of what was kept."""
    states = {each["field"]: each["state"] for each in checked}
    on = counter.today()
    documents = {}
    for item in filled.items:
        ids = {each.id for each in filled.needs.form if item.name in each.entry.items}
        ids |= {condition_id(each) for each in filled.needs.notice.conditions if item.name in each.items}
        documents[item.code] = store.written({
            "fields": {name: state for name, state in states.items() if name in ids},
            "materials": {each.material: each.how for each in came if each.item == item.code},
        })  # fmt: skip
    departments = {item.code: item.department for item in filled.items}
    store.put_needs(connection, filled.case, needed(filled), departments, on.isoformat())
    store.put_checks(connection, filled.case, documents, on.isoformat())
    if APPLICANT not in filled.numbers:
        return
    written = written_by_applicant(filled.needs, values, states)
    content = {"fields": [vars(each) for each in written], "attachments": [asdict(each) for each in came]}
    sealed = counter.vault.at_rest.seal(store.FORM + filled.case.case_id, counter.random(SALT_BYTES),
                                        json.dumps(content, ensure_ascii=False).encode(), counter.random)  # fmt: skip
    connection.execute(delete(CASE_FORM).where(ROW.case_id == filled.case.case_id))
    connection.execute(insert(CASE_FORM).values(
        case_id=filled.case.case_id, subject_hash=subject_hash(counter.subject_secret, filled.subject_id),
        registrar=filled.case.registrar, department=filled.case.department,
        items=json.dumps([item.code for item in filled.items]), kept_on=on.isoformat(),
        kept_until=(on + timedelta(days=KEPT_DAYS)).isoformat(), sealed=sealed.sealed, wrapped_key=sealed.wrapped_key,
        master=sealed.master))  # fmt: skip


def earlier(
    connection: Connection, at_rest: AtRest, hashed: str, department: str, case: CaseFile, on: str
) -> list[Kept]:  # fmt: skip
    """Return the forms of a subject's earlier cases that a department registered or decides, the newest first."""
    named = {"hashed": hashed, "case_id": case.case_id, "on": on, "department": department}
    return [_opened(connection, at_rest, _Row(*row)) for row in looked_up(connection, _EARLIER, named)]


def of_stages(connection: Connection, at_rest: AtRest, cases: Iterable[CaseFile]) -> list[tuple[CaseFile, Kept]]:
    """Return the forms that were kept of some stages of a case."""
    found = {case.case_id: case for case in cases}
    asked = select(CASE_FORM).where(ROW.case_id.in_(sorted(found))) if found else None
    rows = connection.execute(asked).all() if asked is not None else []
    return [(found[row.case_id], _opened(connection, at_rest, row)) for row in rows]


def _opened(connection: Connection, at_rest: AtRest, row: Any) -> Kept:
    _, payload = at_rest.open(store.FORM + row.case_id, Sealed(row.sealed, row.wrapped_key, row.master))
    content, case = json.loads(payload), of_id(connection, row.case_id)
    return Kept(
        case.number if case is not None else row.case_id, tuple(json.loads(row.items)), row.kept_on,
        tuple(Written(**each) for each in content["fields"]),
        tuple(Attachment(**{**each, "identity": tuple(each["identity"])}) for each in content["attachments"]),
    )  # fmt: skip
