"""`onefile share`: shares of grants are made, listed, opened by a profile file, and ended."""

from __future__ import annotations

import json
import sqlite3
import stat
from pathlib import Path
from typing import Any

import pytest

from catalog import shares
from onefile.cli import main
from schemas.serving.connection import looking
from tests.counter import Shop
from tests.handed import shared

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


def test_batches_are_written_into_a_folder_and_verified_by_the_command(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared(shop).begin(("k1", "安娜", "样例路1号"))
    (made,) = share(capsys, "batch", "tax_people", "--to", tmp_path / "out", "--format", "xml", "--json")
    assert (made["table"], made["kind"], made["rows"]) == ("police.population", "full", 1)
    assert "nothing changed" in share(capsys, "batch", "tax_people", "--to", tmp_path / "out")[1]
    envelope, trust = Path(made["folder"]) / "manifest.json.dsse", shop.home / "keys" / "trust.json"
    capsys.readouterr()
    assert main.run(["verify", str(envelope), "--trust", str(trust), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["verdict"] == "genuine"


def test_tables_are_put_into_a_database_that_the_environment_names_and_held_against_their_counts(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    shared(shop).begin(("k1", "安娜", "样例路1号"))
    assert "share target" in share(capsys, "put", "tax_people")[1]
    monkeypatch.setenv("ONEFILE_TARGET_TAX", f"sqlite:///{tmp_path}/own.db")
    (named,) = share(capsys, "target", "tax_people", "TAX", "--json")
    assert (named["name"], named["put_at"], named["fault"]) == ("TAX", None, "")
    (done,) = share(capsys, "put", "tax_people", "--json")
    assert (done["table"], done["kind"], done["put"]) == ("police_population", "full", 1)
    (found,) = share(capsys, "reconcile", "tax_people", "--json")
    assert (found["state"], found["found_rows"]) == ("same", 1)
    with sqlite3.connect(tmp_path / "own.db") as own:
        assert own.execute("SELECT name, address FROM police_population").fetchall() == [("安娜", "样例路1号")]
        own.execute("DELETE FROM police_population")
    code, told = share(capsys, "reconcile", "tax_people")
    assert code == 1
    assert "onefile share put --full" in told
    assert share(capsys, "put", "tax_people", "--full")[0] == 0
    assert share(capsys, "reconcile", "tax_people")[0] == 0
    assert "TAX" not in share(capsys, "target", "tax_people")[1]


def test_a_share_s_batches_are_made_every_night_until_that_is_ended(
    shop: Shop, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shared(shop)
    (found,) = share(capsys, "nightly", "tax_people", tmp_path / "out", "--format", "xml", "--json")
    assert (found["folder"], found["form"], found["made_at"]) == (str(tmp_path / "out"), "xml", None)
    assert str(tmp_path / "out") in share(capsys, "nightly", "tax_people", tmp_path / "out")[1]
    assert share(capsys, "nightly", "tax_people") == (0, "")
    assert share(capsys, "nightly", "nothing", tmp_path / "out")[0] == 1
