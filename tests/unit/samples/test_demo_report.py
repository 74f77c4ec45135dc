"""The demo's screenful fits a screen, in both languages, and says what was read."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from onefile import settings
from onefile.cli.tables import width
from onefile.settings import Settings
from samples import demo_report
from samples.demo_report import COUNTS, Found
from schemas.reasons import REASONS

COUNTED = {"deliveries": 2, "received": 2008, "accepted": 1977, "quarantined": 25, "duplicates": 6}
FOUND = Found(
    by_resource={f"department.resource_{n}": Counter(COUNTED) for n in range(10)},
    reasons=Counter({code: 40 - n for n, code in enumerate(REASONS)}),
    waiting=Counter({"police": 25, "education": 14, "human_resources": 27, "civil_affairs": 12, "market": 2, "tax": 1}),
    files={"person": 1990, "enterprise": 803},
    contradictions=Counter({"education_level": 100, "marital_status": 40, "name": 20, "address": 15, "industry": 7}),
    links=34,
    expectations=(3000, 3001),
    example="690101195512010017",
    repeated=0,
    refused=0,
    failed=(),
    has_register=True,
)
SHOWN = tuple(f"line {n} {'很长的值' * 40}" for n in range(60))


def home(tmp_path: Path, lang: str) -> Settings:
    return settings.read({"ONEFILE_HOME": str(tmp_path / "var"), "ONEFILE_LANG": lang})


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_fits_forty_lines_of_a_hundred_places(tmp_path: Path, lang: str) -> None:
    found = replace(FOUND, repeated=19, has_register=False)
    lines = list(demo_report.lines(found, home(tmp_path, lang), SHOWN, 199.6))
    assert len(lines) <= 40
    assert [line for line in lines if width(line) > 100 and str(tmp_path) not in line] == []
    assert not any(line != line.rstrip() for line in lines)


def test_it_says_what_was_found(tmp_path: Path) -> None:
    text = "\n".join(demo_report.lines(FOUND, home(tmp_path, "en"), SHOWN, 199.6))
    for part in ("20,080", "19,770", "250", "1,990 persons, 803 enterprises", "182 contradictions", "34 person records",
                 "81 rows to be corrected", "200 seconds", "3000 of 3001", "echo 690101195512010017 |"):  # fmt: skip
        assert part in text, part
    assert FOUND.is_well


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"failed": None}, "did not end"),
        ({"failed": ("ingest.tax.registrations",)}, "FAILED: ingest.tax.registrations"),
        ({"refused": 2}, "2 deliveries were not taken in"),
        ({"files": {"person": 10}}, "0 enterprises"),
    ],
)
def test_what_went_wrong_is_said_and_fails_the_demo(tmp_path: Path, change: dict[str, object], word: str) -> None:
    found = replace(FOUND, **change)  # type: ignore[arg-type]
    assert word in "\n".join(demo_report.lines(found, home(tmp_path, "en"), SHOWN, 1))
    assert not found.is_well


def test_a_home_in_which_nothing_happened_is_read_as_that(tmp_path: Path) -> None:
    found = demo_report.read(home(tmp_path, "en"), None, has_register=False)
    assert (found.by_resource, found.files, found.links, found.example, found.failed) == ({}, {}, 0, None, None)
    assert set(COUNTS) == set(COUNTED) - {"deliveries"}
    assert list(demo_report.lines(found, home(tmp_path, "zh"), (), 0))
