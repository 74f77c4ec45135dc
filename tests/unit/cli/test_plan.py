"""What a run says meanwhile, and how it shares out a machine."""

from __future__ import annotations

import os

import pytest

from onefile import settings
from onefile.cli import lanes
from onefile.cli.plan import GOLD, Planned, Progress


def test_alone_a_line_grows_and_side_by_side_each_end_has_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    alone = Progress(2)
    for dag, is_done in (("ingest.a", True), ("vault", False)):
        alone.begin(dag)
        alone.end(dag, is_done=is_done)
    first, second = capsys.readouterr().err.splitlines()
    assert first.split() == ["1/2", "ingest.a", "0.0", "s"]
    assert second.split() == ["2/2", "vault", "0.0", "s", "FAILED"]
    beside = Progress(2, is_side_by_side=True)
    beside.begin("ingest.a")
    beside.begin("vault")
    beside.end("vault", is_done=True)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split() for line in lines] == [["1/2", "ingest.a"], ["2/2", "vault"], ["2/2", "vault", "0.0", "s"]]


def test_what_follows_comes_after_what_it_is_made_from() -> None:
    places = {planned.dag: place for place, planned in enumerate(GOLD)}
    assert all(places[before] < places[each.dag] for each in GOLD for before in each.after)
    assert Planned("publication", ("quality",)) in GOLD
    assert Planned("quality", ("person_file", "enterprise_file")) in GOLD


@pytest.mark.parametrize(
    ("memory", "part"), [("4g", "2048m"), ("1G", "512m"), ("1500m", "750m"), ("2048k", "2048k"), ("all", "all")]
)
def test_lanes_share_the_memory_of_the_engine(memory: str, part: str) -> None:
    assert lanes.shared(memory, 2) == part


def test_lanes_pay_for_several_small_resources_and_an_engine_of_ones_own(tmp_path, monkeypatch) -> None:
    here = settings.read({"ONEFILE_HOME": str(tmp_path)})
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3})
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**22}.__getitem__)
    assert [lanes.fitting(here, waiting) for waiting in (1, 2, 3, 10)] == [1, 1, 2, 2]
    served = settings.read({"ONEFILE_HOME": str(tmp_path), "ONEFILE_SPARK": "sc://127.0.0.1:1"})
    assert lanes.fitting(served, 10) == 1
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**20}.__getitem__)
    assert lanes.fitting(here, 10) == 1
    monkeypatch.setattr(os, "sysconf", {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 2**22}.__getitem__)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0})
    assert lanes.fitting(here, 10) == 1
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    (tmp_path / "deliveries").mkdir()
    (tmp_path / "deliveries" / "large").write_bytes(bytes(5 * 2**20))
    assert lanes.fitting(here, 10) == 1
