"""Which role may use which route, on whose things: the one table that says yes. What is not in it is denied.

A route stands by its name, a role with the relations that a thing may have to the caller
(`exchange.access.callers.RELATIONS`). Whoever explains it reads the same table.
"""

from __future__ import annotations

from collections.abc import Mapping

from exchange.access.callers import PUBLIC, ROLES, Caller
from exchange.errors import RelationNotAllowed, RoleNotAllowed

Rule = Mapping[str, frozenset[str]]


def _rule(**relations: str) -> Rule:
    return {role: frozenset(text.split()) for role, text in relations.items()}


def _everybody(relation: str) -> Rule:
    return {role: frozenset({relation}) for role in ROLES}


def _staff(relation: str, *roles: str) -> dict[str, frozenset[str]]:
    return {role: frozenset({relation}) for role in roles}


_ASKING = _rule(system="own", intake="own", consumer="own")
_SHARING = _rule(
    system="own party", intake="own party", consumer="own party", provider="own party", office="own party",
    engineer="any", auditor="any", supervisor="any",
)  # fmt: skip
_ANSWERING = _rule(consumer="party", provider="party", office="party", engineer="any", auditor="any", supervisor="any")

MATRIX: dict[str, Rule] = {
    "public": _everybody("any"),
    "licences.verify": _everybody("any"),
    "catalogue.read": {role: frozenset({"any"}) for role in ROLES if role != PUBLIC},
    "files.query": _ASKING,
    "files.match": _ASKING,
    "files.predicates": _ASKING,
    "licences.search": _ASKING,
    "licences.read": _ASKING,
    "licences.present": _ASKING,
    "records.query": _ASKING,
    "prefill.fill": _ASKING,
    "prefill.check": _ASKING,
    "materials.deposit": _rule(intake="own party", system="own party", consumer="own party"),
    "materials.read": _ASKING,
    "materials.withdraw": _rule(applicant="own represented"),
    "promises.make": _rule(intake="own", system="own party"),
    "promises.read": _rule(
        intake="own party", system="own party", consumer="own party", auditor="any", supervisor="any", engineer="any"
    ),
    "promises.settle": _rule(intake="own", system="own party"),
    "cases.register": _rule(intake="own", system="own"),
    "cases.report": _rule(intake="own party", system="own party"),
    "cases.read": _rule(
        intake="own party", system="own party", consumer="own party", auditor="any", supervisor="any", engineer="any"
    ),
    "deliveries.put": _rule(system="own"),
    "deliveries.read": _rule(system="own", provider="own", engineer="any"),
    "requests.make": _rule(system="own", intake="own", consumer="own"),
    "requests.act": _rule(system="own party", intake="own party", consumer="own party", provider="own party",
                          office="own party"),
    "requests.read": _SHARING,
    "grants.read": _SHARING,
    "grants.act": _rule(system="own party", intake="own party", consumer="own party", provider="own party",
                        office="own party"),
    "clients.manage": _rule(engineer="any"),
    "clients.rotate": _rule(system="own", intake="own", engineer="any"),
    "clients.read": _rule(system="own", intake="own", engineer="any", auditor="any"),
    "mandates.manage": _rule(engineer="any", applicant="own", consumer="own"),
    "mandates.read": _rule(applicant="own", engineer="any", auditor="any"),
    "guesses.read": _rule(auditor="any"),
    "own.read": _rule(applicant="own represented"),
    "objections.make": _rule(applicant="own represented", engineer="any"),
    "objections.read": {**_rule(applicant="own represented", system="party"), **_ANSWERING},
    "objections.act": _rule(applicant="own represented", system="party", provider="party", office="party"),
    "verifications.make": _rule(system="own", intake="own", consumer="own"),
    "verifications.read": {**_rule(system="party", intake="party"), **_ANSWERING},
    "verifications.act": _rule(system="party", intake="party", consumer="party", provider="party", office="party"),
    "disputes.make": _rule(system="own", consumer="own", provider="own", office="own"),
    "disputes.read": {**_rule(system="party", intake="party"), **_ANSWERING},
    "disputes.act": _rule(system="party", consumer="party", provider="party", office="party"),
    "notices.read": _rule(system="own", intake="own", consumer="own"),
    "notices.acknowledge": _rule(system="own", intake="own", consumer="own"),
    "notices.target": _rule(system="own", intake="own", consumer="own"),
    "events.subscribe": _rule(system="own", intake="own", consumer="own"),
    "events.read": _rule(system="own", intake="own", consumer="own"),
    "notices.overdue": _rule(engineer="any", auditor="any", supervisor="any"),
    "findings.read": _rule(auditor="any", supervisor="any"),
    "findings.settle": _rule(auditor="any"),
    "incidents.act": _rule(engineer="any", auditor="any", supervisor="any"),
    "incidents.read": _rule(engineer="any", auditor="any", supervisor="any"),
    "self.read": {role: frozenset({"own"}) for role in ROLES if role != PUBLIC},
}  # fmt: skip


def relations(route: str, roles: frozenset[str]) -> frozenset[str]:
    """Return the relations in which any of the roles may use a route; none where none may."""
    rule = MATRIX.get(route, {})
    return frozenset().union(*(rule.get(role, frozenset()) for role in roles))


def enter(route: str, caller: Caller) -> None:
    """Return where some role of the caller may use the route on something; raise RoleNotAllowed."""
    if not relations(route, caller.roles):
        raise RoleNotAllowed(route)


def require(route: str, caller: Caller, relation: str) -> None:
    """Return where the caller may use the route on a thing that is that to it.

    Raises:
        RoleNotAllowed, RelationNotAllowed: it may not.
    """
    enter(route, caller)
    allowed = relations(route, caller.roles)
    if relation not in allowed and "any" not in allowed:
        raise RelationNotAllowed(route)
