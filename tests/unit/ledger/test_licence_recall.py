"""A licence that was shown and lost force: who was shown it is told, by its disclosures and its presentations."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ledger import index, outbox
from ledger.licence_recall import recall_licences
from ledger.recall import Recalling
from ledger.record import Ledger
from licence_vault.presentations import records
from licence_vault.presentations.records import GIVEN, Recorded
from licence_vault.vault import Vault
from schemas.subjects import subject_numbers
from tests.disclosed import DAY, KNOWN, SEEN
from tests.papers import AT
from tests.vault import ids_of, issue_rows, permit, vault_of

HOLDER = "116901000005202685"
LATER = AT + timedelta(hours=1)


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = vault_of(tmp_path)
    issue_rows(made, [permit(1), permit(2)], "b1")
    return made


@pytest.fixture
def ledger(vault: Vault) -> Ledger:
    return Ledger(vault.home / "ledger", vault.keystore)


def told(vault: Vault, ledger: Ledger) -> list[outbox.Notice]:
    with vault.tables() as db:
        index.caught_up(db, ledger.folder)
        recall_licences(db, vault, Recalling(ledger.subject_hash, KNOWN, LATER, DAY))
        return outbox.all_notices(db)


def look(ledger: Ledger, **change: object) -> None:
    (known,) = subject_numbers(HOLDER)
    seen = replace(SEEN, subject_id=known.subject_id, kind="licences.read", resource="licence.food_operation_permit")
    ledger.append(replace(seen, fields=("ZZBH",), **change))  # type: ignore[arg-type]


def test_a_department_that_got_a_licence_is_told_when_it_is_revoked(vault, ledger):
    look(ledger)
    look(ledger, department="tax", resource="licence.driving_licence")
    assert told(vault, ledger) == []
    issue_rows(vault, [permit(1, state="revoked")], "b2", LATER)
    (notice,) = told(vault, ledger)
    assert (notice.consumer, notice.reason, notice.document["how"]) == ("market", "licence", "revoked")
    assert notice.document["licence"] == ids_of(vault)[2]
    assert (notice.document["cases"], notice.document["type"]) == (["C-7"], "food_operation_permit")
    assert told(vault, ledger) == [notice]


def test_who_was_given_a_presentation_is_told_and_who_was_refused_is_not(vault, ledger):
    key = ids_of(vault)[0].removeprefix("1.2.156.3005.2.").rsplit(".", 2)[0]
    with vault.tables() as db:
        for audience, outcome in (("tax", GIVEN), ("health", "no grant")):
            records.put(db, Recorded(
                f"id-{audience}", key, 1, "sd-jwt", audience, "0212", "C-9", "clerk", ("ZZBH",), AT, None, "grant",
                outcome))  # fmt: skip
    issue_rows(vault, [permit(1, state="suspended")], "b2", LATER)
    assert [(notice.consumer, notice.document["cases"]) for notice in told(vault, ledger)] == [("tax", ["C-9"])]


def test_who_looked_after_it_lost_force_is_not_told(vault, ledger):
    issue_rows(vault, [permit(1, state="revoked")], "b2", LATER)
    look(ledger, at=LATER + timedelta(minutes=1))
    assert told(vault, ledger) == []
