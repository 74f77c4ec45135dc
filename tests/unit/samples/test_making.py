"""A city in a folder: whole, the same each time, and as the inbox takes it."""

from __future__ import annotations

import csv
import hashlib
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from catalog.model import Catalogue
from inbox.checks import check_file, check_listing
from inbox.errors import Refused
from inbox.manifest import read_manifest
from samples import making, truth
from samples.dirt.plan import DUPLICATE
from samples.errors import FolderTaken, OutOfSize
from samples.parcels import REFUSED
from schemas.reasons import REASONS, WARNINGS
from tests.unit.samples.conftest import ORDER, Made


def digests(folder: Path) -> dict[str, str]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_same_order_gives_the_same_bytes(made: Made, catalogue: Catalogue, tmp_path: Path) -> None:
    making.make_city(ORDER, catalogue, tmp_path / "again")
    assert digests(tmp_path / "again") == digests(made.folder)


def test_another_seed_gives_another_city(made: Made, catalogue: Catalogue, tmp_path: Path) -> None:
    making.make_city(replace(ORDER, seed=6), catalogue, tmp_path / "other")
    first, other = (folder / "truth" / "people.csv" for folder in (made.folder, tmp_path / "other"))
    assert first.read_bytes() != other.read_bytes()


def test_every_declared_resource_is_served(catalogue: Catalogue, made: Made) -> None:
    assert {d.resource for d in made.delivered} == set(catalogue.resources)


def test_every_delivery_passes_the_checks_of_the_door(made: Made, catalogue: Catalogue) -> None:
    for delivered in made.delivered:
        resource = catalogue.resource(delivered.resource)
        place = made.folder / resource.department / delivered.id
        manifest = read_manifest((place / "manifest.json").read_bytes())
        check_listing(place, manifest)
        if delivered.status == REFUSED:  # cut on its way
            last = max(manifest.files, key=lambda entry: entry.name)
            with pytest.raises(Refused):
                check_file(place / last.name, last, resource)
            continue
        for entry in manifest.files:
            check_file(place / entry.name, entry, resource)
        assert (manifest.id, manifest.rows, manifest.period) == (delivered.id, delivered.received, delivered.period)


def test_the_truth_adds_up_and_names_known_reasons_only(made: Made) -> None:
    planted = rows(made.folder / truth.FOLDER / "defects.csv")
    expected = {row["expected"] for row in planted if row["is_detectable"] == "1"}
    assert expected <= {DUPLICATE, *REASONS} - set(WARNINGS)
    assert {row["expected"] for row in planted if row["is_detectable"] == "0"} == {""}
    for delivery in rows(made.folder / truth.FOLDER / "deliveries.csv"):
        mine = [row for row in planted if row["delivery"] == delivery["id"] and row["expected"]]
        rejected = {row["row"] for row in mine if row["expected"] != DUPLICATE}
        duplicates = [row["row"] for row in mine if row["expected"] == DUPLICATE]
        assert len(rejected) == int(delivery["quarantined"])
        assert len(duplicates) == len(set(duplicates)) == int(delivery["duplicates"])
        counts = [int(delivery[name]) for name in ("accepted", "quarantined", "duplicates")]
        assert sum(counts) == int(delivery["received"])


def test_the_city_is_as_large_as_ordered(made: Made) -> None:
    people = rows(made.folder / truth.FOLDER / "people.csv")
    enterprises = rows(made.folder / truth.FOLDER / "enterprises.csv")
    assert ORDER.people - 4 <= len(people) <= ORDER.people + 10
    assert ORDER.enterprises <= len(enterprises) <= ORDER.enterprises + 4


def test_no_number_belongs_to_anybody(made: Made) -> None:
    people = rows(made.folder / truth.FOLDER / "people.csv")
    enterprises = rows(made.folder / truth.FOLDER / "enterprises.csv")
    assert {row["number"][:5] for row in people} == {"69010"}
    assert {row["code"][2:7] for row in enterprises} == {"69010"}


def test_signed_manifests_carry_the_signature_of_the_department(catalogue: Catalogue, tmp_path: Path) -> None:
    city = tmp_path / "signed"
    only = {"market.penalties"}
    order = replace(ORDER, people=60, enterprises=10, days=0, is_signed=True)
    (delivered,) = making.make_city(order, catalogue, city, only=lambda resource: resource.id in only)
    place = city / "market" / delivered.id
    key = load_pem_public_key((city / "keys" / "market.public.pem").read_bytes())
    key.verify((place / "manifest.json.sig").read_bytes(), (place / "manifest.json").read_bytes())  # type: ignore[union-attr, call-arg]
    assert stat.S_IMODE((city / "keys" / "market.pem").stat().st_mode) == 0o600
    assert stat.S_IMODE((city / "keys").stat().st_mode) == 0o700
    assert [path.name for path in (city / "keys").glob("*.pem")].count("police.pem") == 0


def test_a_folder_that_holds_something_is_left_alone(catalogue: Catalogue, tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(FolderTaken):
        making.make_city(ORDER, catalogue, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_city_that_cannot_be_made_leaves_nothing_behind(catalogue: Catalogue, tmp_path: Path) -> None:
    with pytest.raises(OutOfSize, match="3 people: wanted 20 to 2000000"):
        making.make_city(replace(ORDER, people=3), catalogue, tmp_path / "small")
    assert list(tmp_path.iterdir()) == []
