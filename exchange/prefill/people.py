"""Whom a prefill is about: the parties of the case by number, and whether whoever comes may come for the applicant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import date

from sqlalchemy import Connection

from catalog.cases.store import CaseFile
from exchange.access import mandates
from exchange.access.callers import Caller, Mandate
from exchange.access.standing import Somebody, as_sought, ids_of, is_child, is_ended
from exchange.errors import BodyInvalid, GuardianNeeded, ItemOfNoCase, MandateNotGood, NotAParty
from exchange.queries import finding
from exchange.queries.finding import Sought
from ledger.entry import subject_hash
from schemas.model import Declarations
from schemas.service_items import APPLICANT, Item
from schemas.serving.connection import looked_up

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
        if not {subject_hash(secret, one) for one in ids_of(each)} & known:
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
    connection: Connection, caller: Caller, people: Mapping[str, Sought], coming: Coming | None, items: Sequence[Item],
    on: date, declared: Declarations,
) -> Caller:  # fmt: skip
    """Return the caller, with the right by which somebody comes for the applicant, if somebody does.

    Raises:
        GuardianNeeded: the applicant or another party is under 14, and neither its guardian applies nor comes.
        MandateNotGood: whoever comes may not act for the applicant, or not for all of the items, or is dead.
    """
    who = {name: as_sought(each) for name, each in people.items()}
    agent = None if coming is None else _coming(connection, coming.number)
    if agent is not None and is_ended(agent, on, declared):
        raise MandateNotGood
    codes = [item.code for item in items]
    applicant = who.get(APPLICANT)
    found = _acting(connection, caller, applicant, coming, agent, codes, on, declared)
    for name, party in who.items():
        if name != APPLICANT and is_child(party, on):
            agents = [each for each in (agent, applicant) if each is not None]
            _require_guardian(connection, party, agents, codes, on, declared)
    return found


def _acting(
    connection: Connection, caller: Caller, applicant: Somebody | None, coming: Coming | None, agent: Somebody | None,
    codes: Sequence[str], on: date, declared: Declarations,
) -> Caller:  # fmt: skip
    needs_guardian = applicant is not None and is_child(applicant, on)
    if coming is None or agent is None:
        if needs_guardian:
            raise GuardianNeeded
        return caller
    if applicant is None:
        raise MandateNotGood
    if coming.mandate:
        found = mandates.acting(connection, coming.mandate, mandates.Use(agent, applicant, codes, on), declared)
    else:
        found = _by_file(agent, applicant, on)
    if needs_guardian and found.relation != "guardian":
        raise GuardianNeeded
    return replace(caller, acting_for=found)


def _require_guardian(
    connection: Connection, child: Somebody, agents: Iterable[Somebody], codes: Sequence[str], on: date,
    declared: Declarations,
) -> None:  # fmt: skip
    """Raise GuardianNeeded unless one of these is a child's parent by its own file, or has its mandate, and lives."""
    kept = [each for one in child.ids for each in mandates.of_subject(connection, one)]
    kept = [each for each in kept if each.mandate.relation == "guardian"]
    for agent in agents:
        if is_ended(agent, on, declared):
            continue
        with suppress(MandateNotGood):
            if _by_file(agent, child, on).relation == "guardian":
                return
        if any(mandates.holds(each, mandates.Use(agent, child, codes, on), declared) for each in kept):
            return
    raise GuardianNeeded


def _by_file(agent: Somebody, applicant: Somebody, on: date) -> Mandate:
    """Return the right that the applicant's own file gives: of a legal representative, of a parent of a child."""
    mine = {each.number: each for each in agent.numbers}
    parents = dict.fromkeys(_PARENTS, "guardian") if is_child(applicant, on) else {}
    rights = {"legal_representative": "representative", **parents}
    for file in applicant.files:
        for tie in file.document.get("relations") or []:
            is_over = str(tie.get("until") or "9999-12-31") < on.isoformat()
            found = mine.get(str(tie.get("other_number")))
            if found is None or is_over or tie.get("other_kind", found.kind) != found.kind:
                continue
            relation = rights.get(str(tie.get("relation")))
            if relation is not None:
                return Mandate(BY_FILE, found.subject_id, file.subject_id, relation, BY_FILE, ("*",), "", "")
    raise MandateNotGood


def _coming(connection: Connection, number: str) -> Somebody:
    found = finding.seek(connection, number)
    if not found.numbers:
        raise BodyInvalid("agent: a number that is nobody's")
    return as_sought(found)
