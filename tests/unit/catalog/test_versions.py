"""Versions of entries: kept once, compared field by field, along the life cycle only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from bench.catalog import entries as made_up
from catalog.diffs import NEXT_STATES, Change, changes, check_state
from catalog.entries import Entry, InformationItem
from catalog.errors import LifeCycleBroken, UnknownVersion
from catalog.versions import Recorded, foreign, record, version, versions
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from schemas.terms import STATES

AT, LATER = "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"
Keep = Callable[..., Recorded]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url = f"sqlite:///{tmp_path}/serving.db"
    upgrade(url)
    return url


@pytest.fixture
def keep(url: str) -> Keep:
    def keeping(*entries: Entry, source: str = "declared", at: str = AT, is_checked: bool = True) -> Recorded:
        with writing(url) as connection:
            return record(connection, source, entries, at, is_checked)

    return keeping


ONE, TWO = list(made_up(2, 4))


def test_what_did_not_change_gets_no_new_version(url: str, keep: Keep) -> None:
    assert keep(ONE, TWO) == Recorded((ONE.id, TWO.id), (), (), (), ())
    assert keep(ONE, TWO, at=LATER) == Recorded((), (), (ONE.id, TWO.id), (), ())
    assert keep(replace(ONE, about="x"), TWO, at=LATER) == Recorded((), (ONE.id,), (TWO.id,), (), ())
    with looking(url) as connection:
        assert [(v.version, v.recorded_at, v.entry.about) for v in versions(connection, ONE.id)] == [
            (1, AT, ONE.about),
            (2, LATER, "x"),
        ]
        assert version(connection, ONE.id, 1).entry == ONE
        with pytest.raises(UnknownVersion):
            version(connection, ONE.id, 3)


def test_an_entry_that_is_listed_no_more_is_flagged_once_and_comes_back(url: str, keep: Keep) -> None:
    keep(ONE, TWO, source="portal")
    assert keep(ONE, source="portal").vanished == (TWO.id,)
    assert keep(ONE, source="portal").vanished == ()
    with looking(url) as connection:
        assert [is_vanished for _, is_vanished in foreign(connection).values()] == [
            name == TWO.id for name in sorted([ONE.id, TWO.id])
        ]
    assert keep(ONE, TWO, source="portal").returned == (TWO.id,)


def test_sources_leave_each_other_alone(url: str, keep: Keep) -> None:
    keep(ONE)
    assert keep(TWO, source="portal") == Recorded((TWO.id,), (), (), (), ())
    with looking(url) as connection:
        assert list(foreign(connection)) == [TWO.id]


def test_a_state_that_cannot_follow_keeps_nothing(url: str, keep: Keep) -> None:
    keep(ONE)
    with pytest.raises(LifeCycleBroken, match="from published to draft"):
        keep(replace(TWO, about="x"), replace(ONE, state="draft"))
    with looking(url) as connection:
        assert versions(connection, TWO.id) == []


@pytest.mark.parametrize("old", [None, *STATES])
@pytest.mark.parametrize("new", STATES)
def test_the_life_cycle_is_whole(old: str | None, new: str) -> None:
    if old == new or new in NEXT_STATES[old]:
        check_state("x", old, new)
    else:
        with pytest.raises(LifeCycleBroken):
            check_state("x", old, new)


def test_a_diff_names_fields_and_items() -> None:
    extra = InformationItem("colour", "颜色", "Colour", "string", 9, False, "open")
    kept, gone = ONE.items
    new = replace(ONE, title="新", items=(replace(kept, grade="personal"), extra))
    found = changes(ONE, new)
    assert Change("title", ONE.title, "新") in found
    assert Change(f"items.{kept.name}.grade", "ordinary", "personal") in found
    assert Change("items.colour", None, "颜色") in found
    assert Change(f"items.{gone.name}", gone.label, None) in found
    assert changes(ONE, ONE) == ()
    assert changes(None, ONE)[0] == Change("id", None, ONE.id)
