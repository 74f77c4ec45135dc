"""Following a log from outside: what is remembered is read strictly, what does not follow is told."""

from __future__ import annotations

from datetime import timedelta

import pytest

from licence_vault.errors import LogDamaged, LogForked, LogUnreachable
from licence_vault.monitoring import MalformedMonitorState, Seen, look, read_seen, source
from onefile.verify.errors import BadSignature
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
