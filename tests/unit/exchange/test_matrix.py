"""Roles × routes × relations: who may use which route on what, whole, as this table has it and no wider."""

from __future__ import annotations

import itertools

import pytest

from exchange.access import matrix
from exchange.access.callers import RELATIONS, ROLES, Caller
from exchange.access.matrix import MATRIX
from exchange.errors import RelationNotAllowed, RoleNotAllowed
from tests.counter import Open

# s system, i intake, e engineer, p provider, c consumer, o office, a auditor, v supervisor, t applicant, - public.
# By route, for each relation the roles that may; `any` is anybody's things, which one's own are among.
LETTERS = dict(zip("siepcoavt-", ("system", "intake", "engineer", "provider", "consumer", "office", "auditor",
                                  "supervisor", "applicant", "public"), strict=True))  # fmt: skip
EXPECTED = {
    "public": {"any": "siepcoavt-"},
    "licences.verify": {"any": "siepcoavt-"},
    "catalogue.read": {"any": "siepcoavt"},
    "files.query": {"own": "sic"},
    "files.match": {"own": "sic"},
    "files.predicates": {"own": "sic"},
    "licences.search": {"own": "sic"},
    "licences.read": {"own": "sic"},
    "licences.present": {"own": "sic"},
    "records.query": {"own": "sic"},
    "prefill.fill": {"own": "sic"},
    "prefill.check": {"own": "sic"},
    "materials.deposit": {"own": "sic", "party": "sic"},
    "materials.read": {"own": "sic"},
    "materials.withdraw": {"own": "t", "represented": "t"},
    "promises.make": {"own": "si", "party": "s"},
    "promises.read": {"own": "sic", "party": "sic", "any": "eav"},
    "promises.settle": {"own": "si", "party": "s"},
    "cases.register": {"own": "si"},
    "cases.report": {"own": "si", "party": "si"},
    "cases.read": {"own": "sic", "party": "sic", "any": "eav"},
    "deliveries.put": {"own": "s"},
    "deliveries.read": {"own": "sp", "any": "e"},
    "requests.make": {"own": "sic"},
    "requests.act": {"own": "sicpo", "party": "sicpo"},
    "requests.read": {"own": "sicpo", "party": "sicpo", "any": "eav"},
    "grants.read": {"own": "sicpo", "party": "sicpo", "any": "eav"},
    "grants.act": {"own": "sicpo", "party": "sicpo"},
    "clients.manage": {"any": "e"},
    "clients.rotate": {"own": "si", "any": "e"},
    "clients.read": {"own": "si", "any": "ea"},
    "mandates.manage": {"own": "tc", "any": "e"},
    "mandates.read": {"own": "t", "any": "ea"},
    "guesses.read": {"any": "a"},
    "self.read": {"own": "siepcoavt"},
    "own.read": {"own": "t", "represented": "t"},
    "objections.make": {"own": "t", "represented": "t", "any": "e"},
    "objections.read": {"own": "t", "represented": "t", "party": "scpo", "any": "eav"},
    "objections.act": {"own": "t", "represented": "t", "party": "spo"},
    "verifications.make": {"own": "sic"},
    "verifications.read": {"party": "sicpo", "any": "eav"},
    "verifications.act": {"party": "sicpo"},
    "disputes.make": {"own": "scpo"},
    "disputes.read": {"party": "sicpo", "any": "eav"},
    "disputes.act": {"party": "scpo"},
    "notices.read": {"own": "sic"},
    "notices.acknowledge": {"own": "sic"},
    "notices.target": {"own": "sic"},
    "events.subscribe": {"own": "sic"},
    "events.read": {"own": "sic"},
    "notices.overdue": {"any": "eav"},
    "findings.read": {"any": "av"},
    "findings.settle": {"any": "a"},
    "incidents.act": {"any": "eav"},
    "incidents.read": {"any": "eav"},
}


def may(route: str, role: str, relation: str) -> bool:
    caller = Caller("client", "x", "x", "market", frozenset({role}))
    try:
        matrix.require(route, caller, relation)
    except (RoleNotAllowed, RelationNotAllowed):
        return False
    return True


@pytest.mark.parametrize("route", EXPECTED)
def test_every_role_may_on_every_relation_what_the_table_says_and_nothing_else(route: str) -> None:
    wanted = {
        (LETTERS[letter], relation)
        for told, letters in EXPECTED[route].items()
        for letter in letters
        for relation in (RELATIONS if told == "any" else (told,))
    }
    assert {pair for pair in itertools.product(ROLES, RELATIONS) if may(route, *pair)} == wanted


def test_what_is_not_in_the_table_is_denied_to_everybody() -> None:
    assert not any(may("no.such.route", role, relation) for role, relation in itertools.product(ROLES, RELATIONS))


def test_every_route_that_is_offered_stands_in_the_table_and_the_other_way_round(counter: Open) -> None:
    described = counter.http.get("/openapi.json").json()["paths"]
    offered = {call["x-onefile-route"] for path in described.values() for call in path.values()}
    assert offered == set(MATRIX) == set(EXPECTED)


def test_a_route_answers_without_a_token_only_where_the_table_lets_the_public(counter: Open) -> None:
    described = counter.http.get("/openapi.json").json()["paths"]
    for path, calls in described.items():
        for method, call in calls.items():
            is_open = "public" in MATRIX[call["x-onefile-route"]]
            status = counter.http.request(method, path.replace("{", "").replace("}", "")).status_code
            assert (status == 401) != is_open, (method, path, status)


@pytest.mark.parametrize("role", [role for role in ROLES if role in LETTERS.values()])
def test_over_http_a_role_is_let_in_where_the_table_says(counter: Open, role: str) -> None:
    if role in ("system", "intake"):
        token = counter.ask({"system": "market-app", "intake": "intake"}[role]).token()
    elif role == "applicant":
        token = counter.counter.tokens.make("applicant", "p-" + "0" * 32, counter.shop.at, assurance=2)
    elif role == "public":
        return
    else:
        token = counter.official(role)
    headers = {"Authorization": f"Bearer {token}"}
    for path, route in (("/v1/cases", "cases.read"), ("/v1/grants", "grants.read"), ("/v1/clients", "clients.read"),
                        ("/v1/guesses?on=2026-11-30", "guesses.read"), ("/v1/mandates", "mandates.read"),
                        ("/v1/catalog/entries", "catalogue.read"), ("/v1/me", "self.read")):  # fmt: skip
        allowed = bool(matrix.relations(route, frozenset({role})))
        answer = counter.http.get(path, headers=headers)
        assert answer.status_code == (200 if allowed else 403), (path, answer.json())
