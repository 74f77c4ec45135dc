"""Role × route × relation over HTTP: at every place of the counter each role is let in to the things that the matrix
lets it to, and to no other. A place that is not in this table fails it, until it is put there.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from catalog import claims, disputes, objections, subscriptions
from catalog.cases import store
from catalog.objections import Challenge
from catalog.prefill import promises
from catalog.sharing_store import Actor
from exchange.access import mandates, matrix
from exchange.access.callers import ROLES
from ledger import findings, incidents
from ledger.findings import Finding
from schemas.serving.connection import writing
from schemas.serving.disclosure_tables import NOTICE
from schemas.serving.prefill_tables import CASE_PROMISE
from schemas.subjects import subject_numbers
from tests import scans
from tests.counter import ANNA, BELA, CATALOGUE, ENTRIES, FIRM, Open, Shop, person
from tests.papers import AT as ISSUED
from tests.vault import ids_of, issue_rows, permit, vault_of

OWN, PARTY, STRANGER, REPRESENTED, ANY = "own", "party", "stranger", "represented", "any"
HERE, ELSEWHERE = "market", "health"
HIDDEN = {"role_not_allowed", "relation_not_allowed", "not_found", "grant_not_yours", "token_missing"}
"""How a place says that somebody is not let in."""


@dataclass(frozen=True)
class Call:
    """A request that somebody who is let in gets an answer to, be it that it makes no sense: nothing is changed."""

    path: str
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    files: Any = None


Place = Mapping[str, Callable[[str], Call]]
"""By what its thing is to the caller, the request at a place; made for each role anew."""


class World:
    """A home with things of the market's, of others with the market as a party, and of strangers."""

    def __init__(self, home: Path) -> None:
        self.shop = Shop(home)
        self.shop.publish(person(ANNA, "安娜"), person(BELA, "贝拉"))
        for client_id, department, kind in (
            ("intake", "data_bureau", "intake"), ("here-app", HERE, "system"), ("here-intake", HERE, "intake"),
            ("tax-app", "tax", "system"), ("other-app", ELSEWHERE, "system"), ("gone-app", ELSEWHERE, "system"),
        ):  # fmt: skip
            self.shop.client(client_id, department, kind)
        self._sharing()
        self._answers()
        self._vault()
        self._delivered()

    def _sharing(self) -> None:
        fields = ("number", "name", "address")
        self.grants = {
            OWN: self.shop.grant("police.population", fields, quota=100_000),
            PARTY: self.shop.grant("market.enterprises", ("code",), consumer="tax"),
            STRANGER: self.shop.grant("police.population", fields, consumer=ELSEWHERE),
        }
        self.licence_grant = self.shop.grant("licence.food_operation_permit", ("ZZBH",), consumer="tax", mode="licence")
        self.material_grant = self.shop.grant("material.lease_contract", ("file",), mode="file")
        self.shop.supply("police.population", 5, ("r1", ANNA, {"name": "安娜"}))

    def _answers(self) -> None:
        """Objections, verifications, disputes, notices, findings, incidents."""
        anna, bela, firm = (subject_numbers(number)[0].subject_id for number in (ANNA, BELA, FIRM))
        self.ids = {OWN: anna, REPRESENTED: bela, STRANGER: firm}
        day = self.shop.at.date()

        def actor(role: str, department: str) -> Actor:
            return Actor(role, department, "tests", self.shop.at, day)

        with writing(self.shop.url) as db:
            subject = actor("subject", "")
            self.objections = {
                who: objections.open_objection(db, Challenge(subject_id, kind, name, "x"), CATALOGUE, subject, "s").id
                for who, subject_id, kind, name in (
                    (OWN, anna, "person", "address"), (REPRESENTED, bela, "person", "address"),
                    (STRANGER, firm, "enterprise", "food_permit_no"),
                )
            }  # fmt: skip
            claim = Challenge(anna, "person", "address", "x")
            self.verifications = {
                who: claims.open_claim(db, claim, CATALOGUE, actor("consumer", department), "s").id
                for who, department in ((PARTY, HERE), (STRANGER, ELSEWHERE))
            }
            self.disputes = {
                who: disputes.open_dispute(db, grant, actor("provider", "police"), "x", CATALOGUE.sharing).id
                for who, grant in ((PARTY, self.grants[OWN]), (STRANGER, self.grants[STRANGER]))
            }
            for number, department in ((1, HERE), (2, ELSEWHERE)):
                db.execute(insert(NOTICE).values(
                    notice_no=number, consumer=department, reason="value", source=f"change:{number}",
                    document=json.dumps({"how": "corrected", "changed_at": "", "answers": [], "cases": []}), made_at="",
                    due_on="2026-12-07", tries=0, last_fault="", acknowledged_by=""))  # fmt: skip
            for department, grant in ((HERE, self.grants[OWN]), (ELSEWHERE, self.grants[STRANGER])):
                subscriptions.subscribe(db, grant, department, ENTRIES, "tests", self.shop.at, day)
            findings.keep(db, [Finding("no_case", "1", 1, HERE, day, {})], self.shop.at)

    def _vault(self) -> None:
        vault = vault_of(self.shop.home, self.shop.url)
        issue_rows(vault, [permit(1, holder_code=FIRM)], "b-1", ISSUED)
        self.licence = ids_of(vault)[0]

    def _delivered(self) -> None:
        """Deliveries of the market and of somebody else, waiting in the inbox."""
        for department, name in ((HERE, "here-1"), (ELSEWHERE, "other-1")):
            folder = self.shop.home / "inbox" / department / name
            folder.mkdir(parents=True)
            manifest = {"resource": f"{department}.things", "id": name, "period": "2026-11-01",
                        "files": [{"name": "a.csv", "rows": 1, "sha256": "0" * 64}]}  # fmt: skip
            (folder / "manifest.json").write_text(json.dumps(manifest))

    def open(self, opened: Open) -> None:
        """Register cases, and look at somebody, through the counter itself."""
        self.opened = opened
        opened.case("C-party", department=HERE)
        opened.case("C-stranger", department=ELSEWHERE)
        opened.case("C-licence", department="tax")
        people = [{"number": ANNA, "role": "applicant"}]
        opened.ask("here-intake").register_case("C-own", "0102", "tax", people)
        opened.ask("here-intake").register_case("C-here", "0102", HERE, people)
        opened.case("C-bela", parties=(BELA,), department="tax")
        self.materials = {
            OWN: self._material("here-app", "C-here", ANNA),
            STRANGER: self._material("intake", "C-bela", BELA),
        }
        self.token("consumer")
        headers = opened.bearer("here-app", **self.cites(OWN))
        body = {"subjects": [{"number": ANNA}], "fields": ["address"]}
        assert opened.http.post("/v1/files/query", json=body, headers=headers).status_code == 200

    def _material(self, client: str, case: str, holder: str) -> str:
        about = {"kind": "lease_contract", "holder": holder, "case": case, "verified_by": "王",
                 "verified_against": "original", "verified_on": "2026-11-30"}  # fmt: skip
        answer = self.opened.http.post(
            "/v1/materials", data={"about": json.dumps(about)}, files={"file": ("a.pdf", scans.pdf())},
            headers=self.opened.bearer(client),
        )  # fmt: skip
        return str(answer.json()["material_id"])

    def cites(self, whose: str) -> dict[str, str]:
        return {"Onefile-Grant": self.grants[whose], "Onefile-Item": "0102", "Onefile-Case": "C-here"}

    def token(self, role: str, department: str = HERE) -> str:
        if role in ("system", "intake"):
            return self.opened.ask({"system": "here-app", "intake": "here-intake"}[role]).token()
        if role == "applicant":
            tokens = self.opened.counter.tokens
            return tokens.make("applicant", self.ids[OWN], self.shop.at, assurance=2)
        return "" if role == "public" else self.opened.official(role, department=department)

    def mandate(self, whose: str) -> str:
        """Return a new mandate: of ANNA for BELA, registered by the market's official or by somebody else's."""
        by = {OWN: f"official https://id.example#clerk-consumer-{HERE}"}.get(whose, "nobody")
        agent, principal = (OWN, REPRESENTED) if whose != STRANGER else (REPRESENTED, STRANGER)
        wish = mandates.Wish(
            self.ids[agent], self.ids[principal], "agent", "letter", ("*",), "2026-11-30", "2027-06-30"
        )  # fmt: skip
        number = f"M{self.opened.counter.random(8).hex()}"
        with writing(self.shop.url) as db:
            mandates.put(db, wish, number, by, self.shop.at)
        return number

    def promised(self, case: str) -> str:
        """Have something promised in a case, where it is not yet; return case and promise as a path has them."""
        number = f"P-{case}"
        with writing(self.shop.url) as db:
            found = store.find(db, case)
            assert found is not None
            if not promises.of_case(db, found):
                db.execute(insert(CASE_PROMISE).values(
                    promise_id=number, case_id=found.case_id, item="0102", material="x", kind="later", text="x",
                    made_at="", made_by="tests", due_on="2026-12-07", state="open", reason=""))  # fmt: skip
        return f"{case}/promises/{number}"

    def incident(self) -> str:
        with writing(self.shop.url) as db:
            actor = Actor("authority", CATALOGUE.sharing.authority, "tests", self.shop.at, self.shop.at.date())
            since = self.shop.at - timedelta(days=1)
            grants = (self.grants[PARTY],)
            return incidents.declare(db, grants, since, "x", actor, CATALOGUE.sharing).id


def things(path: str, names: Mapping[str, str], body: Any = None) -> Place:
    """Return the place of a thing that is named in the path."""
    return {whose: lambda _, name=name: Call(path.format(name), body) for whose, name in names.items()}


def anything(path: str, body: Any = None, **more: Any) -> Place:
    """Return a place where there is no thing to be whose."""
    return {"": lambda _: Call(path, body, **more)}


def places(world: World) -> dict[tuple[str, str], Place]:
    """Return every place of the counter."""
    return {**first_places(world), **asking_places(world), **whose_places(world), **last_places(world)}


def first_places(world: World) -> dict[tuple[str, str], Place]:
    """Places for everybody; cases, catalogue, clients, deliveries, disputes."""
    step = {"action": "nonsense", "role": "consumer", "reason": "x"}
    why = {"reason": "x"}
    cases = {OWN: "C-own", PARTY: "C-party", STRANGER: "C-stranger"}
    client = {"client_id": "new-app", "name": "x", "department": HERE, "key": "no key at all, but long enough"}
    public = ("/.well-known/oauth-authorization-server", "/catalog.jsonld", "/catalog.ttl", "/data.json", "/healthz",
              "/metrics", "/oauth/jwks.json", "/readyz", "/v1/keys")  # fmt: skip
    return {
        **{("get", path): anything(path) for path in public},
        ("get", "/log/{path}"): anything("/log/checkpoint"),
        ("get", "/open/{resource}/{name}"): anything("/open/market.public_register/rows.csv"),
        ("get", "/status/{number}"): anything("/status/0"),
        ("get", "/oidc/{provider}/login"): anything("/oidc/nobody/login"),
        ("get", "/oidc/{provider}/callback"): anything("/oidc/nobody/callback"),
        ("post", "/oauth/token"): anything("/oauth/token"),
        ("post", "/v1/verify"): anything("/v1/verify", {"paper": "x"}),
        ("get", "/v1/me"): anything("/v1/me"),
        ("post", "/v1/cases"): anything("/v1/cases", {"draft": "N-1", "item": "9999", "department": HERE,
                                                     "parties": [{"number": ANNA}]}),
        ("get", "/v1/cases"): anything("/v1/cases"),
        ("get", "/v1/cases/{number}"): things("/v1/cases/{}", cases),
        ("post", "/v1/cases/{number}/steps"): things(
            "/v1/cases/{}/steps", cases, {"step": "deliver", "at": "2026-11-30T09:00:00+08:00"}
        ),
        ("post", "/v1/cases/{number}/promises"): things(
            "/v1/cases/{}/promises", cases, {"item": "0102", "material": "nonsense"}
        ),
        ("get", "/v1/cases/{number}/promises"): things("/v1/cases/{}/promises", cases),
        ("post", "/v1/cases/{number}/promises/{promise_id}/settlement"): things(
            "/v1/cases/{}/settlement", {whose: world.promised(case) for whose, case in cases.items()},
            {"outcome": "broken"},
        ),
        ("get", "/v1/catalog/entries"): anything("/v1/catalog/entries"),
        ("get", "/v1/catalog/entries/{entry_id}"): anything("/v1/catalog/entries/police.population"),
        ("post", "/v1/clients"): anything("/v1/clients", client),
        ("get", "/v1/clients"): anything("/v1/clients"),
        ("post", "/v1/clients/{client_id}/keys"): {
            OWN: lambda role: Call(f"/v1/clients/{'here-intake' if role == 'intake' else 'here-app'}/keys",
                                   {"key": client["key"]}),
            STRANGER: lambda _: Call("/v1/clients/other-app/keys", {"key": client["key"]}),
        },
        ("post", "/v1/clients/{client_id}/revocation"): things("/v1/clients/{}/revocation", {ANY: "gone-app"}, why),
        ("post", "/v1/deliveries"): anything("/v1/deliveries", files={"other": ("a", b"x")}),
        ("get", "/v1/deliveries/{delivery}"): things("/v1/deliveries/{}", {OWN: "here-1", STRANGER: "other-1"}),
        **material_places(world),
        ("post", "/v1/disputes"): anything("/v1/disputes", {"about": world.grants[OWN], "role": "consumer", **why}),
        ("get", "/v1/disputes"): anything("/v1/disputes"),
        ("get", "/v1/disputes/{number}"): things("/v1/disputes/{}", world.disputes),
        ("post", "/v1/disputes/{number}/steps"): things("/v1/disputes/{}/steps", world.disputes, step),
    }  # fmt: skip


def material_places(world: World) -> dict[tuple[str, str], Place]:
    """Places of shared materials: of a party to the case cited, of its holder, of whom it acts for, of strangers."""
    cites = {"Onefile-Grant": world.material_grant, "Onefile-Item": "0102", "Onefile-Case": "C-here"}
    back = "/v1/me/materials/{}/withdrawal"

    def read(end: str) -> Place:
        return {
            whose: lambda _, each=world.materials[whose]: Call(f"/v1/materials/{each}{end}", None, cites)
            for whose in (OWN, STRANGER)
        }  # fmt: skip

    return {
        ("post", "/v1/materials"): anything("/v1/materials", files={"other": ("a", b"x")}),
        ("get", "/v1/materials"): {OWN: lambda _: Call("/v1/materials", None, cites)},
        ("get", "/v1/materials/{material_id}"): read(""),
        ("get", "/v1/materials/{material_id}/file"): read("/file"),
        ("get", "/v1/me/materials"): anything("/v1/me/materials"),
        ("post", "/v1/me/materials/{material_id}/withdrawal"): {
            OWN: lambda _: Call(back.format(world.materials[OWN])),
            STRANGER: lambda _: Call(back.format(world.materials[STRANGER])),
            REPRESENTED: lambda _: Call(
                back.format(world.materials[STRANGER]), None, {"Onefile-For": world.mandate(REPRESENTED)}
            ),
        },
    }  # fmt: skip


def asking_places(world: World) -> dict[tuple[str, str], Place]:
    """Places that give what a grant covers."""
    nobody = {"subjects": [{"number": ANNA}]}
    questions = [{"predicate": "equals", "field": "name", "value": "安娜"}]

    def asked(path: str, body: Any) -> Place:
        return {whose: lambda _, whose=whose: Call(path, body, world.cites(whose)) for whose in (OWN, STRANGER)}

    def of_licence(end: str = "") -> Place:
        """The licence is the tax office's to see: whoever comes from there has it as its own."""
        cited = {"Onefile-Grant": world.licence_grant, "Onefile-Item": "0102", "Onefile-Case": "C-licence"}
        return {STRANGER: lambda _: Call(f"/v1/licences/{world.licence}{end}", None, cited)}

    return {
        ("post", "/v1/files/match"): asked("/v1/files/match", {"subjects": [{"number": ANNA, "name": "安娜"}]}),
        ("post", "/v1/files/predicates"): asked("/v1/files/predicates", {**nobody, "questions": questions}),
        ("post", "/v1/files/query"): asked("/v1/files/query", nobody),
        ("post", "/v1/prefill"): asked("/v1/prefill", {"items": ["nonsense"]}),
        ("post", "/v1/prefill/check"): asked("/v1/prefill/check", {"items": ["nonsense"], "batches": [], "fields": [
            {"field": "x", "value": "y"}]}),
        ("post", "/v1/records/query"): asked("/v1/records/query", {**nobody, "resource": "police.population"}),
        ("post", "/v1/licences/search"): asked("/v1/licences/search", {"searches": [{"holder": ANNA}]}),
        ("get", "/v1/licences/{licence_id}"): of_licence(),
        ("get", "/v1/licences/{licence_id}/pdf"): of_licence("/pdf"),
        ("get", "/v1/licences/{licence_id}/presentation"): of_licence("/presentation?nonce=n-12345678"),
        ("get", "/v1/licences/{licence_id}/proof"): of_licence("/proof"),
        ("get", "/v1/licences/{licence_id}/status"): of_licence("/status"),
    }  # fmt: skip


def whose_places(world: World) -> dict[tuple[str, str], Place]:
    """Places about a subject, for itself, for who acts for it, and for whoever leads a value."""
    step = {"action": "nonsense", "role": "consumer", "reason": "x"}
    of_subject = {"action": "nonsense", "role": "subject", "reason": "x"}

    def represented() -> dict[str, str]:
        return {"Onefile-For": world.mandate(REPRESENTED)}

    def own(path: str) -> Place:
        return {OWN: lambda _: Call(path), REPRESENTED: lambda _: Call(path, None, represented())}

    def objection(end: str = "", body: Callable[[str], Any] = lambda _: None) -> Place:
        """To a department an objection is what it leads, or a stranger's; to an applicant one's own, or another's."""

        def call(whose: str, role: str) -> Call:
            ids = world.objections
            if role == "applicant":
                found = ids[OWN if whose == PARTY else whose]
                return Call(f"/v1/objections/{found}{end}", body(role), represented() if whose == REPRESENTED else {})
            return Call(f"/v1/objections/{ids[STRANGER if whose == PARTY else OWN]}{end}", body(role))

        return {whose: lambda role, whose=whose: call(whose, role) for whose in (PARTY, STRANGER, REPRESENTED)}

    def objected(role: str) -> Call:
        more = {} if role == "applicant" else {"subject": {"number": ANNA}, "ticket": "T-1"}
        return Call("/v1/objections", {"attribute": "nonsense", "reason": "x", **more})

    return {
        ("get", "/findUsage"): own("/findUsage"),
        ("get", "/v1/me/file"): own("/v1/me/file"),
        ("get", "/v1/me/trail"): own("/v1/me/trail"),
        ("get", "/v1/me/cases"): own("/v1/me/cases"),
        ("get", "/v1/me/export"): own("/v1/me/export"),
        ("post", "/v1/objections"): {"": objected},
        ("get", "/v1/objections/{number}"): objection(),
        ("post", "/v1/objections/{number}/steps"): objection(
            "/steps", lambda role: of_subject if role == "applicant" else {**step, "role": "provider"}
        ),
    }  # fmt: skip


def last_places(world: World) -> dict[tuple[str, str], Place]:
    """Places of findings, grants, incidents, mandates, notices, requests and verifications."""
    step = {"action": "nonsense", "role": "consumer", "reason": "x"}
    why = {"reason": "x"}
    requests = {whose: grant.replace("G", "R", 1) for whose, grant in world.grants.items()}
    helper = {"agent": BELA, "relation": "helper", "source": "x", "scope": ["*"], "since": "2026-11-30",
              "until": "2026-12-31"}  # fmt: skip
    wish = {"entry": "no.such", "fields": ["name"], "basis": "b", "scenario": "s", "scope": "o", "mode": "query",
            "valid_from": "2026-12-01", "valid_until": "2026-12-31", "quota": 1}  # fmt: skip
    return {
        ("get", "/v1/finding-shares"): anything("/v1/finding-shares?since=2026-11-30&until=2026-11-30"),
        ("get", "/v1/findings"): anything("/v1/findings"),
        ("post", "/v1/findings/{number}/settlement"): things("/v1/findings/{}/settlement", {ANY: "1"}, why),
        ("get", "/v1/grants"): anything("/v1/grants"),
        ("get", "/v1/grants/{grant_id}"): things("/v1/grants/{}", world.grants),
        ("post", "/v1/grants/{grant_id}/steps"): things("/v1/grants/{}/steps", world.grants, step),
        ("get", "/v1/guesses"): anything("/v1/guesses?on=2026-11-30"),
        ("get", "/v1/incidents"): anything("/v1/incidents"),
        ("post", "/v1/incidents"): anything("/v1/incidents", {"grants": [world.grants[OWN]], **why,
                                                             "since": "2027-11-30T00:00:00Z"}),
        ("post", "/v1/incidents/{incident_id}/closing"): {
            ANY: lambda _: Call(f"/v1/incidents/{world.incident()}/closing", why)
        },
        ("get", "/v1/incidents/{incident_id}/report"): {
            ANY: lambda _: Call(f"/v1/incidents/{world.incident()}/report")
        },
        ("get", "/v1/mandates"): anything("/v1/mandates"),
        ("post", "/v1/mandates"): anything("/v1/mandates", helper),
        ("delete", "/v1/mandates/{mandate}"): {
            whose: lambda _, whose=whose: Call(f"/v1/mandates/{world.mandate(whose)}") for whose in (OWN, STRANGER)
        },
        ("get", "/v1/notices"): anything("/v1/notices"),
        ("put", "/v1/notices/target"): anything("/v1/notices/target", {"url": ""}),
        ("post", "/v1/notices/{number}/acknowledgement"): things(
            "/v1/notices/{}/acknowledgement", {OWN: "1", STRANGER: "2"}
        ),
        ("get", "/v1/overdue-notices"): anything("/v1/overdue-notices"),
        ("get", "/v1/events"): anything("/v1/events"),
        ("get", "/v1/subscriptions"): anything("/v1/subscriptions"),
        ("post", "/v1/subscriptions"): anything("/v1/subscriptions", {"grant": world.grants[OWN]}),
        ("post", "/v1/subscriptions/{number}/end"): things("/v1/subscriptions/{}/end", {OWN: "1", STRANGER: "2"}),
        ("get", "/v1/objections"): anything("/v1/objections"),
        ("post", "/v1/requests"): anything("/v1/requests", wish),
        ("get", "/v1/requests"): anything("/v1/requests"),
        ("get", "/v1/requests/{request_id}"): things("/v1/requests/{}", requests),
        ("post", "/v1/requests/{request_id}/steps"): things("/v1/requests/{}/steps", requests, step),
        ("post", "/v1/verifications"): anything("/v1/verifications", {"subject": {"number": ANNA}, **why,
                                                                     "attribute": "address"}),
        ("get", "/v1/verifications"): anything("/v1/verifications"),
        ("get", "/v1/verifications/{number}"): things("/v1/verifications/{}", world.verifications),
        ("post", "/v1/verifications/{number}/steps"): things("/v1/verifications/{}/steps", world.verifications, step),
    }  # fmt: skip


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = World(tmp_path_factory.mktemp("places") / "var")
    with made.shop.open() as opened:
        made.open(opened)
        yield made


@pytest.fixture(scope="module")
def described(world: World) -> dict[tuple[str, str], str]:
    """Every place of the description, with its route's name."""
    paths = world.opened.http.get("/openapi.json").json()["paths"]
    return {
        (method, path): call["x-onefile-route"] for path, calls in paths.items() for method, call in calls.items()
    }  # fmt: skip


def test_every_place_that_is_offered_stands_in_this_table(world: World, described: dict[tuple[str, str], str]) -> None:
    assert set(places(world)) == set(described)


def is_let_in(route: str, role: str, whose: str) -> bool:
    """Say what the matrix says; without a thing, whether the role may use the route on anything."""
    allowed = matrix.relations(route, frozenset({role}))
    if role == "applicant" and whose == PARTY:  # to an applicant no thing is a department's
        whose = OWN
    return bool(allowed) if not whose else whose in allowed or "any" in allowed


@pytest.mark.parametrize("role", ROLES)
def test_a_role_is_let_in_where_the_matrix_says_and_nowhere_else(
    world: World, described: dict[tuple[str, str], str], role: str
) -> None:
    wrong, token = [], world.token(role)
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    for (method, path), place in places(world).items():
        for whose, made in place.items():
            call, route = made(role), described[method, path]
            headers = {**call.headers, **bearer}
            answer = world.opened.http.request(
                method, call.path, json=call.body, files=call.files, headers=headers, follow_redirects=False
            )
            code = answer.json().get("code") if "problem" in answer.headers.get("content-type", "") else ""
            if route in ("public", "licences.verify"):
                is_in = answer.status_code not in (401, 403)
            else:
                is_in = code not in HIDDEN
            if is_in != is_let_in(route, role, whose):
                wrong.append((method, path, whose or "-", answer.status_code, code))
    assert wrong == []


def test_a_licence_that_strangers_are_not_let_in_to_is_shown_to_whom_it_is_granted(world: World) -> None:
    cited = {"Onefile-Grant": world.licence_grant, "Onefile-Item": "0102", "Onefile-Case": "C-licence"}
    headers = world.opened.bearer("tax-app", **cited)
    for end in ("", "/status", "/proof", "/presentation?nonce=n-12345678"):
        answer = world.opened.http.get(f"/v1/licences/{world.licence}{end}", headers=headers)
        assert answer.status_code == 200, answer.text
