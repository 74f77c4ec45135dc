"""Declarations change while a home is at work, for the command and for the DAG: all is as if they had never changed."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import pytest
from pyspark.sql import SparkSession

import catalog
from onefile import settings
from onefile.cli.dag_runs import DagRuns
from pipelines import names, rebuilding, records
from tests.declared import SHOP, SHOP_FILE, SHOP_RESOURCE, lay
from tests.granted import granted
from tests.house import House, broken, narrowed
from tests.unit.schemas.test_licence_types import SHOP_LICENCE

SHOPS = "market.shops"
FIRST, SECOND, THIRD = "91690101MA00000158", "91690101MA00000233", "91690101MA0000031X"
HEADER = "编号 | 信用代码 | 开业 | 类别"
CATALOGUE = (
    'catalogue: {code: "101001/000009", class: "101001", modes: [query], open: {class: closed},'
    " state: published, published_on: 2026-10-01}\n"
)
WITH_KIND = (
    SHOP_FILE
    + """\
  shop_kind:
    label: 店铺类别
    about: Kind of the shop
    sources: [{table: shop, column: kind, rank: 1}]
"""
)
# What the first deliveries are read by, what `onefile run` then finds, what the DAG finds: a word that is known
# lets a row in that was rejected, a cleaner does the same.
DECLARED = (
    (SHOP_RESOURCE.replace("trim, upper", "trim"), SHOP_FILE),
    (SHOP_RESOURCE.replace("trim, upper", "trim").replace('书局: "1"', '书局: "1", 酒馆: "2"'), WITH_KIND),
    (SHOP_RESOURCE.replace('书局: "1"', '书局: "1", 酒馆: "2"'), WITH_KIND.replace("lead: market", "lead: tax")),
)
DELIVERIES = {
    "2026-11-01": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书店
        AB0002 | {SECOND} | 2020/2/2 | 酒馆
        ab0003 | {THIRD}  | 2020/3/3 | 书店
    """,
    "2026-11-02": f"""
        {HEADER}
        AB0001 | {FIRST}  | 2020/1/1 | 书局
        AB0004 | {FIRST}  | 2020/4/4 | 书店
    """,
}
TABLES = (names.silver("shop"), names.RELEASE, names.quarantine(SHOPS))


PUBLISHED = (
    "SELECT subject_id, digest, document FROM subject ORDER BY subject_id",
    "SELECT subject_id, digest, document FROM subject_record ORDER BY subject_id, digest",
    "SELECT version, event, state, raw_state, since_on, valid_from, valid_until FROM licence_version ORDER BY 5, 1",
)


def lay_declared(folder: Path, place: int) -> None:
    resource, file = DECLARED[place]
    files: Mapping[str, str] = SHOP | {
        "resources/market/shops.yml": resource + CATALOGUE,
        "files/shops.yml": file,
        "licences/shop_licence.yml": SHOP_LICENCE,
    }
    lay(folder, files)


def opened(home: Path, folder: Path) -> House:
    whole = catalog.load((folder,))
    return House(home, narrowed({"shop": [c.name for c in whole.declarations.tables["shop"].columns]}, whole), folder)


def deliver(house: House, day: str) -> None:
    house.on(day)
    house.deliver(SHOPS, day, DELIVERIES[day], f"d-{day[-2:]}")


@dataclass(frozen=True)
class Grown:
    """A home in which declarations changed while it was at work, and one that never had others than the last."""

    house: House
    fresh: House


@pytest.fixture(scope="module")
def grown(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Grown:
    folder = tmp_path_factory.mktemp("changed")
    first, second = DELIVERIES
    lay_declared(folder / "declarations", 0)
    house = opened(folder / "home", folder / "declarations")
    deliver(house, first)
    granted(house, SHOPS, "shop_no", "kind")
    assert house.onefile("run", SHOPS) == 0
    lay_declared(folder / "declarations", 1)
    deliver(house, second)
    assert house.onefile("run", SHOPS) == 0
    lay_declared(folder / "declarations", 2)
    run_dags(house, "declarations", "enterprise_file", "quality", "publication", "records", "vault")
    fresh = opened(folder / "fresh", folder / "declarations")
    deliver(fresh, first)
    granted(fresh, SHOPS, "shop_no", "kind")
    fresh.take_in()
    deliver(fresh, second)
    fresh.take_in()
    records.bring(fresh.shop)
    run_dags(fresh, "vault")
    return Grown(house, fresh)


def run_dags(house: House, *dags: str) -> None:
    """Run DAGs to their end in this process, as `onefile run` does."""
    with patch.dict(os.environ, house.environ):
        runs = DagRuns(settings.read())
        assert {dag: (runs.run(dag, {}), *runs.why) for dag in dags} == dict.fromkeys(dags, (True,))


def published(house: House, query: str) -> list[dict[str, object]]:
    """Return rows of the serving database; in what order an attribute came to be declared says nothing."""
    with sqlite3.connect(house.home / "serving.db") as database:
        database.row_factory = sqlite3.Row
        rows = [dict(row) for row in database.execute(query)]
    return [row | ({"document": json.loads(row["document"])} if "document" in row else {}) for row in rows]


def test_tables_are_those_of_a_home_that_never_had_other_declarations(grown: Grown) -> None:
    for table in TABLES:
        assert grown.house.rows(table) == grown.fresh.rows(table), table
    held, wanted = (each.files("enterprise") for each in (grown.house, grown.fresh))
    assert {number: file["_digest"] for number, file in held.items()} == {
        number: file["_digest"] for number, file in wanted.items()
    }
    assert {number: file["shop_kind"]["value"] for number, file in held.items()} == {
        FIRST: "1", SECOND: "2", THIRD: "1"
    }  # fmt: skip


def test_so_is_what_is_published_of_files_of_granted_rows_and_of_licences(grown: Grown) -> None:
    for query in PUBLISHED:
        found = published(grown.house, query)
        assert found == published(grown.fresh, query), query
        assert found, query


def test_and_a_rebuild_finds_no_other_row_and_no_rule_broken(grown: Grown, capsys: pytest.CaptureFixture[str]) -> None:
    shop = grown.house.shop
    shop.__dict__["catalogue"] = grown.fresh.catalogue
    assert list(rebuilding.differences(shop, rebuilding.rebuild(shop, lambda _: None))) == []
    assert broken(grown.house, capsys) == {}
