"""What sharing does by itself each hour; no engine is started for it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from onefile import settings
from onefile.cli import main
from pipelines import sharing
from pipelines.workshop import Workshop

WISH = ("--department", "tax", "--fields", "kind", "--basis", "b", "--scenario", "s", "--scope", "o", "--mode", "query",
        "--from", "2026-09-21", "--until", "2026-09-25", "--quota", "5")  # fmt: skip


def run(*arguments: str, at: str = "2026-09-21T08:00:00+08:00") -> None:
    assert main.run(["--lang", "en", "--at", at, *arguments]) == 0


def shop(at: str) -> Workshop:
    return Workshop(settings.read(at=at))


def states(letter: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    capsys.readouterr()
    run({"R": "request", "G": "grant"}[letter], "list", "--json")
    return [case["state"] for case in json.loads(capsys.readouterr().out)]


def test_late_requests_go_up_and_grants_end_when_their_days_are_over_where_the_bureau_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    for number in (1, 2):
        run("request", "apply", "market.penalties", *WISH)
        run("request", "act", f"R20260921-000{number}", "approve", "--as", "office", "--department", "tax")
    run("request", "act", "R20260921-0002", "grant", "--as", "provider", "--department", "market", "--reason", "r")
    before = shop("2026-09-25T15:59:00Z")  # still the last day of the grant
    assert (sharing.review(before), sharing.escalate(before)) == (0, 0)
    assert sharing.review(shop("2026-09-25T16:00:00Z")) == 1
    assert states("G", capsys) == ["ended"]
    assert sharing.escalate(shop("2026-10-12T15:59:00Z")) == 0  # ten working days, with the holidays of that autumn
    assert sharing.escalate(shop("2026-10-12T16:00:00Z")) == 1
    assert states("R", capsys) == ["escalated", "granted"]
    after = shop("2026-10-13T16:00:00Z")
    assert (sharing.review(after), sharing.escalate(after), sharing.verify(after).opened) == (0, 0, ())
