"""Search as a clerk would type."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalog
from bench.catalog import entries as made_up
from catalog.entries import entries
from catalog.errors import BadIndex
from catalog.search import Index, build, is_fresh


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    path = tmp_path_factory.mktemp("index") / "search.db"
    build(path, entries(catalog.load()).values(), "digest")
    with Index(path) as opened:
        yield opened


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("婚姻登记", "civil_affairs.marriages"),
        ("婚姻登記", "civil_affairs.marriages"),
        ("hunyindengji", "civil_affairs.marriages"),
        ("HYDJ", "civil_affairs.marriages"),
        ("marriage register", "civil_affairs.marriages"),
        ("101002/000001", "civil_affairs.marriages"),
        ("營業執照", "licence.business_licence"),
        ("ｙｙｚｚ", "licence.business_licence"),
        ("社保 参保", "licence.insurance_certificate"),
        ("驾照", "licence.driving_licence"),
        ("注册资金", "market.public_register"),
        ("户籍 公安", "police.population"),
        ("nvxing", None),
        ("", None),
        ("  ,;", None),
    ],
)
def test_what_a_clerk_types_finds_what_is_meant(index: Index, typed: str, first: str | None) -> None:
    hits = index.search(typed).hits
    assert (hits[0].id if hits else None) == first


def test_facets_narrow_and_are_counted(index: Index) -> None:
    every = index.search("登记")
    narrowed = index.search("登记", {"department": "market", "class": None})
    assert 0 < narrowed.total < every.total
    assert narrowed.facets["department"] == {"market": narrowed.total}
    assert every.facets["department"]["market"] == narrowed.total
    assert index.search("登记", {"class": "1"}).total == every.total


def test_where_nothing_has_every_word_those_that_have_some_are_said_to_be_loose(index: Index) -> None:
    found = index.search("婚姻 xyzzy")
    assert found.is_loose
    assert found.hits[0].id == "civil_affairs.marriages"
    assert not index.search("婚姻").is_loose


def test_the_limit_cuts_hits_and_not_the_total(index: Index) -> None:
    found = index.search("信息", limit=2)
    assert len(found.hits) == 2 < found.total


@given(st.text(max_size=300))
def test_nothing_that_is_typed_is_an_error(index: Index, typed: str) -> None:
    assert index.search(typed).total >= 0


@pytest.mark.parametrize("typed", ['"', 'a" OR "b', "title:婚姻", "NEAR(a b)", "婚姻*", "-", "x' OR 1=1 --", "\x00"])
def test_operators_of_the_engine_mean_nothing(index: Index, typed: str) -> None:
    assert index.search(typed).total < 25


def test_an_index_is_fresh_for_its_own_digest_only_and_a_broken_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    assert not is_fresh(path, "a")
    build(path, list(made_up(10, 50)), "a")
    assert is_fresh(path, "a")
    assert not is_fresh(path, "b")
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"no database at all" * 100)
    assert not is_fresh(path, "a")
    with pytest.raises(BadIndex):
        Index(path)


def test_a_reader_of_the_old_index_is_not_disturbed_by_a_new_one(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    one = next(made_up(1, 1))
    build(path, [replace(one, title="渔业")], "a")
    with Index(path) as old:
        build(path, [replace(one, title="林业")], "b")
        assert old.search("渔业").total == 1
    with Index(path) as new:
        assert (new.search("渔业").total, new.search("林业").total) == (0, 1)


def test_the_index_of_a_large_catalogue_answers_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "search.db"
    build(path, made_up(200, 4_000), "a")
    with sqlite3.connect(path) as opened:
        assert opened.execute("SELECT count(*) FROM entry").fetchone() == (200,)
    with Index(path) as index:
        assert index.search("000123").hits[0].id == "office_11.resource_123"
