"""The vault on a real PostgreSQL: the same issuing, the same audit, the same proof as on SQLite."""

from __future__ import annotations

import shutil
import subprocess
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from licence_vault.auditing import audit
from licence_vault.erasing import erase
from licence_vault.errors import LogAndTableDiffer
from licence_vault.expiry import lapse
from licence_vault.exporting import export, find
from licence_vault.status_lists import current, publish
from onefile.keeping import moving
from onefile.keeping.errors import DatabaseTaken
from onefile.verify.licence import open_licence
from onefile.verify.status import open_status
from schemas.serving.connection import looking
from schemas.serving.tables import METADATA
from tests.papers import AT
from tests.statements import stated, told, waiting
from tests.vault import DECLARED, ids_of, issue_rows, permit, vault_of


def test_the_vault_does_on_postgresql_what_it_does_on_sqlite(tmp_path, postgres_url):
    vault = vault_of(tmp_path, postgres_url)
    issue_rows(vault, [permit(number) for number in range(3000)], "d-1")
    again = issue_rows(vault, [permit(1), permit(2, state="revoked")], "d-2", AT + timedelta(days=1))
    assert (again.batch.issued, again.batch.unchanged) == (1, 1)
    assert audit(vault).leaves == 3001
    proved = open_licence(export(vault, find(vault, ids_of(vault)[3000]), None), vault.trust)
    assert (proved.licence.version, proved.licence.state) == (2, "revoked")
    publish(vault, at=AT + timedelta(days=1), day=AT.date())
    listed = open_status(current(tmp_path, 0) or "", vault.trust, vault.origin, 0)
    assert [listed.status(leaf) for leaf in (0, 1, 2, 3000)] == ["valid", "valid", "revoked", "revoked"]
    with vault.tables() as connection:
        connection.execute(text("UPDATE licence_version SET state = 'valid' WHERE leaf_index = 3000"))
    with pytest.raises(LogAndTableDiffer):
        audit(vault)


def test_a_backup_of_postgresql_is_restored_and_beside_a_newer_log_it_is_found(tmp_path, postgres, postgres_url):
    """By `pg_dump`: beside log and keys of then, issuing goes on; beside newer ones, it does not."""
    home = tmp_path / "home"
    issue_rows(vault_of(home, postgres_url), [permit(number) for number in range(30)], "d-1")
    shutil.copytree(home, tmp_path / "backup")
    restored = _restored(postgres, postgres_url)
    issue_rows(vault_of(home, postgres_url), [permit(99)], "d-2", AT + timedelta(days=1))
    with pytest.raises(LogAndTableDiffer):
        audit(vault_of(home, restored))
    with pytest.raises(LogAndTableDiffer):
        issue_rows(vault_of(home, restored), [permit(99)], "d-2", AT + timedelta(days=1))
    vault = vault_of(tmp_path / "backup", restored)
    assert audit(vault).leaves == 30
    issue_rows(vault, [permit(99)], "d-2", AT + timedelta(days=1))
    assert audit(vault).leaves == 31


def test_a_home_s_database_moves_to_postgresql_and_back_with_all_it_holds(tmp_path, postgres_url):
    home, sqlite, other = tmp_path / "home", f"sqlite:///{tmp_path}/a.db", f"sqlite:///{tmp_path}/b.db"
    vault = vault_of(home, sqlite)
    issue_rows(vault, [permit(number) for number in range(30)], "d-1")
    told(vault, stated(40, 1, state="cancelled"), stated(40, 2))
    leaves = audit(vault).leaves
    moved = moving.move(sqlite, postgres_url)
    assert moved["licence_version"] == leaves
    assert rows_of(postgres_url) == rows_of(sqlite)
    with pytest.raises(DatabaseTaken):
        moving.move(sqlite, postgres_url)
    assert issue_rows(vault_of(home, postgres_url), [permit(99)], "d-9").batch.issued == 1
    told(vault_of(home, postgres_url), stated(41, 1, state="cancelled"), stated(41, 2), batch="d-10")
    assert audit(vault_of(home, postgres_url)).leaves > leaves
    moving.move(postgres_url, other)
    assert rows_of(other) == rows_of(postgres_url)
    issue_rows(vault_of(home, other), [permit(98)], "d-11")
    assert audit(vault_of(home, other)).leaves > leaves + 1
    with pytest.raises(LogAndTableDiffer):
        audit(vault)


def rows_of(url: str) -> dict[str, list[tuple[object, ...]]]:
    """All rows of all tables."""
    with looking(url) as connection:
        return {t.name: sorted(map(tuple, connection.execute(t.select())), key=repr) for t in METADATA.sorted_tables}


def test_what_the_flow_hands_over_waits_lapses_and_is_erased_alike(tmp_path, postgres_url):
    vault = vault_of(tmp_path, postgres_url)
    told(vault, stated(1, 1, expires_on="2026-11-25"), stated(2, 1, state="cancelled"), stated(2, 2))
    assert waiting(vault) == [("d-2", 2, "state", "transition")]
    day = date(2026, 11, 26)
    kinds = {kind.code: kind for kind in DECLARED.licences.values()}
    assert [lapse(vault, kinds, at=AT + timedelta(days=3), day=day) for _ in range(2)] == [1, 0]
    key = ids_of(vault)[0].removeprefix("1.2.156.3005.2.")[:-6]
    assert erase(vault, key, at=AT, operator="clerk-7", reason="PIPL art. 47").versions == 2
    assert (audit(vault).leaves, audit(vault).erased) == (3, 2)


def _restored(postgres, url: str) -> str:
    """Dump a database, and read the dump into a new one; return that one's URL."""
    name = url.split("@/")[1].split("?")[0]
    options = ["-h", str(postgres), "-U", "onefile"]
    dump = subprocess.run([_program("pg_dump"), *options, "-Fc", name], capture_output=True, check=True).stdout
    subprocess.run([_program("createdb"), *options, f"{name}_restored"], check=True)
    subprocess.run([_program("pg_restore"), *options, "-d", f"{name}_restored"], input=dump, check=True)
    return url.replace(f"@/{name}?", f"@/{name}_restored?")


def _program(name: str) -> str:
    debian = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return str(debian[-1]) if debian else name
