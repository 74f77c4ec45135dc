"""Officials and applicants log in by a real OpenID provider (npm's oidc-provider) on loopback."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from exchange.oidc.officials import Official, put
from onefile.services.spark_connect import free_port
from schemas.serving.connection import writing
from schemas.subjects import subject_numbers
from tests.counter import ANNA, Open, Shop, person

SCRIPT = Path(__file__).parents[1] / "interop" / "oidc_provider.mjs"
PACKAGES = Path(__file__).parents[2] / ".interop"
OLDEST = 20
"""Of Node: Debian 12 has 18, with which the provider does not start."""


def node() -> int:
    """Return the version of Node that is here, its first number; 0: there is none."""
    if shutil.which("node") is None:
        return 0
    told = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(told.removeprefix("v").partition(".")[0])


pytestmark = pytest.mark.skipif(
    node() < OLDEST or not (PACKAGES / "node_modules" / "oidc-provider").exists(),
    reason=f"Node from {OLDEST} on, or what tools/setup-test puts into .interop, is missing",
)


@pytest.fixture
def provider() -> Iterator[str]:
    """The provider's issuer."""
    port = free_port()
    script = PACKAGES / SCRIPT.name
    shutil.copyfile(SCRIPT, script)
    redirects = [f"http://127.0.0.1:8600/oidc/{name}/callback" for name in ("bureau", "province")]
    command = ["node", script.name, str(port), *redirects]
    process = subprocess.Popen(command, cwd=PACKAGES, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    try:
        assert process.stdout is not None
        assert any(b"listening" in line for line in iter(process.stdout.readline, b""))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def counter(provider: str, tmp_path: Path) -> Iterator[Open]:
    named = tmp_path / "oidc.yml"
    (tmp_path / "secret").write_text("s3cret-of-the-test-only\n")
    named.write_text(
        f"providers:\n"
        f"  bureau: {{issuer: '{provider}', client_id: onefile, secret_file: secret, for: officials}}\n"
        f"  province: {{issuer: '{provider}', client_id: onefile, secret_file: secret, for: applicants,\n"
        f"    number: id_number, assurance: {{claim: loa, levels: {{'urn:loa:2': 2}}}}}}\n"
    )
    shop = Shop(tmp_path / "var", ONEFILE_OIDC=str(named))
    shop.follow_the_clock()
    shop.publish(person(ANNA, "安娜"))
    with shop.open() as opened:
        yield opened


def logged_in(counter: Open, name: str, account: str) -> httpx.Response | object:
    """Walk through a login as a browser does; return the answer to the provider's redirect."""
    begun = counter.http.get(f"/oidc/{name}/login", follow_redirects=False)
    assert begun.status_code == 302
    with httpx.Client(follow_redirects=False, timeout=20) as browser:
        answer = browser.get(begun.headers["location"])
        for _ in range(12):
            place = answer.headers.get("location", "")
            if urlsplit(place).path.endswith("/callback"):
                return counter.http.get(f"{urlsplit(place).path}?{urlsplit(place).query}")
            if answer.status_code in (302, 303):
                answer = browser.get(str(answer.url.join(place)))
                continue
            prompt = re.search(r'name="prompt" value="(\w+)"', answer.text)
            action = re.search(r'action="([^"]+)"', answer.text)
            assert prompt, answer.text[:300]
            assert action, answer.text[:300]
            form = {"prompt": prompt.group(1), "login": account, "password": "x"}
            answer = browser.post(str(answer.url.join(action.group(1))), data=form)
    raise AssertionError("the provider never sent the browser back")


def test_an_official_who_is_registered_gets_a_token_and_others_do_not(counter: Open, provider: str) -> None:
    refused = logged_in(counter, "bureau", "clerk")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_registered")
    with writing(counter.shop.url) as connection:
        official = Official(provider, "clerk", "王", "market", ("consumer", "auditor"), "2099-12-31")
        put(connection, official, "tests", counter.shop.at)
    token = logged_in(counter, "bureau", "clerk").json()["access_token"]
    me = counter.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["kind"], me["department"], me["roles"]) == ("official", "market", ["auditor", "consumer"])


def test_an_applicant_is_known_by_the_proved_number_and_level(counter: Open) -> None:
    token = logged_in(counter, "province", "anna").json()["access_token"]
    me = counter.http.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()
    assert (me["kind"], me["id"], me["assurance"]) == ("applicant", subject_numbers(ANNA)[0].subject_id, 2)


def test_a_child_of_whom_there_is_no_file_is_known_by_its_number(counter: Open) -> None:
    refused = logged_in(counter, "province", "child")
    assert (refused.status_code, refused.json()["code"]) == (403, "guardian_needed")


def test_a_login_that_was_not_begun_here_is_none(counter: Open) -> None:
    begun = counter.http.get("/oidc/bureau/login", follow_redirects=False)
    state = parse_qs(urlsplit(begun.headers["location"]).query)["state"][0]
    for address in (f"/oidc/bureau/callback?code=x&state={state}", "/oidc/bureau/callback?code=x&state=other",
                    f"/oidc/province/callback?code=x&state={state}", "/oidc/bureau/callback"):  # fmt: skip
        answer = counter.http.get(address)
        assert (answer.status_code, answer.json()["code"]) == (403, "login_failed"), address
    counter.http.cookies.clear()
    assert counter.http.get(f"/oidc/bureau/callback?code=x&state={state}").status_code == 403
    assert counter.http.get("/oidc/nobody/login").status_code == 404
    assert os.environ.get("AUTHLIB_INSECURE_TRANSPORT") is None
