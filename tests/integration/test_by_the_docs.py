"""Whoever integrates has the how-to and nothing else: what it says is done here, word for word, with others' tools."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import runpy
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from cryptography.hazmat.primitives.serialization import load_der_public_key
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver, InvalidSignature, algorithms
from joserfc.jwk import ECKey, OKPKey, RSAKey

from onefile.cli import main
from onefile.client import Counter
from onefile.services.spark_connect import free_port
from tests.counter import ANNA, BELA, Shop, person, start
from tests.documents import page

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "ask-the-counter.md"
AT = datetime(2026, 11, 30, 1, 0, tzinfo=UTC)  # when the how-to lets the case come in
MARRIAGES = "civil_affairs.marriages"
BOUND = ('"@method";req', '"@path";req', '"@query";req', '"@status"', '"content-digest"', '"onefile-request-digest"')


@dataclass
class Department:
    """A department's machine: a folder with its keys and the trust file, and where the bureau's counter is."""

    folder: Path
    url: str
    grants: dict[str, str]

    def here(self, text: str) -> str:
        """Return what the how-to says with this counter's address and the number of the grant that was given."""
        return text.replace("https://counter.city.example", self.url).replace(
            "G20261129-0001", self.grants.get("files", "")
        )

    def shell(self, block: str, **variables: str) -> str:
        """Run a block of the how-to as it stands; return what it wrote."""
        done = subprocess.run(
            ["sh", "-eu", "-c", self.here(block)],
            cwd=self.folder, env={"PATH": os.environ["PATH"], **variables}, capture_output=True, check=True,
        )  # fmt: skip
        return done.stdout.decode()

    def python(self, block: str) -> tuple[str, dict[str, Any]]:
        """Run a block of the how-to as it stands; return what it wrote, and what it named."""
        written = self.folder / "asks.py"
        written.write_text(self.here(block), "utf-8")
        with redirect_stdout(io.StringIO()) as said:
            names = runpy.run_path(str(written))
        return said.getvalue(), names


def block(holding: str) -> str:
    """The block of code of the how-to that holds a text."""
    (found,) = [text for text in page(HOW_TO).blocks if holding in text]
    return found


def clerk(shop: Shop, monkeypatch: pytest.MonkeyPatch, line: str) -> None:
    """Run a command at the bureau."""
    for name, value in shop.environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("ONEFILE_NOW", AT.isoformat())
    assert main.run(line.split()[1:]) == 0


@pytest.fixture(scope="module")
def monkeymodule() -> Iterator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def department(tmp_path_factory: pytest.TempPathFactory, monkeymodule: pytest.MonkeyPatch) -> Iterator[Department]:
    """A counter that listens, a department that was handed what the how-to names, and the intake platform."""
    root = tmp_path_factory.mktemp("department")
    shop = Shop(root / "var")
    shop.at = AT
    shop.publish(person(ANNA, "安娜"))
    shop.supply(MARRIAGES, 12, ("m" * 16, f"{ANNA} {BELA}", {"man_number": BELA, "woman_number": ANNA}))
    made = Department(root / "market", "", {})
    made.folder.mkdir()
    openssl = block("genpkey")
    made.shell(openssl)
    made.shell(openssl.replace("client.", "intake."))
    monkeymodule.chdir(made.folder)
    for line in (
        "onefile client add market-permits --department market --name Permits --key client.pub",
        "onefile client add intake-platform --department data_bureau --name Intake --kind intake --key intake.pub",
        "onefile vault keys export --out trust.json",
    ):
        clerk(shop, monkeymodule, line)
    made.grants["files"] = shop.grant("police.population", ("number", "name", "birth_on"))
    made.grants["rows"] = shop.grant(MARRIAGES, ("man_number", "woman_number"))
    port = free_port()
    made.url = f"http://127.0.0.1:{port}"
    server = start(shop, port, processes=1)
    monkeymodule.setattr(time, "time", AT.timestamp)
    monkeymodule.setitem(Counter.__init__.__kwdefaults__, "now", lambda: AT)
    try:
        register(made)
        yield made
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(60)


def session(department: Department, client_id: str, key: Any, alg: str, seconds: int = 300) -> OAuth2Session:
    """Return Authlib's session of a client, with a token; its assertions live for some seconds."""
    where = requests.get(f"{department.url}/.well-known/oauth-authorization-server", timeout=30).json()
    assert "private_key_jwt" in where["token_endpoint_auth_methods_supported"]
    assert alg in where["token_endpoint_auth_signing_alg_values_supported"]
    made = OAuth2Session(client_id, scope="onefile")
    assertion = private_key_jwt_sign(key, client_id, where["token_endpoint"], alg=alg, expires_in=seconds)
    made.fetch_token(
        where["token_endpoint"], grant_type="client_credentials", client_assertion=assertion,
        client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    )  # fmt: skip
    return made


def register(department: Department) -> None:
    """Register the draft and report that it was received, with the requests that the how-to shows."""
    key = OKPKey.import_key((department.folder / "intake.pem").read_bytes())
    intake = session(department, "intake-platform", key, "EdDSA")
    for asked in block("POST /v1/cases\n").split("\n\n"):
        line, body = asked.split("\n", 1)
        method, path = line.split()
        answer = intake.request(method, department.url + path, json=json.loads(body))
        assert answer.ok, answer.text


@pytest.fixture(scope="module")
def permits(department: Department) -> requests.Session:
    """The department's system, by the how-to's lines for Authlib."""
    _, names = department.python(block("FiveMinutes"))
    made = requests.Session()
    made.headers.update(
        {
            "Authorization": f"Bearer {names['token']['access_token']}",
            "Onefile-Item": "0102",
            "Onefile-Case": "DRAFT-1",
        }
    )
    return made


def ask(permits: requests.Session, department: Department, path: str, body: Any, grant: str = "files") -> Any:
    headers = {"Onefile-Grant": department.grants[grant]}
    return permits.post(department.url + path, json=body, headers=headers, timeout=30)


def test_the_library_is_used_as_shown(department: Department) -> None:
    said, _ = department.python(block("from onefile.client"))
    assert said.startswith("found [{")
    assert "安娜" in said


@pytest.mark.skipif(shutil.which("curl") is None, reason="curl is missing")
def test_curl_asks_as_shown(department: Department) -> None:
    key = OKPKey.import_key((department.folder / "client.pem").read_bytes())
    assertion = private_key_jwt_sign(
        key, "market-permits", f"{department.url}/oauth/token", alg="EdDSA", expires_in=300
    )
    lines = block("curl -s").split("\ncurl ")
    token = json.loads(department.shell(lines[0], JWT=assertion))
    assert (token["token_type"], token["expires_in"]) == ("Bearer", 600)
    answer = json.loads(department.shell(f"curl {lines[1]}", TOKEN=token["access_token"]))
    (result,) = answer["results"]
    assert (result["outcome"], result["files"][0]["attributes"]["name"]["value"]) == ("found", "安娜")


KEYS: dict[str, tuple[Callable[[bytes], Any], str]] = {
    "-algorithm ec -pkeyopt ec_paramgen_curve:P-256": (ECKey.import_key, "ES256"),
    "-algorithm rsa -pkeyopt rsa_keygen_bits:2048": (RSAKey.import_key, "PS256"),
}


@pytest.mark.parametrize("made_with", KEYS)
def test_other_keys_that_are_named_do_too(
    department: Department, monkeymodule: pytest.MonkeyPatch, made_with: str
) -> None:
    imported, alg = KEYS[made_with]
    named = f"new-{alg}"
    openssl = block("genpkey").replace("-algorithm ed25519", made_with).replace("client.", f"{named}.")
    department.shell(openssl)
    shop = Shop(department.folder.parent / "var")
    line = f"onefile client rotate market-permits --key {department.folder / named}.pub --overlap 7"
    clerk(shop, monkeymodule, line)
    key = imported((department.folder / f"{named}.pem").read_bytes())
    algs = (alg, "RS256") if alg == "PS256" else (alg,)
    assert all(session(department, "market-permits", key, each).token["expires_in"] == 600 for each in algs)


def test_an_assertion_for_an_hour_is_refused_as_the_how_to_says(department: Department) -> None:
    key = OKPKey.import_key((department.folder / "intake.pem").read_bytes())
    with pytest.raises(Exception, match="ends later than in five minutes"):
        session(department, "intake-platform", key, "EdDSA", seconds=3600)


def test_what_the_table_offers_is_answered(department: Department, permits: requests.Session) -> None:
    subject = {"number": ANNA}
    asked: tuple[tuple[str, Any, str, Callable[[Any], Any], Any], ...] = (
        ("/v1/files/query", {"subjects": [subject], "fields": ["birth_on"], "contradictions": True}, "files",
         lambda said: said["results"][0]["files"][0]["attributes"]["birth_on"]["value"], "1990-01-01"),
        ("/v1/records/query", {"subjects": [subject], "resource": MARRIAGES}, "rows",
         lambda said: said["results"][0]["records"][0]["values"]["man_number"], BELA),
        ("/v1/files/match", {"subjects": [{**subject, "name": "安娜", "fields": {"birth_on": "1990-01-02"}}]}, "files",
         lambda said: said["results"][0]["fields"], {"name": "agrees", "birth_on": "differs"}),
        ("/v1/files/predicates",
         {"subjects": [subject], "questions": [{"predicate": "age_at_least", "value": "60"}]}, "files",
         lambda said: said["results"][0]["answers"], ["no"]),
    )  # fmt: skip
    for path, body, grant, of_it, expected in asked:
        answer = ask(permits, department, path, body, grant)
        assert answer.status_code == 200, answer.text
        assert of_it(answer.json()) == expected
    paper = requests.post(f"{department.url}/v1/verify", json={"paper": "no paper"}, timeout=30)
    assert (paper.status_code, paper.json()["verdict"]) == (200, "not_genuine")


class TrustFile(HTTPSignatureKeyResolver):
    """Looks keys up where the how-to says: among those for `answers` in the trust file."""

    def __init__(self, department: Department) -> None:
        trust = json.loads((department.folder / "trust.json").read_bytes())
        self.keys = {each["id"]: each["public"] for each in trust["keys"] if each["use"] == "answers"}

    def resolve_public_key(self, key_id: str) -> Any:
        return load_der_public_key(base64.b64decode(self.keys[key_id]))


class Verifier(HTTPMessageVerifier):
    """Checks signatures made at the time of the tests' counter."""

    max_clock_skew = timedelta(days=36500)


def test_an_answer_s_signature_is_checked_with_somebody_else_s_library(
    department: Department, permits: requests.Session
) -> None:
    body = {"subjects": [{"number": ANNA}], "fields": ["name"]}
    answer = ask(permits, department, "/v1/files/query", body)
    digest = base64.b64encode(hashlib.sha256(answer.request.body).digest()).decode()
    assert answer.headers["Onefile-Request-Digest"] == f"sha-256=:{digest}:"
    verifier = Verifier(signature_algorithm=algorithms.ED25519, key_resolver=TrustFile(department))
    (found,) = verifier.verify(answer, max_age=None, body=answer.content, require_components=BOUND)
    assert (found.label, found.parameters["created"]) == ("onefile", int(AT.timestamp()))
    assert {'"onefile-grant";req', '"onefile-item";req', '"onefile-case";req'} <= found.covered_components.keys()
    answer.request.headers["Onefile-Case"] = "DRAFT-2"
    with pytest.raises(InvalidSignature):
        verifier.verify(answer, max_age=None, body=answer.content)


def test_a_delivery_is_handed_over_and_followed(department: Department, permits: requests.Session) -> None:
    rows = f"number,name\n{ANNA},安娜\n".encode()
    file = {"name": "rows.csv", "sha256": hashlib.sha256(rows).hexdigest(), "rows": 1}
    manifest = {"resource": "market.enterprises", "id": "market-1", "period": "2026-11-01", "files": [file]}
    parts = [("manifest", ("manifest.json", json.dumps(manifest))), ("file", ("rows.csv", rows))]
    answer = permits.post(f"{department.url}/v1/deliveries", files=parts, timeout=30)
    assert answer.status_code == 202, answer.text
    follow = permits.get(department.url + answer.headers["Location"], timeout=30)
    assert (follow.status_code, follow.json()["state"]) == (200, "waiting")
    again = permits.get(follow.url, headers={"If-None-Match": follow.headers["ETag"]}, timeout=30)
    assert again.status_code == 304
