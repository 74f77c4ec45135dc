"""Open data at the counter: anybody has what is published now, by the addresses in data.json, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog.opening import Publication
from onefile.cli import main
from tests.counter import Shop

REGISTER = "market.public_register"


def publish(home: Path, folder: str, content: bytes) -> None:
    """Lay down what a publication leaves."""
    place = home / "open" / REGISTER
    (place / folder).mkdir(parents=True)
    (place / folder / "rows.csv").write_bytes(content)
    (place / folder / "secret.csv").write_bytes(b"not in the list")
    files = [{"name": "rows.csv", "rows": 1, "bytes": len(content), "sha256": "0" * 64}]
    made = Publication(REGISTER, folder, "2026-11-30T00:00:00Z", 1, 0, files, [])
    (place / "current.json").write_text(json.dumps(vars(made)))


def test_what_is_published_is_had_by_the_address_in_data_json(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = Shop(tmp_path / "var")
    with shop.open() as opened:
        before = opened.http.get("/data.json").json()
        assert "downloadURL" not in json.dumps(before)
        publish(shop.home, "a1", b"code\r\nx\r\n")
        told = opened.http.get("/data.json").json()
        (dataset,) = [each for each in told["dataset"] if each["distribution"][0].get("downloadURL")]
        assert dataset["accessLevel"] == "public"
        (file,) = dataset["distribution"]
        assert file["mediaType"] == "text/csv"
        answer = opened.http.get(file["downloadURL"])
        assert (answer.status_code, answer.content) == (200, b"code\r\nx\r\n")
        assert answer.headers["content-type"].startswith("text/csv")
        for path in (
            f"/open/{REGISTER}/secret.csv", f"/open/{REGISTER}/current.json", f"/open/{REGISTER}/..%2F..%2Fserving.db",
            "/open/police.population/rows.csv", "/open/..%2Fkeys/trust.json",
        ):  # fmt: skip
            assert opened.http.get(path).status_code in (401, 404), path
    for name, value in shop.environ.items():
        monkeypatch.setenv(name, value)
    capsys.readouterr()
    assert main.run(["open", "list"]) == 0
    assert REGISTER in capsys.readouterr().out
