"""One request as a route sees it: who asks, what for, what may be given, and how an answer leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fastapi import Request
from sqlalchemy import Connection

from exchange.access import mandates, matrix, purposes, standing
from exchange.access.callers import APPLICANT, Caller
from exchange.access.identities import caller_of
from exchange.access.purposes import Leave, Purpose
from exchange.clients import registry
from exchange.counter import Counter
from exchange.errors import AssuranceTooLow, GuardianNeeded, QuotaUsedUp
from exchange.http.at_once import MOST_AT_ONCE
from exchange.http.recorded import RecordedResponse
from ledger.entry import NAMED, Look
from schemas.serving.ahead import Answers, Question, WouldWait

JSON = "application/json"
LEAST_ASSURANCE = 2
"""At which level an applicant has to be known, but for routes that show and change nothing of anybody's."""
AT_ANY_LEVEL = frozenset({"public", "licences.verify", "catalogue.read", "self.read"})


@dataclass(frozen=True)
class Ask:
    """A request to a route. Nothing of it was allowed yet but its token: `enter` or `leave` says who may.

    Where it may not wait (`exchange.http.at_once`), what would have to raises WouldWait; `answers` are what a networked
    database answered so far.
    """

    counter: Counter
    request: Request
    route: str
    may_wait: bool = True
    answers: Answers | None = None

    def looking(
        self, count: int, questions: Callable[[], Iterable[Question]] = tuple
    ) -> AbstractContextManager[Connection]:  # fmt: skip
        """Return a snapshot to hold while so many things are looked up; WouldWait where that may not be waited for.

        Args:
            questions: what the route will look up, besides who asks and what is cited.
        """
        self.require_few(count)
        database = self.counter.database
        if not self.may_wait:
            return database.at_once(self.answers, lambda: [*self._questions(), *questions()])
        return database.looking(lambda: [*self._questions(), *questions()])

    def _questions(self) -> list[Question]:
        token = self.request.state.token
        asked = [registry.question(token.subject)] if token is not None and token.kind == "client" else []
        return [*asked, *purposes.questions(self.request.headers)]

    def require_few(self, count: int) -> None:
        """Raise WouldWait where so many things would hold up others."""
        if not self.may_wait and count > MOST_AT_ONCE:
            raise WouldWait

    def enter(self, connection: Connection) -> Caller:
        """Return the caller once one of its roles may use the route; raise as `matrix.enter`."""
        caller = caller_of(connection, self.request.state.token, self.counter.today().isoformat())
        matrix.enter(self.route, caller)
        return self._acting(connection, caller) if caller.kind == APPLICANT else caller

    def _acting(self, connection: Connection, caller: Caller) -> Caller:
        """Return an applicant with the mandate under which he acts; a child under 14 acts by its guardian only.

        Raises:
            AssuranceTooLow, MandateNotGood, GuardianNeeded: he may not.
        """
        if caller.assurance < LEAST_ASSURANCE and self.route not in AT_ANY_LEVEL:
            raise AssuranceTooLow(LEAST_ASSURANCE)
        mandate_id, day = self.request.headers.get("onefile-for", ""), self.counter.today()
        who = standing.somebody(connection, caller.subject_id)
        if standing.is_child(who, day):
            raise GuardianNeeded
        if mandate_id:
            item = self.request.headers.get("onefile-item", "")
            use = mandates.Use(who, None, [item] if item else [], day)
            declared = self.counter.catalogue.declarations
            return replace(caller, acting_for=mandates.acting(connection, mandate_id, use, declared))
        return caller

    def purpose(self) -> Purpose:
        """Return what the request cites; raise as `purposes.cited`."""
        return purposes.cited(self.request.headers)

    def leave(self, connection: Connection, caller: Caller) -> Leave:
        """Return what the caller may have for what it cites; raise as `purposes.leave`."""
        matrix.require(self.route, caller, "own")
        on = self.counter.today()
        modes = purposes.MODES[self.route]
        return purposes.leave(connection, caller, self.purpose(), self.counter.entries, modes, on)

    def spend(self, leave: Leave, count: int) -> None:
        """Take looks from every grant cited, or from none.

        Raises:
            QuotaUsedUp: a grant has not so many left.
            WouldWait: they would have to be fetched.
        """
        quotas, on = self.counter.quotas, self.counter.today()
        with ExitStack() as taken:
            for given in leave.grants:
                if not quotas.take(given, count, on, self.may_wait):
                    raise QuotaUsedUp(self.counter.seconds_to_midnight())
                taken.callback(quotas.put_back, given, count, on)
            taken.pop_all()

    def disclose(
        self, caller: Caller, leave: Leave, looks: Iterable[Seen], content: bytes,
        media_type: str = JSON, **headers: str,
    ) -> RecordedResponse:  # fmt: skip
        """Return an answer that leaves once every look in it is in the ledger, and not at all when they are not."""
        digest, answer_id = hashlib.sha256(content).hexdigest(), self.counter.random(12).hex()
        found = [self._look(caller, leave, seen, digest, answer_id) for seen in looks]
        recorded = self.counter.ledger.record(found)
        return RecordedResponse(content, recorded, {**headers, "Onefile-Answer": answer_id}, media_type)

    def _look(self, caller: Caller, leave: Leave, seen: Seen, digest: str, answer_id: str) -> Look:
        return Look(
            at=self.counter.now(),
            operator=caller.operator,
            purpose=f"{leave.item} {leave.case.number}",
            subject_id=seen.subject_id,
            fields=seen.fields,
            basis="; ".join(dict.fromkeys(given.basis for given in leave.grants)),
            kind=f"{self.route}{NAMED}" if seen.is_named else self.route,
            department=caller.department,
            client=caller.id,
            acting=caller.acting,
            notice_after=min((given.notice_after for given in leave.grants), default=""),
            grant=leave.grant_ids,
            item=leave.item,
            case=leave.case.number,
            resource=",".join(dict.fromkeys(given.entry_id for given in leave.grants)),
            lake_version=seen.lake_version,
            answer=digest,
            answer_id=answer_id,
        )


@dataclass(frozen=True)
class Seen:
    """What is looked at of one subject (internal id; None: nobody in particular), from which version of the lake.

    `is_named`: it was not asked about, but what was shown of somebody else names it.
    """

    subject_id: str | None
    fields: tuple[str, ...]
    lake_version: str = ""
    is_named: bool = False


def asking(route: str) -> Callable[[Request], Any]:
    """Return the dependency that gives a handler its request as `Ask`."""
    return partial(_ask, route)


async def _ask(route: str, request: Request) -> Ask:
    return Ask(request.app.state.counter, request, route)


def written(document: Mapping[str, Any]) -> bytes:
    """Return a document as the bytes that leave."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
