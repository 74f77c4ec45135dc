"""Following a log from outside: what is remembered is read strictly, what does not follow is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from licence_vault.errors import LogAndTableDiffer, LogDamaged, LogForked, LogUnreachable
from licence_vault.issuing import renew
from licence_vault.monitoring import MalformedMonitorState, Seen, look, read_seen, source
from licence_vault.notes import NoteSigner
from licence_vault.status_lists import publish
from onefile.verify.errors import BadSignature, LostKey, RetiredKey
from onefile.verify.leaf import read_leaf
from tests.papers import AT
from tests.vault import issue_rows, permit, vault_of


@pytest.fixture
def vault(tmp_path):
    found = vault_of(tmp_path)
    issue_rows(found, [permit(number) for number in range(300)], "d-1")
    return found


def news(vault, seen=None, wanted=lambda _: True):
    return look(source(str(vault.log.folder)), vault.trust, seen, wanted)


def test_what_came_since_is_told_and_only_that_is_read(vault):
    first = news(vault)
    assert (len(first.leaves), first.seen.size) == (300, 300)
    issue_rows(vault, [permit(1, items="x")], "d-2", AT + timedelta(days=1))
    second = news(vault, read_seen(first.seen.written()))
    assert [(index, leaf.version) for index, leaf in second.leaves] == [(300, 2)]
    assert news(vault, second.seen).leaves == ()
    assert news(vault, None, lambda leaf: leaf.issuer == "none").leaves == ()


def test_a_log_that_is_smaller_or_of_another_name_has_forked(vault):
    seen = news(vault).seen
    with pytest.raises(LogForked, match="301 leaves"):
        news(vault, Seen(seen.origin, 301, seen.peaks))
    with pytest.raises(LogForked):
        news(vault, Seen("other.example/log", seen.size, seen.peaks))


def test_a_past_that_was_rewritten_has_forked(vault):
    seen = news(vault).seen
    with pytest.raises(LogForked, match="root"):
        news(vault, Seen(seen.origin, seen.size, (bytes(32), *seen.peaks[1:])))


def test_an_entry_altered_in_what_is_new_has_forked_or_is_damaged(vault):
    path = vault.log.folder / "tile" / "entries" / "001.p" / "44"
    data = path.read_bytes()
    path.write_bytes(data.replace(b'"version":1', b'"version":2', 1))
    with pytest.raises(LogForked):
        news(vault)
    path.write_bytes(data.replace(b"leaf/1", b"leaf/9", 1))
    with pytest.raises(LogDamaged):
        news(vault)
    path.unlink()
    with pytest.raises(LogUnreachable):
        news(vault)


def test_a_checkpoint_altered_is_not_believed(vault):
    path = vault.log.folder / "checkpoint"
    path.write_bytes(path.read_bytes().replace(b"\n300\n", b"\n200\n"))
    with pytest.raises(BadSignature):
        news(vault)


class TestKeys:
    @pytest.fixture
    def changed(self, vault, tmp_path):
        def change(lost_at=None):
            vault.keystore.retire_key("log-1", AT, lost_at)
            return vault_of(tmp_path)  # which makes another one

        return change

    def test_a_lost_key_s_checkpoint_is_followed_no_more_until_the_present_key_has_signed_it(self, changed):
        after = changed(AT)
        with pytest.raises(LostKey):
            news(after)
        before = after.log.checkpoint()
        publish(after, at=AT, day=AT.date())
        assert after.log.checkpoint() == before
        assert news(after).seen.size == 300
        signed = after.log.signed()
        renew(after)
        assert after.log.signed() == signed

    def test_a_retired_key_s_checkpoint_has_no_younger_leaves(self, changed):
        after = changed()
        assert news(after).seen.size == 300
        key = after.keystore.key("log-1")
        with after.log.writing(NoteSigner.of(key)) as writer:
            last = read_leaf(next(after.log.entries(299, 300)))
            writer.append([replace(last, at=AT + timedelta(seconds=1)).entry()])
        with pytest.raises(RetiredKey):
            news(after)

    def test_another_s_log_in_its_place_is_not_signed_by_the_present_key(self, changed):
        after = changed(AT)
        with after.log.writing(NoteSigner.of(after.keystore.key("log-1"))) as writer:
            writer.append([next(after.log.entries(299, 300))])
        with pytest.raises(LogAndTableDiffer):
            renew(after)


BAD_STATES = {
    "nothing": b"",
    "another format": b'{"format":"x","origin":"o","size":0,"peaks":[]}',
    "a peak too few": b'{"format":"onefile.monitor/1","origin":"o","size":3,"peaks":[]}',
    "no hash": b'{"format":"onefile.monitor/1","origin":"o","size":1,"peaks":["zz"]}',
    "a number for a hash": b'{"format":"onefile.monitor/1","origin":"o","size":1,"peaks":[1]}',
    "a negative size": b'{"format":"onefile.monitor/1","origin":"o","size":-1,"peaks":[]}',
}


@pytest.mark.parametrize("state", BAD_STATES.values(), ids=BAD_STATES)
def test_what_is_no_state_is_refused(state):
    with pytest.raises(MalformedMonitorState):
        read_seen(state)
