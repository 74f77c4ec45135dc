"""docs/scale.md is what tools/scale.py works out, and the arithmetic is that of the page's own words."""

from __future__ import annotations

import pytest
import yaml

from tools import scale


def test_the_page_has_the_tables_that_follow_from_the_figures():
    text = scale.PAGE.read_text(encoding="utf-8")
    assert scale.page(text, scale.read()) == text


def test_every_figure_is_used():
    figures = yaml.safe_load(scale.FIGURES.read_text(encoding="utf-8"))
    code = (scale.ROOT / "tools" / "scale.py").read_text(encoding="utf-8")
    names = [name for group in figures.values() for name in group]
    assert [name for name in names if f".{name}" not in code] == []


def test_twice_the_people_are_twice_the_records_and_twice_the_cores():
    figures = yaml.safe_load(scale.FIGURES.read_text(encoding="utf-8"))
    one = scale.Province(figures)
    for name in ("persons", "enterprises"):
        figures["supposed"][name]["value"] *= 2
    two = scale.Province(figures)
    assert two.records == 2 * one.records
    assert two.first_core_seconds == 2 * one.first_core_seconds
    assert two.lake(two.records) == 2 * one.lake(one.records)


def test_the_full_build_s_own_size_takes_the_full_build_s_time():
    figures = yaml.safe_load(scale.FIGURES.read_text(encoding="utf-8"))
    subjects, each = 1e6, scale.MEASURED_RECORDS / 1e6
    for name, value in {"persons": subjects, "enterprises": 0, "per_subject": each, "conform": 0}.items():
        figures["supposed"][name]["value"] = value
    measured = figures["measured"]["assemble"]["value"]
    assert scale.Province(figures).first_core_seconds == pytest.approx(measured * scale.CORES)
