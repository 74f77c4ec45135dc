"""Backups of a home in use, restored elsewhere; formats of other releases; a home that is half restored."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ledger.record import Ledger
from licence_vault.auditing import audit
from onefile.cli.main import run
from onefile.files import lock, write_whole
from onefile.keeping import backing, database_copy, packing, parts, restoring, still, upgrading
from onefile.keeping.errors import (
    BackupDamaged,
    DatabaseTaken,
    NewerHome,
    NoRoom,
    OtherKeystore,
    PlaceTaken,
    UnmovableHome,
)
from onefile.keeping.restoring import Target
from schemas.serving.connection import writing
from schemas.serving.shape import SHAPES
from tests.ledgers import LOOK
from tests.papers import AT
from tests.vault import issue_rows, permit, vault_of

RESOURCES, KINDS = ("market.shops",), ("person", "enterprise")


def table(home: Path, name: str, rows: int, mark: str = "1") -> None:
    """Append rows to a table of the lake; a new one is marked with a format, as the flow's writer does."""
    path = home / "lake" / name
    is_new = not path.exists()
    write_deltalake(str(path), pa.table({"row": list(range(rows))}), mode="append")
    if is_new:
        log = path / "_delta_log" / f"{0:020d}.json"
        log.write_text(log.read_text().replace('"configuration":{}', f'"configuration":{{"onefile.format":"{mark}"}}'))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a table, a kept delivery, licences in log and database, and keys; scratch and logs beside them."""
    home = tmp_path / "home"
    url = url_of(home)
    issue_rows(vault_of(home, url), (permit(number) for number in range(300)), "d-1")
    table(home, "silver/shop", 3)
    write_whole(home / "deliveries" / "market" / "first" / "rows.csv", b"a,b\n1,2\n")
    write_whole(home / "deliveries" / "market" / "first" / "received.json", b'{"format": "onefile.received/1"}')
    write_whole(home / "inbox" / "market" / "whole" / "manifest.json", b"{}")
    write_whole(home / "inbox" / "market" / "half" / "rows.csv", b"1")
    write_whole(home / "materials" / "ab" / "ab-1", b"sealed")
    write_whole(home / "keys" / "departments" / "market.json", b'{"format": "onefile.department-keys/1"}')
    for left_out in ("logs/spark.log", "staging/x", "airflow/airflow.db", "keys/token.pin", "lake.before-1/x"):
        write_whole(home / left_out, b"not for a backup")
    return home


def url_of(home: Path) -> str:
    return f"sqlite:///{home / 'serving.db'}"


def place(home: Path, url: str | None = None) -> backing.Place:
    return backing.Place(home, url or url_of(home), (home / "keys" / "passphrase",), RESOURCES, KINDS)


def target(home: Path, passphrase: Path, url: str | None = None) -> Target:
    return Target(home, url or url_of(home), passphrase)


def content(folder: Path) -> dict[str, bytes]:
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


@pytest.fixture
def backup(home: Path, tmp_path: Path) -> Path:
    backing.back_up(place(home), tmp_path / "backup", AT)
    return tmp_path / "backup"


@pytest.fixture
def keystore(home: Path, tmp_path: Path) -> Path:
    return Path(shutil.copyfile(home / "keys" / "keystore.json", tmp_path / "keystore.json"))


def test_it_holds_no_key_and_nothing_of_this_machine_and_plain_tools_can_check_it(home, backup):
    held = content(backup / "home")
    assert {name.split("/")[0] for name in held} == {"deliveries", "inbox", "keys", "lake", "log", "materials"}
    assert {name for name in held if name.startswith("keys/")} == {"keys/departments/market.json", "keys/trust.json"}
    assert not [name for name in held if "half" in name]
    keystore, secret = ((home / "keys" / name).read_bytes().strip() for name in ("keystore.json", "passphrase"))
    assert not [n for n, data in content(backup).items() if secret in data or keystore in data]
    subprocess.run(["sha256sum", "--check", "--quiet", "files.sha256"], cwd=backup, check=True)
    assert [path for path in (backup, *backup.rglob("*")) if path.stat().st_mode & 0o077] == []
    assert not (home / "staging" / "backup").exists()


def test_restored_elsewhere_everything_is_as_it_was_and_goes_on(home, backup, keystore, tmp_path):
    other = tmp_path / "other"
    restoring.restore(backup, target(other, home / "keys" / "passphrase"), keystore)
    shutil.copyfile(home / "keys" / "passphrase", other / "keys" / "passphrase")
    assert content(other / "lake") == content(home / "lake")
    vault = vault_of(other, url_of(other))
    assert audit(vault).leaves == 300
    issue_rows(vault, (permit(number) for number in range(300, 310)), "d-2", AT + timedelta(hours=1))
    assert audit(vault_of(other, url_of(other))).leaves == 310
    assert not (other / parts.MARKER).exists()


def test_what_is_written_while_it_copies_is_not_in_it(home, tmp_path, monkeypatch):
    copied = packing.copy

    def meanwhile(source: Path, to: Path, size: int | None = None) -> str:
        monkeypatch.setattr(packing, "copy", copied)
        with lock(home / "locks" / "log.lock", wait=False), lock(home / "locks" / "inbox.lock", wait=False):
            table(home, "silver/shop", 5)
        issue_rows(vault_of(home, url_of(home)), (permit(n) for n in range(300, 400)), "d-2", AT + timedelta(hours=1))
        return copied(source, to, size)

    monkeypatch.setattr(packing, "copy", meanwhile)
    backing.back_up(place(home), tmp_path / "backup", AT)
    assert DeltaTable(str(home / "lake/silver/shop")).to_pyarrow_table().num_rows == 8
    other = tmp_path / "other"
    passphrase = home / "keys" / "passphrase"
    restoring.restore(tmp_path / "backup", target(other, passphrase), home / "keys" / "keystore.json")
    shutil.copyfile(passphrase, other / "keys" / "passphrase")
    assert DeltaTable(str(other / "lake/silver/shop")).to_pyarrow_table().num_rows == 3
    assert audit(vault_of(other, url_of(other))).leaves == 300


def test_backups_beside_an_issuer_are_each_one_state(home, tmp_path):
    stop = threading.Event()

    def issue() -> None:
        for number in range(1, 200):
            if stop.is_set():
                return
            rows = (permit(n) for n in range(number * 300, number * 300 + 7))
            issue_rows(vault_of(home, url_of(home)), rows, f"b-{number}", AT + timedelta(seconds=number))

    issuer = threading.Thread(target=issue)
    issuer.start()
    try:
        for number in range(4):
            backing.back_up(place(home), tmp_path / f"backup-{number}", AT)
    finally:
        stop.set()
        issuer.join()
    for number in range(4):
        other = tmp_path / f"other-{number}"
        passphrase = home / "keys" / "passphrase"
        restoring.restore(tmp_path / f"backup-{number}", target(other, passphrase), home / "keys" / "keystore.json")
        shutil.copyfile(passphrase, other / "keys" / "passphrase")
        found = audit(vault_of(other, url_of(other)))
        assert (found.leaves - 300) % 7 == 0


def test_a_step_at_work_is_waited_for(home, tmp_path):
    done = threading.Event()
    with lock(home / "locks" / "resource-market.shops.lock"):
        work = threading.Thread(target=lambda: (backing.back_up(place(home), tmp_path / "backup", AT), done.set()))
        work.start()
        assert not done.wait(0.5)
    work.join()
    assert packing.read(tmp_path / "backup").files > 10


@pytest.mark.parametrize("harm", ["altered", "gone", "added", "list", "note"])
def test_a_damaged_backup_is_named_and_nothing_is_restored(home, backup, tmp_path, harm):
    victim = next((backup / "home" / "lake").rglob("*.parquet"))
    name = victim.relative_to(backup).as_posix()
    if harm == "altered":
        data = bytearray(victim.read_bytes())
        data[len(data) // 2] ^= 1
        victim.write_bytes(bytes(data))
    elif harm == "gone":
        victim.unlink()
    elif harm == "added":
        name = "home/extra"
        (backup / name).write_bytes(b"")
    elif harm == "list":
        name = packing.DIGESTS
        (backup / name).write_bytes((backup / name).read_bytes()[:-70])
    else:
        name = packing.NOTE
        (backup / name).unlink()
    with pytest.raises(BackupDamaged, match=name):
        restoring.restore(backup, target(tmp_path / "other", tmp_path / "none"), None)
    assert not (tmp_path / "other").exists()


def test_nothing_is_overwritten(home, backup, tmp_path):
    with pytest.raises(PlaceTaken):
        backing.back_up(place(home), backup, AT)
    with pytest.raises(PlaceTaken):
        backing.back_up(place(home), home / "backup", AT)
    with pytest.raises(PlaceTaken):
        restoring.restore(backup, target(home, home / "keys" / "passphrase"), None)
    with pytest.raises(DatabaseTaken):
        restoring.restore(backup, target(tmp_path / "other", tmp_path / "none", url_of(home)), None)
    assert not (tmp_path / "other" / "lake").exists()


def test_the_keystore_must_be_the_one_that_belongs_to_it(home, backup, keystore, tmp_path):
    stranger = tmp_path / "stranger"
    vault_of(stranger, url_of(stranger))
    wrong = target(tmp_path / "other", stranger / "keys" / "passphrase")
    with pytest.raises(OtherKeystore, match="lacks 4 of the 4 keys"):
        restoring.restore(backup, wrong, stranger / "keys" / "keystore.json")
    with pytest.raises(OtherKeystore, match="does not open"):
        restoring.restore(backup, wrong, keystore)
    with pytest.raises(OtherKeystore, match="is no keystore"):
        restoring.restore(backup, wrong, home / "keys" / "trust.json")
    assert not (tmp_path / "other").exists()


def test_a_restore_that_was_cut_off_keeps_all_else_away_and_begins_anew(home, backup, keystore, tmp_path, monkeypatch):
    other, copied = tmp_path / "other", packing.copy
    left = iter(range(5))

    def gone(source: Path, to: Path, size: int | None = None) -> str:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return copied(source, to, size)

    monkeypatch.setattr(packing, "copy", gone)
    with pytest.raises(KeyboardInterrupt):
        restoring.restore(backup, target(other, home / "keys" / "passphrase"), keystore)
    monkeypatch.setattr(packing, "copy", copied)
    monkeypatch.setenv("ONEFILE_HOME", str(other))
    assert run(["ledger", "show"]) == 1
    monkeypatch.setenv("ONEFILE_PASSPHRASE_FILE", str(home / "keys" / "passphrase"))
    assert run(["restore", str(backup), "--keystore", str(keystore)]) == 0
    assert content(other / "lake") == content(home / "lake")
    assert audit(vault_of(home, url_of(home))).leaves == 300


def test_by_the_command_with_the_keystore_s_encrypted_export(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    assert run(["backup", str(tmp_path / "b")]) == 0
    assert "The keystore is not in it" in capsys.readouterr().out
    assert run(["vault", "keys", "export", "--encrypted", "--out", str(tmp_path / "keystore.json")]) == 0
    assert (tmp_path / "keystore.json").read_bytes() == (home / "keys" / "keystore.json").read_bytes()
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "other"))
    monkeypatch.setenv("ONEFILE_PASSPHRASE_FILE", str(home / "keys" / "passphrase"))
    assert run(["restore", str(tmp_path / "b"), "--keystore", str(tmp_path / "keystore.json")]) == 0
    assert run(["vault", "audit"]) == 0
    assert run(["upgrade"]) == 0
    assert "nothing to do" in capsys.readouterr().out


def test_postgresql_is_dumped_as_of_the_moment_and_restored(home, tmp_path, postgres, postgres_url):
    import psycopg

    kept = tmp_path / "pg-home"
    issue_rows(vault_of(kept, postgres_url), (permit(number) for number in range(20)), "d-1")
    with database_copy.held(postgres_url) as moment:
        issue_rows(vault_of(kept, postgres_url), (permit(n) for n in range(20, 30)), "d-2", AT + timedelta(hours=1))
        dump = moment.copy(tmp_path)
    assert moment.shape == SHAPES[-1]
    with psycopg.connect(f"host={postgres} user=onefile dbname=postgres", autocommit=True) as connection:
        connection.execute("CREATE DATABASE restored")
    restored = postgres_url.replace(postgres_url.split("/")[3].split("?")[0], "restored", 1)
    database_copy.restore(dump, restored)
    with writing(restored) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM licence_version").scalar_one() == 20
    with pytest.raises(DatabaseTaken):
        database_copy.restore(dump, restored)
    with pytest.raises(BackupDamaged, match="PostgreSQL"):
        database_copy.restore(dump, url_of(tmp_path / "other"))


def test_a_disk_without_room_is_told_before_anything_is_written(home, tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=2**20))
    with pytest.raises(NoRoom, match="1 MiB free"):
        backing.back_up(place(home), tmp_path / "backup", AT)
    assert not (tmp_path / "backup").exists()


def test_a_home_of_this_release_has_nothing_to_move(home):
    before = content(home)
    assert upgrading.upgrade(home, url_of(home), "0.1.0", pytest.fail) == []
    after = content(home)
    assert after.keys() - before.keys() - {"serving.db-wal", "serving.db-shm"} == {"format.json"}
    assert upgrading.upgrade(home, url_of(home), "0.1.0", pytest.fail) == []


@pytest.mark.parametrize("place_of_it", ["table", "receipt", "ledger", "delivery", "keys", "home", "database"])
def test_a_home_of_a_later_release_is_refused_and_left_alone(home, place_of_it):
    if place_of_it == "table":
        table(home, "gold/person_file", 1, mark="2")
    elif place_of_it == "receipt":
        write_whole(
            home / "receipts" / "r.json",
            json.dumps({"payload": "eyJmb3JtYXQiOiAib25lZmlsZS5yZWNlaXB0LzIifQ=="}).encode(),
        )
    elif place_of_it == "ledger":
        write_whole(home / "ledger" / "0000000001.jsonl", b'{"format": "onefile.ledger-segment/3"}\n{}\n')
    elif place_of_it == "delivery":
        write_whole(home / "deliveries" / "market" / "first" / "received.json", b'{"format": "onefile.received/2"}')
    elif place_of_it == "keys":
        write_whole(home / "keys" / "keystore.json", b'{"format": "onefile.keystore/2"}')
    elif place_of_it == "home":
        write_whole(home / "format.json", b'{"format": "onefile.home/2"}')
    else:
        with writing(url_of(home)) as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    before = content(home)
    with pytest.raises(Exception, match="use the release that wrote it or a later"):
        upgrading.upgrade(home, url_of(home), "0.1.0", pytest.fail)
    assert {name: data for name, data in content(home).items() if name in before and "serving.db" not in name} == {
        name: data for name, data in before.items() if "serving.db" not in name
    }


def test_every_verb_refuses_a_home_of_a_later_release(home, monkeypatch, capsys):
    write_whole(home / "format.json", b'{"format": "onefile.home/2"}')
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    assert run(["ledger", "show"]) == 1
    assert "use the release that wrote it or a later" in capsys.readouterr().err


def test_an_older_format_that_nothing_moves_on_is_told_and_left_alone(home):
    write_whole(home / "ledger" / "0000000001.jsonl", b'{"format": "onefile.ledger-segment/1"}\n')
    with pytest.raises(UnmovableHome, match=r"ledger/0000000001.jsonl has format onefile.ledger-segment/1"):
        upgrading.upgrade(home, url_of(home), "0.1.0", pytest.fail)


def test_an_older_database_is_moved_on_with_its_rows(tmp_path):
    """The first shape there was, with a file published in it, comes to the present one."""
    from alembic import command
    from alembic.config import Config

    from schemas.serving.migration import SCRIPTS

    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with writing(url_of(home)) as connection:
        config = Config()
        config.set_main_option("script_location", str(SCRIPTS))
        config.attributes["connection"] = connection
        command.upgrade(config, SHAPES[0])
        connection.exec_driver_sql(
            "INSERT INTO subject (subject_id, kind, number_type, number, digest, document, lake_version, published_at)"
            " VALUES ('p-1', 'person', 'citizen', '69010119900101123X', 'd', '{}', 1, '2026-11-01T00:00:00Z')"
        )
    (moved,) = upgrading.upgrade(home, url_of(home), "0.1.0", pytest.fail)
    assert (moved.found, moved.wanted) == (SHAPES[0], SHAPES[-1])
    with sqlite3.connect(home / "serving.db") as opened:
        assert opened.execute("SELECT subject_id, kind FROM subject").fetchall() == [("p-1", "person")]


def test_a_lake_from_before_row_tracking_is_moved_on(home):
    table(home, "silver/release", 1)
    called = []
    (moved,) = upgrading.upgrade(home, url_of(home), "0.1.0", lambda: called.append(1))
    assert (moved.what, called) == ("silver/release", [1])


def test_a_backup_of_a_later_release_is_refused(home, backup, tmp_path):
    note = packing.read(backup)
    write_whole(backup / packing.NOTE, json.dumps(replace(note, format="onefile.backup/2").__dict__).encode())
    with pytest.raises(NewerHome):
        restoring.restore(backup, target(tmp_path / "other", tmp_path / "none"), None)


def test_the_ledger_goes_along_and_goes_on(home, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ONEFILE_HOME", str(home))
    monkeypatch.setenv("ONEFILE_LANG", "en")
    assert run(["ledger", "clock", "--reason", "the test"]) == 0
    backing.back_up(place(home), tmp_path / "backup", AT)
    other = tmp_path / "other"
    restoring.restore(tmp_path / "backup", target(other, home / "keys" / "passphrase"), home / "keys" / "keystore.json")
    shutil.copyfile(home / "keys" / "passphrase", other / "keys" / "passphrase")
    monkeypatch.setenv("ONEFILE_HOME", str(other))
    assert run(["ledger", "audit"]) == 0
    assert "1 entries" in (said := capsys.readouterr().out), said
    assert run(["ledger", "clock", "--reason", "the test goes on"]) == 0
    assert run(["ledger", "audit"]) == 0


def test_the_ledger_s_head_stays_as_it_was_though_looks_go_on_beside(home, tmp_path):
    ledger = Ledger(home / "ledger", vault_of(home, url_of(home)).keystore)
    ledger.append(LOOK)
    (held,) = still.hold(home, [Path("ledger/head")], tmp_path / "scratch")
    before = held.at.read_bytes()
    ledger.append(LOOK)
    assert (held.at.read_bytes(), (home / "ledger" / "head").read_bytes() == before) == (before, False)
