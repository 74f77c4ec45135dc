"""What a run's `conf` asks for: deliveries by id and by days, and what is no sensible question."""

from __future__ import annotations

from pathlib import Path

import pytest

from onefile import settings
from pipelines import finished, receiving
from pipelines.asking import NotAskable, chosen
from pipelines.workshop import Workshop
from tests.declared import lay

REGISTER, PERMITS = "market.public_register", "market.food_permits"
HEADER = "企业名称,统一社会信用代码,注册日期,企业类型,注册资金,经营范围,所在省份,地区,注册地址\n"


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A home that took in three registers, of January, February and March."""
    from inbox import making

    found = Workshop(
        settings.read({"ONEFILE_HOME": str(tmp_path / "home"), "ONEFILE_NOW": "2026-11-01T08:00:00+08:00"})
    )
    file = lay(tmp_path, {"rows.csv": HEADER}) / "rows.csv"
    for month in ("01", "02", "03"):
        making.make(found.home, found.resource(REGISTER), [file], period=f"2026-{month}", id=f"r-{month}")
    receiving.receive(found)
    return found


@pytest.mark.parametrize(
    ("conf", "taken"),
    [
        ({}, ["r-01", "r-02", "r-03"]),
        ({"delivery": None, "from": None, "to": None}, ["r-01", "r-02", "r-03"]),
        ({"delivery": "r-02"}, ["r-01", "r-02"]),
        ({"from": "2026-02-01"}, ["r-01", "r-02", "r-03"]),
        ({"to": "2026-02-28"}, ["r-01", "r-02"]),
        ({"from": "2026-02-28", "to": "2026-02-28"}, ["r-01", "r-02"]),
        ({"delivery": "r-02", "from": "2026-03-01"}, []),
        ({"openlineage": {"parentRunId": "x"}}, ["r-01", "r-02", "r-03"]),
    ],
)
def test_deliveries_are_chosen_by_id_and_by_the_end_of_their_period_and_none_overtakes_another(
    shop: Workshop, conf: dict[str, str], taken: list[str]
) -> None:
    assert chosen(shop, REGISTER, finished.pending(shop, REGISTER), conf) == taken


@pytest.mark.parametrize(
    ("resource", "conf", "told"),
    [
        (REGISTER, {"delivery": "r-04"}, "no delivery 'r-04' was taken in"),
        (REGISTER, {"delivery": "../../etc"}, "no delivery was taken in"),
        (PERMITS, {"delivery": "r-01"}, "is of market.public_register and not of market.food_permits"),
        (REGISTER, {"delivry": "r-01"}, "the key 'delivry'; wanted delivery, from, to"),
        (REGISTER, {"from": "2026-03-01", "to": "2026-02-28"}, "wanted days in their order"),
    ],
)
def test_what_is_not_there_is_told_and_not_passed_over(
    shop: Workshop, resource: str, conf: dict[str, str], told: str
) -> None:
    with pytest.raises(NotAskable, match=told):
        chosen(shop, resource, finished.pending(shop, resource), conf)
