"""Materials kept once and encrypted; killed or lost anywhere, nothing half-kept counts."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

import catalog
from licence_vault.at_rest import AtRest
from licence_vault.materials import keeping, rules
from licence_vault.materials.checking import Checked, check
from licence_vault.materials.covering import retire_covered
from licence_vault.materials.errors import MaterialDamaged, NoSuchMaterial, NotLeftToHolder, StoreGone
from licence_vault.materials.folder import Folder
from licence_vault.materials.keeping import Deposit, Holder, Materials
from onefile.files import DiskFull
from schemas.service_items import Recognition
from schemas.serving.connection import looking, writing
from schemas.serving.material_tables import MATERIAL, MATERIAL_CONTENT
from schemas.serving.migration import upgrade
from tests import scans
from tests.papers import AT as ISSUED
from tests.vault import issue_rows, permit, vault_of

AT = datetime(2026, 11, 30, 2, tzinfo=UTC)
KNOWN = catalog.load().declarations
KINDS, LICENCES = KNOWN.materials, KNOWN.licences
FIRM = Holder("e-firm", "enterprise", "91690101MA00000158")
LEASE = KINDS["lease_contract"]
ANNA = Holder("p-anna", "person", "690101199001010018")
SAID = Deposit("lease_contract", "h-anna", "scan", "market", "0102", "D-1", "officer-1", "original", "2026-11-30",
               "2026-10-01")  # fmt: skip
SCAN = scans.pdf(2)


@pytest.fixture
def url(tmp_path: Path) -> str:
    made = f"sqlite:///{tmp_path / 'serving.db'}"
    upgrade(made)
    return made


@pytest.fixture
def materials(tmp_path: Path) -> Materials:
    return Materials(AtRest(b"m" * 32, b"l" * 32), Folder(tmp_path / "materials"), os.urandom)


def deposit(materials: Materials, url: str, data: bytes = SCAN, said: Deposit = SAID) -> tuple[Any, bool]:
    kept = materials.put(data, check(data))
    with writing(url) as connection:
        found = materials.deposit(connection, kept, said, ANNA, "intake x", AT)
    with looking(url) as connection:
        materials.drop_unused(connection, kept)
    return found


def files(materials: Materials) -> list[str]:
    return [name for name, _ in materials.store.names()]


def test_a_material_is_read_back_as_it_was_handed_in_and_lies_encrypted(
    materials: Materials, url: str, tmp_path: Path
) -> None:
    material, is_new = deposit(materials, url)
    assert is_new
    with looking(url) as connection:
        assert materials.read(connection, material) == SCAN
        assert materials.holder(connection, material.material_id) == ANNA
        row = connection.execute(select(MATERIAL)).one()
    (name,) = files(materials)
    everything = b"".join(p.read_bytes() for p in tmp_path.rglob("*") if p.is_file())
    assert b"/Catalog" not in everything
    assert ANNA.number.encode() not in everything
    assert ANNA.subject_id.encode() not in row.sealed
    assert (tmp_path / "materials" / name[:2] / name).stat().st_mode & 0o777 == 0o600


def test_the_same_scan_twice_is_one_and_the_second_time_it_is_verified_again(materials: Materials, url: str) -> None:
    first, _ = deposit(materials, url)
    again, is_new = deposit(materials, url, said=replace(SAID, case_no="D-2", verified_on="2026-12-01"))
    assert (again.material_id, is_new, again.verified_on) == (first.material_id, False, "2026-12-01")
    assert len(files(materials)) == 1
    with looking(url) as connection:
        assert [e["event"] for e in keeping.events(connection, first.material_id)] == ["deposited", "verified"]


def test_one_file_of_two_holders_is_two_materials_and_one_file(materials: Materials, url: str) -> None:
    first, _ = deposit(materials, url)
    other, is_new = deposit(materials, url, said=replace(SAID, subject_hash="h-bela"))
    assert is_new
    assert first.material_id != other.material_id
    assert len(files(materials)) == 1
    with writing(url) as connection:
        materials.withdraw(connection, first, LEASE, "anna", AT)
    with looking(url) as connection:
        assert materials.read(connection, other) == SCAN


def test_two_uploads_of_one_file_at_once_are_one(materials: Materials, url: str) -> None:
    ready, found = threading.Barrier(4), list[Any]()

    def upload() -> None:
        kept = materials.put(SCAN, check(SCAN))
        ready.wait()
        with writing(url) as connection:
            found.append(materials.deposit(connection, kept, SAID, ANNA, "intake x", AT))
        with looking(url) as connection:
            materials.drop_unused(connection, kept)

    threads = [threading.Thread(target=upload) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({material.material_id for material, _ in found}) == 1
    assert sorted(is_new for _, is_new in found) == [False, False, False, True]
    assert len(files(materials)) == 1
    with looking(url) as connection:
        assert materials.read(connection, found[0][0]) == SCAN


class Losing(Folder):
    """A store that is lost, or full, at the n-th write or while it writes."""

    def __init__(self, root: Path, error: Exception, writes_first: bool) -> None:
        super().__init__(root)
        self.error, self.writes_first = error, writes_first

    def put(self, name: str, sealed: bytes) -> None:
        if self.writes_first:
            super().put(name, sealed)
        raise self.error


@pytest.mark.parametrize("writes_first", [False, True])
@pytest.mark.parametrize("error", [StoreGone(), DiskFull("materials"), KeyboardInterrupt()])
def test_a_store_that_is_lost_in_mid_upload_leaves_nothing_that_counts(
    materials: Materials, url: str, tmp_path: Path, error: Exception, writes_first: bool
) -> None:
    losing = replace(materials, store=Losing(tmp_path / "materials", error, writes_first))
    with pytest.raises(type(error)):
        losing.put(SCAN, check(SCAN))
    with looking(url) as connection:
        assert connection.execute(select(MATERIAL_CONTENT)).all() == []
    later = AT.replace(year=2030)
    with writing(url) as connection:
        assert materials.sweep(connection, later) == int(writes_first)
    assert files(materials) == []
    assert deposit(materials, url)[1], "and then it is taken as if nothing had been"


def test_killed_between_the_store_and_the_database_nothing_counts_and_the_bytes_are_swept(
    materials: Materials, url: str
) -> None:
    materials.put(SCAN, check(SCAN))

    def killed() -> None:
        with writing(url) as connection:
            kept = materials.put(SCAN, check(SCAN))
            materials.deposit(connection, kept, SAID, ANNA, "intake x", AT)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    with looking(url) as connection:
        assert keeping.of_subjects(connection, ["h-anna"]) == []
    with writing(url) as connection:
        assert materials.sweep(connection, datetime.now(UTC)) == 0, "somebody may be about to name them"
        assert materials.sweep(connection, datetime.now(UTC) + timedelta(hours=2)) == 2
    material, _ = deposit(materials, url)
    with writing(url) as connection:
        assert materials.sweep(connection, datetime.now(UTC) + timedelta(hours=2)) == 0
        assert materials.read(connection, material) == SCAN


def test_a_folder_that_is_gone_or_closed_is_told_and_not_taken_for_empty(materials: Materials, tmp_path: Path) -> None:
    (tmp_path / "materials").write_text("a file where the folder should be")
    with pytest.raises(StoreGone):
        materials.put(SCAN, check(SCAN))
    with pytest.raises(StoreGone):
        materials.store.get("../serving.db")


@pytest.mark.parametrize("place", [0, 40, -1])
def test_a_byte_that_changed_in_the_store_is_found(materials: Materials, url: str, tmp_path: Path, place: int) -> None:
    material, _ = deposit(materials, url)
    (name,) = files(materials)
    path = tmp_path / "materials" / name[:2] / name
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    with looking(url) as connection, pytest.raises(MaterialDamaged):
        materials.read(connection, material)


def test_another_s_bytes_in_a_material_s_place_are_found(materials: Materials, url: str, tmp_path: Path) -> None:
    first, _ = deposit(materials, url)
    deposit(materials, url, scans.pdf(5))
    one, two = (tmp_path / "materials" / name[:2] / name for name in files(materials))
    swapped = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(swapped)
    with looking(url) as connection, pytest.raises(MaterialDamaged):
        materials.read(connection, first)


def test_what_its_holder_took_back_counts_no_more_and_nobody_can_open_it(materials: Materials, url: str) -> None:
    material, _ = deposit(materials, url)
    for _ in range(2):
        with writing(url) as connection:
            materials.withdraw(connection, keeping.find(connection, material.material_id), LEASE, "anna", AT)
    with looking(url) as connection:
        found = keeping.find(connection, material.material_id)
        assert rules.why_not(LEASE, found, "food_permit", AT.date()) == "gone"
        with pytest.raises(NoSuchMaterial):
            materials.read(connection, found)
        assert [e["event"] for e in keeping.events(connection, found.material_id)] == ["deposited", "withdrawn"]
    back, is_new = deposit(materials, url)
    assert (back.state, is_new) == ("held", False), "deposited again, it counts again"
    with looking(url) as connection:
        assert materials.read(connection, back) == SCAN


def test_what_the_law_has_kept_is_not_taken_back(materials: Materials, url: str) -> None:
    material, _ = deposit(materials, url, said=replace(SAID, kind="articles_of_association"))
    with writing(url) as connection, pytest.raises(NotLeftToHolder) as refused:
        materials.withdraw(connection, material, KINDS["articles_of_association"], "firm", AT)
    assert KINDS["articles_of_association"].kept_basis in str(refused.value)


def test_a_material_that_a_licence_replaced_stays_so(materials: Materials, url: str) -> None:
    material, _ = deposit(materials, url)
    with writing(url) as connection:
        keeping.retire(connection, material, "L-1", AT)
        keeping.retire(connection, keeping.find(connection, material.material_id), "L-2", AT)
    again, _ = deposit(materials, url, said=replace(SAID, case_no="D-9"))
    assert (again.state, again.note) == ("retired", "L-1")


def test_a_scan_is_retired_once_a_licence_in_force_covers_it_and_no_other_is(
    materials: Materials, tmp_path: Path
) -> None:
    url, kind = f"sqlite:///{tmp_path / 'serving.db'}", KINDS["floor_plan"]
    vault = vault_of(tmp_path, url)
    mine = replace(materials, at_rest=vault.at_rest)
    issue_rows(vault, [permit(1, holder_code=FIRM.number), permit(2, expires_on=date(2027, 1, 1))], "b-1", ISSUED)
    for number, holder in enumerate((FIRM, replace(FIRM, number="91690101MA0000027U"))):
        kept = mine.put(scans.pdf(number + 1), check(scans.pdf(number + 1)))
        said = replace(SAID, kind="floor_plan", subject_hash=f"h-{number}")
        with writing(url) as connection:
            mine.deposit(connection, kept, said, holder, "intake x", AT)
    types, day = LICENCES.values(), AT.date()
    assert retire_covered(vault, {"floor_plan": replace(kind, covered_by=())}, types, day, AT) == 0
    assert retire_covered(vault, {"floor_plan": kind}, types, ISSUED.date() - timedelta(days=4000), AT) == 0
    assert [retire_covered(vault, KINDS, types, day, AT) for _ in range(2)] == [1, 0]
    with looking(url) as connection:
        (first,), (other,) = (keeping.of_subjects(connection, [f"h-{n}"]) for n in range(2))
        assert (first.state, other.state) == ("retired", "held")
        assert first.note.startswith(LICENCES["food_operation_permit"].code)
        assert keeping.counted(connection) == [("floor_plan", "held", 1), ("floor_plan", "retired", 1)]


RULE = replace(LEASE, recognised=Recognition(("original",), ("market",), ("food_permit",)), fresh_days=60)


@pytest.mark.parametrize(("changes", "item", "on", "why"), [
    ({}, "food_permit", date(2026, 11, 30), ""),
    ({"verified_against": "none"}, "food_permit", date(2026, 11, 30), "unverified"),
    ({"department": "tax"}, "food_permit", date(2026, 11, 30), "department"),
    ({}, "deed_tax", date(2026, 11, 30), "purpose"),
    ({"dated_on": None}, "food_permit", date(2027, 1, 29), ""),
    ({"dated_on": None}, "food_permit", date(2027, 1, 30), "stale"),
    ({"state": "retired"}, "food_permit", date(2026, 11, 30), "gone"),
])  # fmt: skip
def test_a_material_counts_by_the_rules_that_its_kind_declares(
    materials: Materials, url: str, changes: dict[str, Any], item: str, on: date, why: str
) -> None:
    material, _ = deposit(materials, url)
    assert rules.why_not(RULE, replace(material, **changes), item, on) == why


def test_the_last_day_of_freshness_runs_from_the_day_that_the_material_bears(materials: Materials, url: str) -> None:
    material, _ = deposit(materials, url)
    assert rules.fresh_until(RULE, material) == "2026-11-30"
    assert rules.why_not(RULE, material, "food_permit", date(2026, 12, 1)) == "stale"
    assert rules.fresh_until(replace(RULE, fresh_days=None), material) is None


def test_what_was_found_by_a_check_is_kept_with_the_file(materials: Materials, url: str) -> None:
    material, _ = deposit(materials, url)
    assert Checked(material.media_type, material.pages, material.size, "none") == check(SCAN)


@pytest.fixture(autouse=True)
def _nothing_is_left_half_written(tmp_path: Path) -> Iterator[None]:
    yield
    assert list(tmp_path.rglob("*.tmp")) == []
