"""Issuing: each draft once, log and table as one, whatever is killed, repeated, set back or handed in."""

from __future__ import annotations

import multiprocessing
import shutil
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from licence_vault import store
from licence_vault.at_rest import AtRest
from licence_vault.auditing import audit
from licence_vault.drafts import Refused, drafts
from licence_vault.errors import (
    BadName,
    ClockWentBack,
    LogAndTableDiffer,
    LogDamaged,
    NoSuchLicence,
    PayloadDamaged,
    PayloadErased,
)
from licence_vault.exporting import export, find
from licence_vault.lifecycle import ALLOWED, EVENTS, Standing, event
from licence_vault.payloads import serial
from licence_vault.vault import open_vault
from onefile.verify.errors import ProofDoesNotFit
from onefile.verify.leaf import read_leaf
from onefile.verify.licence import open_licence
from schemas.identifiers import InvalidIdentifier, licence_id
from schemas.licence_types import LICENCE_STATES, METADATA_CODES
from schemas.reasons import REASONS
from tests.papers import AT
from tests.vault import DECLARED, ids_of, issue_rows, killed_at_each_step, permit, vault_of

LATER = AT + timedelta(days=1)
KIND = DECLARED.licences["food_operation_permit"]


@pytest.fixture
def vault(tmp_path):
    return vault_of(tmp_path)


def test_a_draft_becomes_a_version_a_leaf_and_an_identifier_and_proves_itself(vault):
    done = issue_rows(vault, [permit(1), permit(2)], "d-1")
    assert (done.batch.issued, done.batch.unchanged, done.refusals, done.is_repeat) == (2, 0, (), False)
    first, _ = ids_of(vault)
    assert (licence_id(first).version, licence_id(first).type) == (1, "116901000005202685002")
    proved = open_licence(export(vault, find(vault, first), None), vault.trust)
    licence = proved.licence
    assert (licence.id, licence.state, licence.type_name) == (first, "valid", "食品经营许可证")
    assert set(METADATA_CODES) <= set(licence.data)
    assert (licence.data["ZZBH"], licence.data["KZ_JYXM"]) == ("JY10000000000001", "热食类食品制售")
    assert audit(vault).leaves == 2


def test_the_log_names_nobody(vault):
    issue_rows(vault, [permit(1)], "d-1")
    found = b"".join(path.read_bytes() for path in vault.log.folder.rglob("*") if path.is_file())
    for planted in ("样例餐饮店", "JY1000000000", "热食"):
        assert planted.encode() not in found
    leaf = read_leaf(next(vault.log.entries(0, 1)))
    assert (leaf.type, leaf.issuer, leaf.version) == ("116901000005202685002", "116901000005202685", 1)


def test_guessing_a_name_and_number_from_the_public_log_fails_without_the_salt(vault):
    """Who knows the whole payload, and lacks the 128 bits of salt, cannot tell which leaf it is."""
    from onefile.verify.leaf import commitment
    from onefile.verify.licence import PAYLOAD_TYPE

    issue_rows(vault, [permit(1)], "d-1")
    kept = find(vault, ids_of(vault)[0])
    leaf = read_leaf(next(vault.log.entries(0, 1)))
    assert commitment(kept.salt, PAYLOAD_TYPE, kept.payload) == leaf.commitment
    assert commitment(bytes(16), PAYLOAD_TYPE, kept.payload) != leaf.commitment
    issue_rows(vault, [permit(1, items="x")], "d-2")
    assert find(vault, ids_of(vault)[1]).salt != kept.salt


def test_the_table_alone_lists_nobody(vault, tmp_path):
    issue_rows(vault, [permit(1)], "d-1")
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("serving.db*"))
    for planted in ("样例餐饮店", "JY1000000000", "热食"):
        assert planted.encode() not in kept


def test_the_same_batch_again_or_the_same_rows_in_another_issue_nothing(vault):
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    again = issue_rows(vault, [permit(1), permit(2), permit(3)], "d-1", LATER)
    assert again.is_repeat
    others = issue_rows(vault, [permit(2), permit(1)], "d-2", LATER)
    assert (others.batch.issued, others.batch.unchanged, others.batch.state) == (0, 2, "sealed")
    assert len(ids_of(vault)) == audit(vault).leaves == 2


def test_an_old_batch_that_comes_again_does_not_take_back_a_newer_one(vault):
    issue_rows(vault, [permit(1)], "d-1")
    issue_rows(vault, [permit(1, state="suspended")], "d-2", LATER)
    assert issue_rows(vault, [permit(1)], "d-1", LATER).is_repeat
    assert [licence_id(i).version for i in ids_of(vault)] == [1, 2]


def test_a_change_is_a_new_version_that_names_the_one_before(vault):
    issue_rows(vault, [permit(1)], "d-1")
    issue_rows(vault, [permit(1, items="冷食类食品制售")], "d-2", LATER)
    first, second = ids_of(vault)
    assert licence_id(first).serial == licence_id(second).serial
    assert find(vault, second).payload.find(f'"supersedes":"{first}"'.encode()) > 0
    assert (find(vault, second).version.event, find(vault, first).version.event) == ("changed", "new")


def test_a_row_that_stands_twice_in_a_batch_makes_versions_in_its_order(vault):
    done = issue_rows(vault, [permit(1), permit(1), permit(1, state="suspended")], "d-1")
    assert (done.batch.issued, done.batch.unchanged) == (2, 1)
    assert [find(vault, i).version.event for i in ids_of(vault)] == ["new", "suspended"]
    audit(vault)


LIFE = ["valid", "suspended", "valid", "revoked", "cancelled"]


def test_a_life_is_told_in_events(vault):
    for day, state in enumerate(LIFE):
        issue_rows(vault, [permit(1, state=state)], f"d-{day}", AT + timedelta(days=day))
    issue_rows(vault, [permit(2, state="lapsed")], "x-1", LATER + timedelta(days=9))
    issue_rows(vault, [permit(2, expires_on="2035-01-01")], "x-2", LATER + timedelta(days=10))
    told = [find(vault, i).version.event for i in ids_of(vault)]
    assert told == ["new", "suspended", "resumed", "revoked", "cancelled", "new", "renewed"]
    assert audit(vault).leaves == 7


def test_an_impossible_transition_is_refused_with_its_reason_and_changes_nothing(vault):
    issue_rows(vault, [permit(1, state="cancelled"), permit(2)], "d-1")
    done = issue_rows(vault, [permit(2, items="x"), permit(1, state="valid")], "d-2", LATER)
    assert done.refusals == (Refused(2, "transition", "state"),)
    assert done.batch.issued == 1
    assert "transition" in REASONS
    audit(vault)


def test_every_transition_is_either_in_the_table_or_refused():
    for before in LICENCE_STATES:
        for after in LICENCE_STATES:
            told = event(Standing(before, None), Standing(after, None))
            assert told == ALLOWED.get((before, after))
            assert told is None or told in EVENTS
    for dead in ("cancelled", "transferred", "superseded", "revoked", "annulled", "lapsed"):
        assert event(Standing(dead, None), Standing("valid", None)) is None
    assert {event(None, Standing(state, None)) for state in LICENCE_STATES} == {"new"}


def test_the_thousandth_version_is_refused(vault):
    issue_rows(vault, [permit(1)], "d-1")
    with vault.tables() as connection:
        connection.execute(text("UPDATE licence_version SET version = 999"))
    done = issue_rows(vault, [permit(1, items="x")], "d-2", LATER)
    assert done.refusals == (Refused(1, "version_limit", "state"),)


UNFIT = {
    "no key": ({"permit_no": None}, "required", "permit_no"),
    "no first day": ({"issued_on": None}, "required", "issued_on"),
    "a day that is none": ({"issued_on": "2025-02-30"}, "not_a_date", "issued_on"),
    "a day in another form": ({"issued_on": "20250201"}, "not_a_date", "issued_on"),
    "an end before the beginning": ({"expires_on": "2024-01-01"}, "before", "expires_on"),
    "a state that the dictionary lacks": ({"state": "gone"}, "not_in_list", "state"),
    "no state": ({"state": ""}, "required", "state"),
    "a credit code with a wrong check": ({"holder_code": "116901000005202684"}, "organisation_check", "holder_code"),
}


@pytest.mark.parametrize(("change", "reason", "column"), UNFIT.values(), ids=UNFIT)
def test_a_row_that_can_be_no_licence_is_refused_with_its_reason(vault, change, reason, column):
    done = issue_rows(vault, [permit(1), permit(2, **change)], "d-1")
    assert [r.column for r in done.refusals] == [column]
    assert done.refusals[0].number == 2
    assert done.refusals[0].reason in (reason, "check")
    assert done.batch.issued + done.batch.unchanged + done.batch.refused == 2


def test_rows_of_every_declared_type_become_licences(vault):
    """A row with something in each column, made from the declaration."""
    for number, licence in enumerate(DECLARED.licences.values()):
        table = DECLARED.tables[licence.table]
        values = {"date": "2025-01-01", "long": 7, "decimal": "1.50", "credit_code": "116901000005202685",
                  "person_number": "69010119900101123X"}  # fmt: skip
        row = {c.name: values.get(c.type, "A1") for c in table.columns}
        row["person"] = None
        for column in table.columns:
            if column.type == "person_number":
                row[column.name] = _synthetic_number()
        if licence.state_column:
            row[licence.state_column] = next(iter(licence.states))
        made = list(drafts(licence, table, [row]))
        assert not isinstance(made[0], Refused), (licence.name, made)
        done = issue_rows(vault, [row], f"d-{number}", AT + timedelta(minutes=number), licence.name)
        assert done.batch.issued == 1
    assert audit(vault).leaves == len(DECLARED.licences)


def _synthetic_number() -> str:
    body = "69010119900101123"
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    return body + "10X98765432"[sum(int(d) * w for d, w in zip(body, weights, strict=True)) % 11]


def test_killed_at_any_step_and_run_again_everything_is_issued_once(tmp_path):
    vault = vault_of(tmp_path / "home")
    issue_rows(vault, [permit(number) for number in range(300)], "d-1")
    shutil.copytree(tmp_path / "home", tmp_path / "before")
    rows = [permit(number) for number in range(290, 600)]
    steps = []
    for step in killed_at_each_step(lambda: issue_rows(vault, rows, "d-2", LATER) and None):
        steps.append(step)
        done = issue_rows(vault, rows, "d-2", LATER)
        assert (done.batch.issued, done.batch.unchanged, done.batch.state) == (300, 10, "sealed")
        assert audit(vault).leaves == 600
        shutil.rmtree(tmp_path / "home")
        shutil.copytree(tmp_path / "before", tmp_path / "home")
    assert len(steps) > 15


def test_a_batch_that_was_cut_off_is_finished_by_whoever_issues_next(vault, monkeypatch):
    issue_rows(vault, [permit(1)], "d-1")
    with monkeypatch.context() as patch:
        patch.setattr("licence_vault.log_folder.os.fsync", _interrupted)
        with pytest.raises(KeyboardInterrupt):
            issue_rows(vault, [permit(2)], "d-2", LATER)
    with pytest.raises(NoSuchLicence):
        find(vault, ids_of(vault)[1])
    with pytest.raises(LogAndTableDiffer, match="cut off"):
        audit(vault)
    issue_rows(vault, [permit(3)], "d-3", LATER)
    assert audit(vault).leaves == 3


def _interrupted(*_arguments: object) -> None:
    raise KeyboardInterrupt


def _issue_many(home, name):
    vault = vault_of(home)
    for number in range(8):
        issue_rows(vault, [permit(number, items=name)], f"{name}-{number}")


def test_two_issuers_at_once_issue_each_batch_once_and_never_fork(tmp_path):
    vault = vault_of(tmp_path)
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_issue_many, args=(tmp_path, name)) for name in ("a", "b")]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(100)
    assert [worker.exitcode for worker in workers] == [0, 0]
    assert audit(vault).batches == 16
    assert len(set(ids_of(vault))) == 16


def test_an_older_backup_of_the_database_beside_a_newer_log_is_found(tmp_path):
    vault = vault_of(tmp_path / "home")
    issue_rows(vault, [permit(1)], "d-1")
    with vault.tables() as connection:
        connection.execute(text("CREATE TABLE x (y TEXT)"))
    old = {path.name: path.read_bytes() for path in (tmp_path / "home").glob("serving.db*")}
    issue_rows(vault, [permit(2)], "d-2", LATER)
    for path in (tmp_path / "home").glob("serving.db*"):
        path.unlink()
    for name, data in old.items():
        (tmp_path / "home" / name).write_bytes(data)
    signed = vault.log.signed()
    for attempt in (lambda: issue_rows(vault, [permit(3)], "d-3", LATER), lambda: audit(vault)):
        with pytest.raises(LogAndTableDiffer, match="the table ends at 1, the log at 2"):
            attempt()
    assert vault.log.signed() == signed


def test_an_older_log_beside_a_newer_database_is_found(tmp_path):
    vault = vault_of(tmp_path)
    issue_rows(vault, [permit(1)], "d-1")
    shutil.copytree(tmp_path / "log", tmp_path / "old")
    issue_rows(vault, [permit(2)], "d-2", LATER)
    shutil.rmtree(tmp_path / "log")
    shutil.copytree(tmp_path / "old", tmp_path / "log")
    for attempt in (lambda: issue_rows(vault, [permit(3)], "d-3", LATER), lambda: audit(vault)):
        with pytest.raises(LogAndTableDiffer, match="the table ends at 2, the log at 1"):
            attempt()


ALTERED = {
    "a state": "UPDATE licence_version SET state = 'revoked' WHERE leaf_index = 1",
    "a last day": "UPDATE licence_version SET valid_until = '2099-12-31' WHERE leaf_index = 1",
    "a time": "UPDATE licence_version SET recorded_at = '2020-01-01T00:00:00Z' WHERE leaf_index = 1",
    "a commitment": "UPDATE licence_version SET commitment = zeroblob(32) WHERE leaf_index = 1",
    "an event": "UPDATE licence_version SET event = 'renewed' WHERE leaf_index = 2",
    "a row removed": "DELETE FROM licence_version WHERE leaf_index = 2",
    "two rows swapped": "UPDATE licence_version SET leaf_index = 3 - leaf_index WHERE leaf_index IN (1, 2)",
    "a batch removed": "DELETE FROM licence_batch WHERE batch_no = 1",
    "a batch's root": "UPDATE licence_batch SET root = zeroblob(32) WHERE batch_no = 1",
    "a batch back-dated": "UPDATE licence_batch SET recorded_at = '2020-01-01T00:00:00Z' WHERE batch_no = 2",
}


@pytest.mark.parametrize("statement", ALTERED.values(), ids=ALTERED)
def test_whatever_is_altered_in_the_table_the_audit_finds(vault, statement):
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    issue_rows(vault, [permit(2, items="x")], "d-2", LATER)
    assert audit(vault).leaves == 3
    with vault.tables() as connection:
        if "swapped" in statement or "3 - leaf_index" in statement:
            connection.execute(text("DROP INDEX licence_version_leaf"))
        connection.execute(text(statement))
    with pytest.raises(LogAndTableDiffer):
        audit(vault)


def test_a_payload_swapped_or_altered_is_found_by_the_audit_and_not_shown(vault):
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    with vault.tables() as connection:
        connection.execute(
            text("UPDATE licence_version SET (sealed, wrapped_key) = "
                 "(SELECT sealed, wrapped_key FROM licence_version WHERE leaf_index = 0) WHERE leaf_index = 1")
        )  # fmt: skip
    with pytest.raises(PayloadDamaged):
        audit(vault)
    with pytest.raises(PayloadDamaged):
        find(vault, ids_of(vault)[1])


def test_damage_to_any_file_of_the_log_is_found_by_the_audit(vault):
    issue_rows(vault, [permit(number) for number in range(300)], "d-1")
    for path in sorted(p for p in vault.log.folder.rglob("*") if p.is_file() and p.name != "checkpoint"):
        kept = path.read_bytes()
        path.write_bytes(kept[:20] + bytes([kept[20] ^ 1]) + kept[21:])
        with pytest.raises((LogDamaged, LogAndTableDiffer)):
            audit(vault)
        path.write_bytes(kept)
    assert audit(vault).leaves == 300


def test_the_audit_holds_the_log_against_a_checkpoint_that_somebody_kept(tmp_path):
    vault, other = vault_of(tmp_path / "a"), vault_of(tmp_path / "b")
    issue_rows(vault, [permit(1)], "d-1")
    kept = vault.log.signed()
    issue_rows(vault, [permit(2)], "d-2", LATER)
    assert audit(vault, kept).leaves == 2
    later = vault.log.signed()
    shutil.rmtree(tmp_path / "a" / "log")
    with vault.tables() as connection:
        for table in ("licence_batch", "licence_version", "licence_holder", "licence"):
            connection.execute(text(f"DELETE FROM {table}"))
    issue_rows(vault, [permit(3)], "d-1")
    with pytest.raises(LogAndTableDiffer, match="set back"):
        audit(vault, later)
    issue_rows(vault, [permit(4)], "d-2", LATER)
    with pytest.raises(ProofDoesNotFit):
        audit(vault, later)
    assert other.origin == vault.origin


def test_nothing_is_dated_before_the_last_batch(vault):
    issue_rows(vault, [permit(1)], "d-1", LATER)
    with pytest.raises(ClockWentBack):
        issue_rows(vault, [permit(2)], "d-2", AT)
    assert audit(vault).leaves == 1


def test_erasing_a_licence_leaves_the_log_whole_and_its_content_unreadable(vault):
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    first, second = ids_of(vault)
    with vault.tables() as connection:
        assert store.erase(connection, first.removeprefix("1.2.156.3005.2.")[:-6]) == 1
    with pytest.raises(PayloadErased):
        find(vault, first)
    assert find(vault, second).payload
    found = audit(vault)
    assert (found.leaves, found.erased) == (2, 1)


def test_a_licence_is_found_by_holder_printed_number_and_identifier(vault):
    issue_rows(vault, [permit(1), permit(2)], "d-1")
    first, second = ids_of(vault)
    key = first.removeprefix("1.2.156.3005.2.")[:-6]
    with vault.tables() as connection:
        holder = vault.at_rest.holder("enterprise", "116901000005202685")
        assert len(store.keys_of_holder(connection, holder)) == 2
        printed = vault.at_rest.printed("116901000005202685002", "JY10000000000001")
        assert store.keys_of_printed(connection, printed) == [key]
        assert store.type_name(connection, key) == "food_operation_permit"
    with pytest.raises(InvalidIdentifier):
        find(vault, second[:-1] + ("0" if second[-1] != "0" else "1"))


def test_serials_differ_between_houses_and_say_nothing_of_the_printed_number(tmp_path):
    one, other = vault_of(tmp_path / "a"), vault_of(tmp_path / "b")
    for vault in (one, other):
        issue_rows(vault, [permit(1)], "d-1")
    serials = [licence_id(ids_of(vault)[0]).serial for vault in (one, other)]
    assert serials[0] != serials[1]
    assert all(len(serial) == 20 and "JY1" not in serial for serial in serials)


def test_records_whose_keys_differ_only_in_where_they_part_are_two_licences():
    secret, (draft,) = bytes(32), drafts(KIND, DECLARED.tables[KIND.table], [permit(1)])
    made = {serial(replace(draft, record=record), secret) for record in (("a\x00b", "c"), ("a", "b\x00c"), ("a", "bc"))}
    assert len(made) == 3


def test_another_master_key_opens_nothing(vault):
    issue_rows(vault, [permit(1)], "d-1")
    stranger = AtRest(bytes(32), bytes(32))
    kept = find(vault, ids_of(vault)[0])
    with pytest.raises(PayloadDamaged):
        stranger.open(kept.place.id, kept.version)  # type: ignore[arg-type]  # it has what is asked for


def test_the_logs_name_is_set_once_and_must_be_one(tmp_path):
    vault = vault_of(tmp_path)
    again = open_vault(tmp_path, vault.url, tmp_path / "keys" / "passphrase", "other.example/log", AT)
    assert again.origin == vault.origin
    with pytest.raises(BadName):
        open_vault(tmp_path / "b", vault.url, tmp_path / "b" / "keys" / "passphrase", "a b", AT)
