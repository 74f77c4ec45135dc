"""One prefill from end to end, short of the answer: who asks, what for, what may be looked at, what is needed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from catalog.assessment import read_answer
from catalog.cases.store import CaseFile
from catalog.errors import AnswerRefused, UnknownItem
from catalog.prefill.earlier import Kept
from catalog.prefill.needs import Known, Needs, items_of, needs
from catalog.prefill.view import PartyView
from exchange.access import matrix, purposes
from exchange.access.asking import Seen
from exchange.access.callers import Caller
from exchange.access.purposes import Leave, Purpose
from exchange.counter import Counter
from exchange.errors import BodyInvalid
from exchange.prefill import circumstances, deposits, keeping, people
from exchange.prefill.looking import Looking
from exchange.prefill.people import Coming
from ledger.entry import subject_hash
from schemas.errors import one_of
from schemas.logic import Found
from schemas.service_items import Item


@dataclass(frozen=True)
class Wish:
    """What is asked: items by name, code or life event; parties by number; answers as somebody writes them."""

    items: tuple[str, ...]
    numbers: Mapping[str, str] = field(repr=False)
    coming: Coming | None = field(repr=False)
    answers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True)
class Asked:
    """By which route something is asked, and what it cites."""

    route: str
    purpose: Purpose


@dataclass(frozen=True)
class Filled:
    """What a case needs, and the looks that it took. `numbers` are those of the parties, `earlier` the applicant's
    earlier cases, `subject_id` the applicant's; empty: there is none yet. `counting`: of materials that were deposited
    in them, whether they count still.
    """

    caller: Caller
    leave: Leave
    items: tuple[Item, ...]
    needs: Needs
    views: Mapping[str, Mapping[str, PartyView]]
    numbers: Mapping[str, str] = field(repr=False)
    looks: tuple[Seen, ...]
    earlier: tuple[Kept, ...] = field(repr=False)
    subject_id: str = field(repr=False)
    counting: Mapping[str, bool]

    @property
    def case(self) -> CaseFile:
        return self.leave.case


def fill(counter: Counter, connection: Connection, wish: Wish, caller: Caller, asked: Asked) -> Filled:
    """Say what a case needs.

    Args:
        caller: who asks, already let in.

    Raises:
        Refusal: who asks may not, or not for this; see `purposes.leave` and `exchange.prefill.people`.
    """
    matrix.require(asked.route, caller, "own")
    on, modes = counter.today(), purposes.MODES[asked.route]
    codes = _codes(counter, wish)
    leave = purposes.leave(connection, caller, asked.purpose, counter.entries, modes, on, codes)
    items = _items(counter, wish)
    declared, at_rest = counter.catalogue.declarations, counter.vault.at_rest
    stages = people.related(connection, leave.case)
    people.check_items(leave.case, stages, items, declared)
    sought = people.sought(connection, wish.numbers, items)
    if not sought:
        raise BodyInvalid("applicant: nobody is named, neither an applicant nor another party")
    people.check_parties(connection, leave.case, sought, counter.subject_secret)
    caller = people.acting(connection, caller, sought, wish.coming, items, on, declared)
    looking = Looking(counter, connection, leave, caller.department, sought, on)
    views = looking.views(items)
    around = circumstances.of_case(connection, leave.case, stages, declared, at_rest)
    deposited = deposits.of_parties(looking, items)
    looking.note_deposits(deposits.noted(deposited))
    around = replace(around, deposits=deposited)
    found = needs(declared, items, Known(views, _answers(items, wish.answers), around, on))
    numbers = {party: each.numbers[0].number for party, each in sought.items()}
    subject_id = looking.applicant()
    kept = _earlier(counter, connection, caller, leave, subject_id)
    looking.note_earlier(each.id for case in kept for each in case.fields)
    return Filled(caller, leave, tuple(items), found, views, numbers, tuple(looking.looks()), kept, subject_id,
                  deposits.counting(looking, kept, codes))  # fmt: skip


def _earlier(
    counter: Counter, connection: Connection, caller: Caller, leave: Leave, subject_id: str
) -> tuple[Kept, ...]:  # fmt: skip
    """Return the forms of the applicant's earlier cases that the caller's own department had."""
    if not subject_id:
        return ()
    hashed, on = subject_hash(counter.subject_secret, subject_id), counter.today().isoformat()
    return tuple(keeping.earlier(connection, counter.vault.at_rest, hashed, caller.department, leave.case, on))


def _codes(counter: Counter, wish: Wish) -> frozenset[str]:
    """Return the codes of the items asked for; none where one is unknown: that is told to whoever may ask at all."""
    try:
        return frozenset(item.code for item in items_of(counter.catalogue.declarations, wish.items))
    except UnknownItem:
        return frozenset()


def _items(counter: Counter, wish: Wish) -> list[Item]:
    try:
        return items_of(counter.catalogue.declarations, wish.items)
    except UnknownItem:
        raise BodyInvalid("items: one that is not declared; /v1/catalog and `onefile items list` name them") from None


def _answers(items: list[Item], given: Mapping[str, str]) -> dict[str, Found]:
    """Read the answers; AnswerRefused where no item asks for one, or it is none."""
    found: dict[str, Found] = {}
    for name, text in given.items():
        asking = [item for item in items if name in item.questions]
        if not asking:
            raise AnswerRefused(f"an answer to {name!a}, which nothing here asks",
                                one_of(dict.fromkeys(q for item in items for q in item.questions), name))  # fmt: skip
        found[name] = read_answer(asking[0], name, text)
    return found
