"""`onefile share`: shares of grants are made, listed, opened by a profile file, and ended."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from catalog import shares
from onefile.cli import main
from schemas.serving.connection import looking
from tests.counter import Shop

NOW = "2026-11-30T10:00:00+08:00"


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop(tmp_path / "var")
    for name, value in {**made.environ, "ONEFILE_NOW": NOW}.items():
        monkeypatch.setenv(name, value)
    return made


def share(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> Any:
    """Run the verb; return what it prints, and its exit code where it fails."""
    capsys.readouterr()
    code = main.run(["share", *map(str, arguments)])
    told = capsys.readouterr()
    return json.loads(told.out) if code == 0 and "--json" in arguments else (code, told.out + told.err)


def test_a_share_is_made_of_grants_opened_by_a_profile_and_revoked(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    grant = shop.grant("police.population", ("name",), "tax", mode="batch")
    (made,) = share(capsys, "create", "tax_people", "--grant", grant, "--json")
    assert (made["department"], made["state"], made["token_until"]) == ("tax", "active", None)
    assert made["tables"] == [{"grant_id": grant, "schema": "police", "name": "population"}]
    file = tmp_path / "tax.share"
    assert share(capsys, "profile", "tax_people", "--to", file, "--days", "30")[0] == 0
    profile = json.loads(file.read_text())
    assert (profile["shareCredentialsVersion"], profile["expirationTime"]) == (1, "2026-12-30T02:00:00Z")
    assert profile["endpoint"].endswith("/delta-sharing/")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert profile["bearerToken"].encode() not in (shop.home / "serving.db").read_bytes()
    with looking(shop.url) as connection:
        found = shares.of_token(connection, profile["bearerToken"])
        assert found is not None
        assert (found.share_id, found.opens(shop.at)) == ("tax_people", True)
    assert share(capsys, "profile", "tax_people", "--to", file)[0] == 1  # it is there already
    assert "tax_people" in share(capsys, "list")[1]
    (ended,) = share(capsys, "revoke", "tax_people", "--reason", "over", "--json")
    assert (ended["state"], ended["reason"], ended["token_until"]) == ("revoked", "over", None)
    with looking(shop.url) as connection:
        assert shares.of_token(connection, profile["bearerToken"]) is None
    assert share(capsys, "profile", "tax_people", "--to", tmp_path / "again.share")[0] == 1


def test_what_cannot_be_a_share_is_refused_with_what_is_wanted(shop: Shop, capsys: pytest.CaptureFixture[str]) -> None:
    ours = shop.grant("police.population", ("name",), "tax", mode="batch")
    others = shop.grant("market.enterprises", ("code",), "police", mode="batch")
    asked = shop.grant("police.population", ("name",), "market")
    for name, grants, wanted in (
        ("Tax People", [ours], "small letters"),
        ("tax_people", [ours, others], "one department's"),
        ("tax_people", [asked], "by batch"),
        ("tax_people", ["G20261130-0099"], "G20261130-0099"),
    ):
        given = [part for grant in grants for part in ("--grant", grant)]
        code, told = share(capsys, "create", name, *given)
        assert code == 1, name
        assert wanted in told
    with looking(shop.url) as connection:
        assert shares.shares(connection) == []
