"""Objections of subjects, verifications that consumers ask for, disputes of departments: three routes, three clocks."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from sqlalchemy import Connection
from starlette.responses import Response

from catalog import claims, disputes, objections, verifications
from catalog.objections import Challenge
from catalog.sharing_store import Actor, Case, cases, get
from exchange.access import mandates, matrix
from exchange.access.asking import Ask, asking, written
from exchange.access.callers import APPLICANT, Caller
from exchange.errors import BodyInvalid, NotFound
from exchange.http.cursors import Limit, Page
from exchange.http.repeats import once
from exchange.queries import finding
from exchange.queries.indexed import indexed
from exchange.routes.answered import shown
from exchange.routes.offering import About, offer
from exchange.routes.own import acting_of, relation_of
from exchange.routes.own_models import Answered, AnsweredList, ClaimWish, DisputeWish, ObjectionWish, StepWish
from ledger.entry import subject_hash
from ledger.index import of_subject
from ledger.shown import columns_of, shows

router = APIRouter()
JSON = "application/json"
_NUMBER = re.compile(r"[OVD][0-9]{8}-[0-9]{4,8}\Z")
Cursor = Annotated[str, Query(max_length=400)]
OBJECT = About("Object to a value of one's own file", {201: Answered}, may_repeat=True)
CLAIM = About("Ask the lead whether a value that one got is right", {201: Answered}, may_repeat=True)
DISPUTE = About("Open a dispute over a request or a grant", {201: Answered}, may_repeat=True)
STEP = About("Take a step", {200: Answered}, may_repeat=True)
LISTED = About("Those that one is a party to", {200: AnsweredList})
ONE = About("One, with its steps", {200: Answered})


@offer(router, "POST", "/v1/objections", "objections.make", OBJECT)
def make_objection(ask: Annotated[Ask, Depends(asking("objections.make"))], body: ObjectionWish) -> Response:
    """Object to a value; the lead answers, and the value is marked meanwhile wherever it is shown."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        challenge = _challenge(ask, connection, caller, body)
        actor, salt = _actor(ask, caller, "subject"), ask.counter.random(16).hex()

        def work() -> Response:
            case = objections.open_objection(connection, challenge, ask.counter.catalogue, actor, salt)
            return _answer(connection, case, 201)

        return once(ask, connection, caller, work)


@offer(router, "POST", "/v1/verifications", "verifications.make", CLAIM)
def make_verification(ask: Annotated[Ask, Depends(asking("verifications.make"))], body: ClaimWish) -> Response:
    """Ask the lead about a value that one's department got; of a subject that it never got it of, there is nothing."""
    with indexed(ask.counter) as reading:
        caller = ask.enter(reading)
        matrix.require(ask.route, caller, "own")
        challenge = _disclosed(ask, reading, caller, body)
    with ask.counter.database.writing() as connection:
        actor, salt = _actor(ask, caller, "consumer"), ask.counter.random(16).hex()

        def work() -> Response:
            return _answer(
                connection, claims.open_claim(connection, challenge, ask.counter.catalogue, actor, salt), 201
            )

        return once(ask, connection, caller, work)


@offer(router, "POST", "/v1/disputes", "disputes.make", DISPUTE)
def make_dispute(ask: Annotated[Ask, Depends(asking("disputes.make"))], body: DisputeWish) -> Response:
    """Open a dispute: the two departments consult, then the sharing authority decides, then the government."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        matrix.require(ask.route, caller, "own")
        about = get(connection, body.about)
        if caller.department not in (about.consumer, about.provider):
            raise NotFound
        actor, sharing = _actor(ask, caller, body.role), ask.counter.catalogue.sharing

        def work() -> Response:
            return _answer(connection, disputes.open_dispute(connection, body.about, actor, body.reason, sharing), 201)

        return once(ask, connection, caller, work)


@offer(router, "GET", "/v1/objections", "objections.read", LISTED)
def objections_listed(
    ask: Annotated[Ask, Depends(asking("objections.read"))], cursor: Cursor = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List objections: one's own, those that one's department leads, all to an auditor."""
    return _listed(ask, "O", Page.read(cursor, limit))


@offer(router, "GET", "/v1/verifications", "verifications.read", LISTED)
def verifications_listed(
    ask: Annotated[Ask, Depends(asking("verifications.read"))], cursor: Cursor = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List verifications that one's department asked for or leads."""
    return _listed(ask, "V", Page.read(cursor, limit))


@offer(router, "GET", "/v1/disputes", "disputes.read", LISTED)
def disputes_listed(
    ask: Annotated[Ask, Depends(asking("disputes.read"))], cursor: Cursor = "", limit: Limit = 100
) -> Response:  # fmt: skip
    """List disputes of one's department."""
    return _listed(ask, "D", Page.read(cursor, limit))


@offer(router, "GET", "/v1/objections/{number}", "objections.read", ONE)
def objection(ask: Annotated[Ask, Depends(asking("objections.read"))], number: str) -> Response:
    """Return an objection with its steps."""
    return _one(ask, "O", number)


@offer(router, "GET", "/v1/verifications/{number}", "verifications.read", ONE)
def verification(ask: Annotated[Ask, Depends(asking("verifications.read"))], number: str) -> Response:
    """Return a verification with its steps."""
    return _one(ask, "V", number)


@offer(router, "GET", "/v1/disputes/{number}", "disputes.read", ONE)
def dispute(ask: Annotated[Ask, Depends(asking("disputes.read"))], number: str) -> Response:
    """Return a dispute with its steps."""
    return _one(ask, "D", number)


@offer(router, "POST", "/v1/objections/{number}/steps", "objections.act", STEP)
def act_on_objection(ask: Annotated[Ask, Depends(asking("objections.act"))], number: str, body: StepWish) -> Response:
    """Take a step on an objection: the lead corrects or refuses with a reason; the subject contests or withdraws."""

    def take(connection: Connection, case: Case, actor: Actor, caller: Caller) -> Case:
        sharing, subject_id = ask.counter.catalogue.sharing, caller.about or None
        return objections.act(
            connection, case.id, body.action, actor, body.reason, sharing, subject_id, body.delivery
        )  # fmt: skip

    return _stepped(ask, "O", number, body, take)


@offer(router, "POST", "/v1/verifications/{number}/steps", "verifications.act", STEP)
def act_on_verification(
    ask: Annotated[Ask, Depends(asking("verifications.act"))], number: str, body: StepWish
) -> Response:  # fmt: skip
    """Take a step on a verification: the lead confirms or corrects; the consumer disputes or withdraws."""

    def take(connection: Connection, case: Case, actor: Actor, _caller: Caller) -> Case:
        return verifications.act(connection, case.id, body.action, actor, body.reason, ask.counter.catalogue.sharing)

    return _stepped(ask, "V", number, body, take)


@offer(router, "POST", "/v1/disputes/{number}/steps", "disputes.act", STEP)
def act_on_dispute(ask: Annotated[Ask, Depends(asking("disputes.act"))], number: str, body: StepWish) -> Response:
    """Take a step on a dispute."""

    def take(connection: Connection, case: Case, actor: Actor, _caller: Caller) -> Case:
        return disputes.act(connection, case.id, body.action, actor, body.reason, ask.counter.catalogue.sharing)

    return _stepped(ask, "D", number, body, take)


def _challenge(ask: Ask, connection: Connection, caller: Caller, body: ObjectionWish) -> Challenge:
    """Return what is objected to: of the caller's own file, or as the hotline's staff took it down, with a ticket."""
    if APPLICANT in caller.roles:
        matrix.require(ask.route, caller, relation_of(caller))
        mandates.require_all(caller)
        if body.subject is not None or body.ticket:
            raise BodyInvalid("subject, ticket: the token says whose it is")
        kind = "person" if caller.about.startswith("p-") else "enterprise"
        return Challenge(caller.about, kind, body.attribute, body.reason, "", acting_of(caller))
    matrix.require(ask.route, caller, "any")
    if body.subject is None or not body.ticket:
        raise BodyInvalid("subject, ticket: both, of what came by the hotline")
    found = finding.seek(connection, body.subject.number).files
    if len(found) != 1:
        raise NotFound
    return Challenge(found[0].subject_id, found[0].kind, body.attribute, body.reason, body.ticket)


def _disclosed(ask: Ask, connection: Connection, caller: Caller, body: ClaimWish) -> Challenge:
    """Return what is claimed, once one's department has got that value of that subject; NotFound otherwise."""
    for file in finding.seek(connection, body.subject.number).files:
        hashed = subject_hash(ask.counter.subject_secret, file.subject_id)
        columns = columns_of(ask.counter.catalogue, file.kind, body.attribute)
        for look in of_subject(connection, hashed):
            if look.department == caller.department and shows(look, body.attribute, columns):
                return Challenge(file.subject_id, file.kind, body.attribute, body.reason)
    raise NotFound


def _listed(ask: Ask, letter: str, page: Page) -> Response:
    with ask.counter.database.looking() as connection:
        caller = ask.enter(connection)
        if APPLICANT in caller.roles:
            mandates.require_all(caller)
            every = objections.of_subject(connection, caller.about)
        else:
            is_any = "any" in matrix.relations(ask.route, caller.roles)
            mine = {caller.department} - {""}
            every = [c for c in cases(connection, letter) if is_any or _parties(ask, c) & mine]
        found = [case for case in every if case.id > page.after][: page.limit + 1]
        return page.answer("cases", [(case.id, shown(connection, case)) for case in found])


def _parties(ask: Ask, case: Case) -> set[str]:
    """Return the departments that a case concerns; the sharing authority, once it decides."""
    decides = case.state in ("contested", "disputed", "escalated", "with_authority")
    return {case.consumer, case.provider} | ({ask.counter.catalogue.sharing.authority} if decides else set())


def _one(ask: Ask, letter: str, number: str) -> Response:
    with ask.counter.database.looking() as connection:
        return _answer(connection, _own(ask, connection, ask.enter(connection), letter, number), 200)


def _own(ask: Ask, connection: Connection, caller: Caller, letter: str, number: str) -> Case:
    """Return a case that the caller is a party to, or may see all of; NotFound for others' as for none."""
    if not number.startswith(letter) or not _NUMBER.match(number):
        raise NotFound
    case = get(connection, number)
    if APPLICANT in caller.roles:
        if letter != "O" or objections.subject_of(connection, number) != caller.about:
            raise NotFound
        matrix.require(ask.route, caller, relation_of(caller))
        mandates.require_all(caller)
        return case
    is_party = caller.department != "" and caller.department in _parties(ask, case)
    if not is_party and "any" not in matrix.relations(ask.route, caller.roles):
        raise NotFound
    matrix.require(ask.route, caller, "party" if is_party else "any")
    return case


def _stepped(
    ask: Ask, letter: str, number: str, body: StepWish, take: Callable[[Connection, Case, Actor, Caller], Case]
) -> Response:
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = _own(ask, connection, caller, letter, number)
        if (body.role == "subject") != (APPLICANT in caller.roles):
            raise BodyInvalid("role: `subject` is the applicant's, and the applicant has no other")
        actor = _actor(ask, caller, body.role)
        return once(ask, connection, caller, lambda: _answer(connection, take(connection, case, actor, caller), 200))


ROLE_OF = {
    "subject": {APPLICANT, "engineer"}, "consumer": {"system", "intake", "consumer", "office"},
    "provider": {"system", "provider", "office"}, "authority": {"office"}, "government": {"office"},
}  # fmt: skip
"""In which role a role of the counter may act; whether the department has it in the case is checked as well."""


def _actor(ask: Ask, caller: Caller, role: str) -> Actor:
    if not ROLE_OF[role] & caller.roles:
        raise BodyInvalid(f"role: {role} is none that you may act in")
    return Actor(role, caller.department, caller.operator, ask.counter.now(), ask.counter.today())


def _answer(connection: Connection, case: Case, status: int) -> Response:
    return Response(written(shown(connection, case)), status, media_type=JSON)
