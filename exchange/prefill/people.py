"""Whom a prefill is about: the parties of the case by number, and whether whoever comes may come for the applicant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from sqlalchemy import Connection

from catalog.cases.store import CaseFile
from exchange.access import mandates
from exchange.access.callers import Caller, Mandate
from exchange.errors import BodyInvalid, GuardianNeeded, ItemOfNoCase, MandateNotGood, NotAParty
from exchange.queries import finding
from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.predicates import age
from ledger.entry import subject_hash
from schemas.model import Declarations
from schemas.service_items import APPLICANT, Item
from schemas.serving.connection import looked_up
from schemas.subjects import NotASubjectNumber, SubjectNumber, subject_numbers

BY_FILE = "one_file"
"""What stands for a mandate where the one file itself says that somebody may act."""
_PARENTS = ("father", "mother")
_PARTIES = "SELECT subject_hash FROM case_party WHERE case_id = :case_id"
_RELATED = (
    f"SELECT {', '.join(CaseFile.__dataclass_fields__)} FROM case_file"
    " WHERE (parent_id = :case_id OR parent_id = :parent OR case_id = :parent) AND case_id <> :case_id"
    " ORDER BY opened_at, case_id"
)


@dataclass(frozen=True)
class Coming:
    """Who comes for the applicant: a number, and the mandate that is cited; empty: the one file has to say so."""

    number: str = field(repr=False)
    mandate: str = ""


def sought(connection: Connection, numbers: Mapping[str, str], items: Iterable[Item]) -> dict[str, Sought]:
    """Return the parties of a prefill as they are found, each of the kind that the items say.

    Raises:
        BodyInvalid: a party that no item has, or a number that is nobody's.
    """
    kinds: dict[str, str] = {}
    for name, party in ((name, party) for item in items for name, party in item.parties.items()):
        if kinds.setdefault(name, party.kind) != party.kind:
            raise BodyInvalid("items: some are for persons and some for enterprises; ask for each kind alone")
    found = {}
    for name, number in numbers.items():
        if name not in kinds:
            raise BodyInvalid(f"parties: none of the items has a party {ascii(name)[:60]}")
        each = finding.seek(connection, number)
        of_kind = tuple(known for known in each.numbers if known.kind == kinds[name])
        if not of_kind:
            raise BodyInvalid(f"parties: the number of {name} is none of a {kinds[name]}")
        found[name] = Sought(of_kind, tuple(file for file in each.files if file.kind == kinds[name]))
    return found


def check_parties(connection: Connection, case: CaseFile, people: Mapping[str, Sought], secret: bytes) -> None:
    """Raise NotAParty where somebody is asked about whom the case was not registered for."""
    known = {str(row[0]) for row in looked_up(connection, _PARTIES, {"case_id": case.case_id})}
    for each in people.values():
        if not {subject_hash(secret, one) for one in _ids(each)} & known:
            raise NotAParty


def check_items(case: CaseFile, stages: Iterable[CaseFile], items: Iterable[Item], declared: Declarations) -> None:
    """Raise ItemOfNoCase unless each item is the case's own, a stage's, or of one life event with the case's own."""
    family = {each.item for each in stages} | {case.item}
    own = next((item.name for item in declared.items.values() if item.code == case.item), "")
    events = {name for bundle in declared.bundles.values() if own in bundle.items for name in bundle.items}
    if any(item.code not in family and item.name not in events for item in items):
        raise ItemOfNoCase


def related(connection: Connection, case: CaseFile) -> list[CaseFile]:
    """Return the other stages of a case: those below it, the one that it is a stage of, and that one's."""
    named = {"case_id": case.case_id, "parent": case.parent_id or case.case_id}
    return [CaseFile(*row) for row in looked_up(connection, _RELATED, named)]


def acting(
    connection: Connection, caller: Caller, people: Mapping[str, Sought], coming: Coming | None, items: Iterable[Item],
    on: date,
) -> Caller:  # fmt: skip
    """Return the caller, with the right by which somebody comes for the applicant, if somebody does.

    Raises:
        GuardianNeeded: the applicant is under 14, and not its guardian comes.
        MandateNotGood: whoever comes may not act for the applicant, or not for all of the items.
    """
    applicant = people.get(APPLICANT)
    ids = () if applicant is None else _ids(applicant)
    is_child = applicant is not None and any(_is_child(document_of(file), on) for file in applicant.files)
    if coming is None:
        if is_child:
            raise GuardianNeeded
        return caller
    if applicant is None:
        raise MandateNotGood
    agents = _numbers(coming.number)
    found = (
        _cited(connection, agents, coming, ids, items, on)
        if coming.mandate
        else _by_file(agents, applicant, is_child, on)
    )
    if is_child and found.relation != "guardian":
        raise GuardianNeeded
    return replace(caller, acting_for=found)


def _is_child(document: Mapping[str, Any], on: date) -> bool:
    born = (document.get("birth_on") or {}).get("value")
    return born is not None and age(date.fromisoformat(str(born)), on) < mandates.CHILD_UNTIL


def _cited(
    connection: Connection, agents: Iterable[SubjectNumber], coming: Coming, principals: tuple[str, ...],
    items: Iterable[Item], on: date,
) -> Mandate:  # fmt: skip
    """Return the mandate that is cited, once it is the agent's, for the applicant, and for each of the items."""
    for agent in agents:
        stand_in = Caller("applicant", agent.subject_id, "", "", frozenset(), agent.subject_id)
        for item in items:
            found = mandates.acting(connection, stand_in, coming.mandate, item.code, on)
            if found.principal_id not in principals:
                raise MandateNotGood
        return found
    raise MandateNotGood


def _by_file(agents: Iterable[SubjectNumber], applicant: Sought, is_child: bool, on: date) -> Mandate:
    """Return the right that the applicant's own file gives: of a legal representative, of a parent of a child."""
    mine = {agent.number: agent for agent in agents}
    rights = {"legal_representative": "representative", **(dict.fromkeys(_PARENTS, "guardian") if is_child else {})}
    for file in applicant.files:
        for tie in document_of(file).get("relations") or []:
            is_over = str(tie.get("until") or "9999-12-31") < on.isoformat()
            agent = mine.get(str(tie.get("other_number")))
            if agent is None or is_over or tie.get("other_kind", agent.kind) != agent.kind:
                continue
            relation = rights.get(str(tie.get("relation")))
            if relation is not None:
                return Mandate(BY_FILE, agent.subject_id, file.subject_id, relation, BY_FILE, ("*",), "", "")
    raise MandateNotGood


def _ids(each: Sought) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*each.subject_ids, *(number.subject_id for number in each.numbers))))


def _numbers(text: str) -> tuple[SubjectNumber, ...]:
    try:
        return subject_numbers(text.strip())
    except NotASubjectNumber:
        raise BodyInvalid("agent: a number that is nobody's") from None
