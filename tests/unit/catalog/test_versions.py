"""Versions of entries: kept once, compared field by field, along the life cycle only."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

import catalog
from bench.catalog import entries as made_up
from catalog.diffs import NEXT_STATES, Change, changes, check_state
from catalog.entries import Entry, InformationItem
from catalog.entry_clocks import waiting
from catalog.errors import LifeCycleBroken, UnknownVersion
from catalog.versions import Recorded, Version, foreign, record, version, versions
from onefile.cli import main
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from schemas.terms import STATES

AT, LATER = "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z"
SHANGHAI = ZoneInfo("Asia/Shanghai")
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


@pytest.mark.parametrize(
    ("states", "due", "is_late"),
    [
        (("in_review",), date(2026, 9, 28), False),
        (("draft", "in_review"), date(2026, 9, 28), False),
        (("published",), None, False),
        (("draft",), None, False),
        (("in_review", "draft"), date(2026, 10, 14), False),
        (("withdrawn", "draft", "in_review"), date(2026, 9, 28), False),
    ],
)
def test_an_entry_waits_by_the_clock_of_its_state(states: tuple[str, ...], due: date | None, is_late: bool) -> None:
    history = [Version(n, "2026-09-22T16:30:00Z", replace(ONE, state=state)) for n, state in enumerate(states, 1)]
    found = waiting([history], catalog.load().sharing, date(2026, 9, 28), SHANGHAI)
    assert [(each.since, each.due_on, each.is_late) for each in found] == (
        [] if due is None else [(date(2026, 9, 23), due, is_late)]
    )


def test_an_entry_that_changes_in_review_waits_since_it_came_there_and_is_late_after_its_day() -> None:
    one, two = (Version(n, f"2026-11-{day}T00:00:00Z", replace(ONE, state="in_review", about=str(n)))
                for n, day in ((1, 23), (2, 25)))  # fmt: skip
    sharing = catalog.load().sharing
    assert not waiting([[one, two]], sharing, date(2026, 11, 25), SHANGHAI)[0].is_late
    assert waiting([[one, two]], sharing, date(2026, 11, 26), SHANGHAI)[0].is_late


def test_the_verb_lists_what_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ONEFILE_HOME", str(tmp_path / "var"))
    assert main.run(["--lang", "en", "catalog", "waiting"]) == 0
    assert capsys.readouterr().out == "none\n"
    with writing(f"sqlite:///{tmp_path}/var/serving.db") as connection:
        record(connection, "declared", [replace(ONE, state="in_review"), TWO], AT)
    assert main.run(["--at", "2026-11-26T08:00:00+08:00", "catalog", "waiting", "--late", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["entry_id"], found["due_on"], found["is_late"]) == (ONE.id, "2026-11-25", True)
