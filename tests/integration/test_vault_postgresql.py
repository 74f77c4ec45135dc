"""The vault on a real PostgreSQL: the same issuing, the same audit, the same proof as on SQLite."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import text

from licence_vault.auditing import audit
from licence_vault.errors import LogAndTableDiffer
from licence_vault.exporting import export, find
from licence_vault.status_lists import current, publish
from onefile.verify.licence import open_licence
from onefile.verify.status import open_status
from tests.papers import AT
from tests.vault import ids_of, issue_rows, permit, vault_of


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
