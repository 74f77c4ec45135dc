"""Data Docs in a real browser without a network: they list the runs, and ask nobody elsewhere for anything."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import great_expectations.expectations as gxe
import pandas as pd
import pytest

from pipelines import quality

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of Data Docs after a run that is well and one that is not."""
    folder = tmp_path_factory.mktemp("quality") / "gx"
    context = quality._context(folder)
    written = []
    for delivery, received in (("shops-1", 5), ("shops-2", 500)):
        figures = pd.DataFrame({"received": [received]})
        bounds = gxe.ExpectColumnValuesToBeBetween(column="received", min_value=1, max_value=100)
        check = quality.Check("delivery", "market.shops", delivery, figures, [bounds])
        written.append(quality._validate(context, check, AT)[0])
    context.build_data_docs(resource_identifiers=[*(page.expectation_suite_identifier for page in written), *written])
    return folder / "uncommitted" / "data_docs" / "local_site"


def test_the_index_lists_every_run_and_its_links_lead_somewhere(site: Path, rendered: Callable[[str], str]) -> None:
    shown = rendered((site / "index.html").as_uri())
    assert re.findall(r"shops-\d", re.sub("<a [^>]*>", "", shown)) == ["shops-2", "shops-1"]
    links = [link for link in re.findall(r'href="([^"]*)"', shown) if not link.startswith("#")]
    assert len(links) == 4
    assert all((site / link).is_file() for link in links)


def test_a_page_shows_what_failed_and_leads_back(site: Path, rendered: Callable[[str], str]) -> None:
    page = next(site.glob("validations/**/shops-2/**/*.html"))
    shown = rendered(page.as_uri())
    assert "Failed" in shown
    assert "1 unexpected values found" in shown
    back = re.findall(r'<header><a href="([^"]*)"', shown)
    assert [(page.parent / link).resolve() for link in back] == [site / "index.html"]


def test_no_page_asks_for_anything_from_elsewhere(site: Path) -> None:
    pages = list(site.rglob("*.html"))
    assert len(pages) == 4
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert re.findall(r'(?:src|href)="(?:https?:)?//', text) == []
        assert "<script" not in text
