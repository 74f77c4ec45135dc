"""Signed batches of a shared table: whole, then changes; verified offline; nothing in them acts; each is on record."""

from __future__ import annotations

import csv
import json
import shutil
import xml.etree.ElementTree as ET
from datetime import timedelta
from pathlib import Path

import pytest

from catalog import grants, spending
from catalog.grants import Limits
from ledger.record import Ledger
from onefile.verify.__main__ import main as verify
from onefile.verify.batch import ENVELOPE, MANIFEST, changes, open_batch
from onefile.verify.batch_files import Change
from onefile.verify.rows import Tally
from onefile.verify.trust import read_trust
from pipelines.bulk import batches, nightly
from pipelines.bulk.errors import FolderTaken, NotHandedOut, TableMoved
from schemas.serving.connection import looking, writing
from tests.counter import CATALOGUE, Shop
from tests.handed import Table, shared, workshop

# What spreadsheets run, what XML cannot write, what a reader of lines trips over.
HARMS = ("=1+1", "@x", "-2", "+3", "\t=1", "'quoted", '"a","b"', "a\r\nb\rc", "a\x00\x1b\x85\ufffe", "<&]]>", "", "＝1")


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return shared(Shop(tmp_path / "var")).begin(("k1", "安娜", "样例路1号"), ("k2", "贝拉", None))


def made(table: Table, to: Path, form: str = "csv", **more: object) -> list[batches.Made]:
    return batches.make(workshop(table.shop), "tax_people", to, form, **more)  # type: ignore[arg-type]


def read(folder: str | Path, table: Table) -> list[Change]:
    """Return what a genuine batch puts and takes out."""
    trust = read_trust((table.shop.home / "keys" / "trust.json").read_bytes())
    found, _ = open_batch((Path(folder) / ENVELOPE).read_bytes(), trust)
    return list(changes(Path(folder), found))


def judged(folder: str | Path, table: Table, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """Return what the stand-alone verifier says of a batch: its exit code and words."""
    capsys.readouterr()
    trust = str(table.shop.home / "keys" / "trust.json")
    code = verify([str(Path(folder) / ENVELOPE), "--trust", trust], {"ONEFILE_LANG": "en"})
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_the_first_batch_is_the_whole_table_and_the_next_what_changed_since(
    table: Table, tmp_path: Path, form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (full,) = made(table, tmp_path / "out", form)
    assert (full.kind, full.rows, full.is_new) == ("full", 2, True)
    assert read(full.folder, table) == [Change("k1", ("安娜", "样例路1号")), Change("k2", ("贝拉", None))]
    assert judged(full.folder, table, capsys) == (
        0, f"genuine: batch {full.batch_id} of police.population, version 0, 2 rows (all of the table)\n"
    )  # fmt: skip
    assert made(table, tmp_path / "out", form) == []
    table.put([("k2", "贝拉", "样例路9号"), ("k3", "陈三", "样例路3号"), ("k4", "丁四", None)], gone=["k1", "k4"])
    (changed,) = made(table, tmp_path / "out", form)
    assert (changed.kind, changed.version) == ("changes", 3)
    assert read(changed.folder, table) == [
        Change("k1", (), True), Change("k2", ("贝拉", "样例路9号")), Change("k3", ("陈三", "样例路3号")),
        Change("k4", (), True),
    ]  # fmt: skip
    assert f"changes; take {full.batch_id} over before" in judged(changed.folder, table, capsys)[1]
    manifest = json.loads((Path(changed.folder) / MANIFEST).read_text())
    assert manifest.keys() == {"resource", "id", "period", "files", "batch"}
    assert manifest["batch"]["since"] == full.batch_id
    now = Tally().plus([("k2", "贝拉", "样例路9号"), ("k3", "陈三", "样例路3号")])
    assert (manifest["batch"]["rows"], manifest["batch"]["digest"]) == (2, now.digest)
    (again,) = made(table, tmp_path / "out", form, is_full=True)
    assert (again.kind, again.rows) == ("full", 2)


@pytest.mark.parametrize("form", ["csv", "xml"])
def test_what_a_text_says_comes_back_and_nothing_in_it_acts(tmp_path: Path, form: str) -> None:
    rows = [(f"k{number:02}", text, None if number % 2 else text) for number, text in enumerate(HARMS)]
    table = shared(Shop(tmp_path / "var")).begin(*rows)
    (full,) = made(table, tmp_path / "out", form)
    assert [(each.record, *each.values) for each in read(full.folder, table)] == rows
    path = Path(full.folder) / f"rows.{form}"
    if form == "csv":
        with path.open(encoding="utf-8", newline="") as file:
            cells = [cell for row in csv.reader(file) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n", "＝"))]
    else:
        assert len(list(ET.parse(path).getroot())) == len(rows)  # another's parser takes it


def test_a_batch_that_was_altered_is_not_genuine(
    table: Table, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (full,) = made(table, tmp_path / "out")
    folder = Path(full.folder)
    rows, manifest, envelope = folder / "rows.csv", folder / MANIFEST, folder / ENVELOPE

    def refused(why: str) -> None:
        code, told = judged(folder, table, capsys)
        assert (code, why in told) == (4, True), told

    for path, old, new, why in (
        (rows, "样例路1号", "样例路2号", "rows.csv has other bytes"),
        (manifest, "police.population", "police.populatiom", "says something else"),
        (envelope, '"payload":"eyJi', '"payload":"eyJj', "signature"),
    ):
        kept = path.read_bytes()
        assert old.encode() in kept
        path.write_bytes(kept.replace(old.encode(), new.encode()))
        refused(why)
        path.write_bytes(kept)
    (folder / "more.csv").write_text("x")
    refused("one too many")
    (folder / "more.csv").unlink()
    rows.rename(folder / "other.csv")
    refused("missing")
    (folder / "other.csv").rename(rows)
    assert judged(folder, table, capsys)[0] == 0


def test_a_batch_is_a_look_on_record_before_it_is_seen(table: Table, tmp_path: Path) -> None:
    (full,) = made(table, tmp_path / "out")
    shop = workshop(table.shop)
    (entry,) = [each for each in Ledger(shop.home / "ledger", shop.keys).entries() if each.kind == "shares.batch"]
    assert (entry.department, entry.client, entry.grant, entry.resource, entry.fields, entry.subject) == (
        "tax", "tax_people", table.grant, "police.population", ("name", "address"), None,
    )  # fmt: skip
    assert full.batch_id in entry.purpose


def test_a_batch_takes_a_look_of_the_grant_s_day_and_none_is_made_when_none_is_left(
    table: Table, tmp_path: Path
) -> None:
    on = table.shop.at.date()
    made(table, tmp_path / "out")
    with looking(table.shop.url) as connection:
        assert grants.looks(connection, table.grant, on) == 1
    assert made(table, tmp_path / "out") == []
    with writing(table.shop.url) as connection:
        assert grants.looks(connection, table.grant, on) == 1, "what was made already is no look"
        spending.add(connection, table.grant, on.isoformat(), 999)
    table.put([("k3", "丙三", None)])
    with pytest.raises(NotHandedOut, match="today's quota of its grant is used up"):
        made(table, tmp_path / "out")
    assert len(list((tmp_path / "out").iterdir())) == 1
    object.__setattr__(table.shop.settings, "fixed_now", table.shop.at + timedelta(1))
    assert [each.kind for each in made(table, tmp_path / "out")] == ["changes"]


def test_batches_are_made_every_night_and_one_share_that_fails_holds_up_no_other(table: Table, tmp_path: Path) -> None:
    shop, to = table.shop, tmp_path / "handed-out"
    other = shared(shop, share_id="market_people", consumer="market")  # its table is not made yet
    with writing(shop.url) as connection:
        for share_id in ("tax_people", "market_people"):
            nightly.put(connection, share_id, to / share_id, "xml", "tests", shop.at)
    count, failed = nightly.make_all(workshop(shop))
    assert (count, [each.partition(":")[0] for each in failed]) == (1, ["market_people"])
    assert [path.name for path in (to / "tax_people").iterdir()] == ["tax_people-police-population-g1-v0-xml"]
    with looking(shop.url) as connection:
        found = {each.share_id: each for each in nightly.listed(connection)}
    assert found["tax_people"].made_at == "2026-11-30T02:00:00Z"
    assert (found["tax_people"].fault, found["market_people"].made_at) == ("", None)
    assert "not made yet" in found["market_people"].fault
    other.begin(("k9", "辛九", None))
    assert nightly.make_all(workshop(shop)) == (1, [])
    with writing(shop.url) as connection:
        nightly.put(connection, "market_people", None, "xml", "tests", shop.at)
        assert [each.share_id for each in nightly.listed(connection)] == ["tax_people"]


def test_a_folder_that_cannot_be_written_is_named_as_the_fault(table: Table, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with writing(table.shop.url) as connection:
        nightly.put(connection, "tax_people", tmp_path / "taken", "csv", "tests", table.shop.at)
    count, (failed,) = nightly.make_all(workshop(table.shop))
    assert count == 0
    assert "cannot be written: Not a directory" in failed


def test_a_run_that_was_killed_before_it_noted_the_batch_makes_the_same_one(table: Table, tmp_path: Path) -> None:
    from sqlalchemy import delete

    from schemas.serving.share_tables import SHARE_BATCH

    (full,) = made(table, tmp_path / "out")
    with writing(table.shop.url) as connection:
        connection.execute(delete(SHARE_BATCH))
    (tmp_path / "out" / ".making-1").mkdir()
    (again,) = made(table, tmp_path / "out")
    assert (again.batch_id, again.is_new) == (full.batch_id, False)
    assert made(table, tmp_path / "out") == []
    with writing(table.shop.url) as connection:
        connection.execute(delete(SHARE_BATCH))
    (Path(full.folder) / MANIFEST).write_text("{}")
    with pytest.raises(FolderTaken, match="is not this batch"):
        made(table, tmp_path / "out")


def test_a_table_that_began_anew_or_whose_old_versions_are_gone_is_handed_out_whole(
    table: Table, tmp_path: Path
) -> None:
    made(table, tmp_path / "out")
    table.put([("k5", "戊五", None)])
    for path in (table.folder / "_change_data").glob("*") if (table.folder / "_change_data").is_dir() else ():
        path.unlink()
    shutil.rmtree(table.folder / "_change_data", ignore_errors=True)
    anew = Table(table.shop, table.grant, table.resource, table.schema.remove(0), generation=2)
    anew.begin(("k2", "贝拉", None))
    (full,) = made(table, tmp_path / "out")
    assert (full.kind, full.rows) == ("full", 1)


def test_a_table_vacuumed_while_it_is_read_hands_out_nothing(table: Table, tmp_path: Path) -> None:
    for path in table.folder.glob("*.parquet"):
        path.unlink()
    with pytest.raises(TableMoved, match="run it again"):
        made(table, tmp_path / "out")
    assert list((tmp_path / "out").iterdir()) == []


def test_nothing_is_handed_out_where_the_grant_gives_less_or_nothing(table: Table, tmp_path: Path) -> None:
    shop = table.shop
    with pytest.raises(NotHandedOut, match="no such table"):
        batches.make(workshop(shop), "tax_people", tmp_path / "out", "csv", table="market.enterprises")
    with writing(shop.url) as connection:
        actor = shop.actor("authority", CATALOGUE.sharing.authority)
        grants.act(connection, table.grant, "narrow", actor, "less", CATALOGUE.sharing, limits=Limits(("name",)))
    with pytest.raises(NotHandedOut, match="not made yet"):
        made(table, tmp_path / "out")
    shop.at += timedelta(60)
    object.__setattr__(shop.settings, "fixed_now", shop.at)
    with pytest.raises(NotHandedOut, match="its period ended"):
        made(table, tmp_path / "out")
