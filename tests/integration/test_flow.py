"""The main job, whole: a small city delivers, `onefile run` takes it in, every receipt is held against the truth."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pipelines import peek

DAY = "2026-11-21"
TRUE = {"person": "people.csv", "enterprise": "enterprises.csv"}
# Both kinds of subject, both formats, both encodings; the demo takes in all the others.
RESOURCES = ("police.population", "education.certificates", "market.enterprises")


@dataclass(frozen=True)
class House:
    """A home in which a city was taken in, the city's folder, and how the run ended."""

    home: Path
    city: Path
    ran: subprocess.CompletedProcess[str]

    def receipts(self) -> dict[str, Any]:
        found = (json.loads(path.read_bytes()) for path in (self.home / "receipts").glob("*.json"))
        return {r["delivery"]: r for r in (json.loads(b64decode(envelope["payload"])) for envelope in found)}

    def rows(self, table: str) -> Any:
        return peek.rows(self.home / "lake", table, None)


def onefile(home: Path, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onefile.cli", *arguments]
    environ = os.environ | {"ONEFILE_HOME": str(home), "ONEFILE_LANG": "en", "ONEFILE_NOW": "2026-11-23T08:00:00+08:00"}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environ, timeout=900, check=False)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    home, city = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("city") / "made"
    only = [word for resource in RESOURCES for word in ("--only", resource)]
    size = ["--people", "300", "--enterprises", "40", "--days", "1", "--seed", "3", "--first-day", DAY]
    made = onefile(home, "city", "make", *size, *only, "--out", str(city))
    assert made.returncode == 0, made.stderr
    for manifest in city.glob("*/*/manifest.json"):
        shutil.copytree(manifest.parent, home / "inbox" / manifest.parent.parent.name / manifest.parent.name)
    return House(home, city, onefile(home, "run"))


def truth(city: Path) -> dict[str, tuple[set[tuple[int, str]], int]]:
    """Return for each delivery the (row, reason) that must be rejected, and the number of duplicates."""
    rejected: dict[str, set[tuple[int, str]]] = {}
    duplicates: Counter[str] = Counter()
    with (city / "truth" / "defects.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["expected"] == "duplicate":
                duplicates[row["delivery"]] += 1
            elif row["expected"]:
                rejected.setdefault(row["delivery"], set()).add((int(row["row"]), row["expected"]))
    return {name: (rejected.get(name, set()), duplicates[name]) for name in {*rejected, *duplicates}}


def test_the_run_ends_well(house: House) -> None:
    assert house.ran.returncode == 0, house.ran.stdout[-2000:] + house.ran.stderr[-2000:]


def test_every_receipt_adds_up_and_names_just_the_planted_defects(house: House) -> None:
    receipts, planted = house.receipts(), truth(house.city)
    assert len(receipts) == len(list(house.city.glob("*/*/manifest.json")))
    for name, receipt in receipts.items():
        rejected, duplicates = planted.get(name, (set(), 0))
        told = {(item["row"], item["reason"]) for item in receipt["rejected"]}
        assert told == rejected, name
        assert receipt["duplicates"] == duplicates, name
        assert receipt["received"] == receipt["accepted"] + receipt["quarantined"] + receipt["duplicates"], name


def test_an_independent_reader_finds_as_many_rows_as_the_receipts_say(house: House) -> None:
    receipts = house.receipts().values()
    for resource in {r["resource"] for r in receipts}:
        mine = [r for r in receipts if r["resource"] == resource]
        assert house.rows(f"bronze/{resource}").num_rows == sum(r["received"] for r in mine)
        assert house.rows(f"quarantine/{resource}").num_rows == sum(r["quarantined"] for r in mine)
    persons = house.rows("gold/person_file")
    assert persons.num_rows == len(set(persons.column("number").to_pylist())) > 0


def test_what_the_lead_registers_say_is_what_every_file_shows(house: House) -> None:
    """Other departments differ here and there; the household register and the enterprise register lead."""
    for kind, names, registered in (
        ("person", ("name", "sex", "birth_on", "died_on", "address"), "residence_state"),
        ("enterprise", ("name", "legal_representative", "cancelled_on", "address"), "status"),
    ):
        with (house.city / "truth" / TRUE[kind]).open(encoding="utf-8", newline="") as file:
            true = {row.pop("number" if kind == "person" else "code"): row for row in csv.DictReader(file)}
        files = [f for f in house.rows(f"gold/{kind}_file").to_pylist() if f[registered] and f["number"] in true]
        assert len(files) > 0.9 * len(true)
        for found in files:
            shown = {name: str(found[name]["value"] or "") if found[name] else "" for name in names}
            assert shown == {name: true[found["number"]][name] for name in names}


def test_a_one_file_is_shown_only_after_the_look_is_in_the_ledger(house: House) -> None:
    number = house.rows("gold/person_file").column("number")[0].as_py()
    assert onefile(house.home, "file", "-", stdin=number).returncode == 2
    shown = onefile(house.home, "file", "-", "--purpose", "test", "--json", stdin=number)
    assert shown.returncode == 0, shown.stderr
    assert number in shown.stdout
    ledger = onefile(house.home, "ledger", "show", "--json")
    assert ledger.returncode == 0
    assert number not in ledger.stdout


def test_a_second_run_has_nothing_to_do(house: House) -> None:
    before = {path.name: path.read_bytes() for path in (house.home / "receipts").glob("*.json")}
    again = onefile(house.home, "run")
    assert again.returncode == 0
    assert {path.name: path.read_bytes() for path in (house.home / "receipts").glob("*.json")} == before


def test_no_log_page_or_file_name_holds_a_number(house: House) -> None:
    numbers = [number.encode() for number in house.rows("gold/person_file").column("number").to_pylist()]
    searched = 0
    for part in ("logs", "quality", "airflow", "receipts", "ledger"):
        for path in (house.home / part).rglob("*"):
            if path.is_file():
                content = path.read_bytes()
                searched += 1
                assert not any(number in content for number in numbers), path.name
    assert searched > 20
    names = " ".join(path.name for path in house.home.rglob("*"))
    assert not any(number.decode() in names for number in numbers)


def test_a_value_is_traced_to_the_bytes_of_the_record_that_brought_it(house: House) -> None:
    person = next(row for row in house.rows("gold/person_file").to_pylist() if row["contradictions"])
    lost = person["contradictions"][0]
    asked = ("trace", "-", lost["attribute"], "--purpose", "test")
    said = onefile(house.home, *asked, "--json", stdin=person["number"])
    assert said.returncode == 0, said.stderr
    values = json.loads(said.stdout)["values"]
    assert [value["is_winner"] for value in values] == [True] + [False] * (len(values) - 1)
    assert (lost["value"], lost["row_no"]) in [(value["value"], value["record"]["row"]) for value in values]
    for value in values:
        delivery, record = value["delivery"], value["record"]
        kept = house.home / "deliveries" / delivery["department"] / delivery["id"] / record["file"]
        assert bytes.fromhex(record["bytes_hex"]) in kept.read_bytes().splitlines()
        assert record["is_as_received"]
    looks = json.loads(onefile(house.home, "ledger", "show", "--json").stdout)["entries"]
    resources = {value["delivery"]["resource"] for value in values}
    assert set(looks[-1]["fields"]) == {lost["attribute"], *(f"record.{resource}" for resource in resources)}
    assert onefile(house.home, "trace", "-", "shoe_size", "--purpose", "test", stdin=person["number"]).returncode == 2
