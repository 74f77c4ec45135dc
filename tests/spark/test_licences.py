"""From silver to the vault: each statement once, in its order, and keys never beyond this process."""

from __future__ import annotations

import pytest

import catalog
from licence_vault import provenance, store
from licence_vault.auditing import audit
from licence_vault.status_lists import current
from onefile.verify.status import open_status
from pipelines import licence_statistics, licences, names, vaulted
from pipelines.vaulted import Told
from tests.house import House, narrowed

PERMITS = "market.food_permits"
HOLDER = "116901000005202685"
HEADER = "许可证编号 | 社会信用代码 | 经营者名称 | 主体业态 | 发证日期 | 有效期至 | 证书状态"
FIRST, SECOND, THIRD = "JY10000000000001", "JY10000000000002", "JY10000000000003"


def permit(number: str, state: str = "有效", until: str = "31/12/2029", name: str = "样例餐饮店") -> str:
    return f"{number} | {HOLDER} | {name} | 1 | 01/01/2025 | {until} | {state}"


def delivered(house: House, day: str, delivery: str, *rows: str) -> None:
    house.on(day)
    house.deliver(PERMITS, day, "\n".join([HEADER, *rows]), delivery)
    house.settle()


@pytest.fixture(scope="module")
def house(spark, tmp_path_factory):
    """A house in which permits were delivered twice and issued; the third is an impossible return."""
    columns = [column.name for column in catalog.load().declarations.tables["food_permit"].columns]
    house = House(tmp_path_factory.mktemp("licences"), narrowed({"food_permit": columns}))
    delivered(house, "2026-11-01", "d-1", permit(FIRST), permit(SECOND), permit(THIRD, until="05/11/2026"))
    licences.issue(house.shop)
    delivered(house, "2026-11-02", "d-2", permit(FIRST, "暂扣"), permit(SECOND, "注销"))
    delivered(house, "2026-11-03", "d-3", permit(FIRST), permit(SECOND))
    return house


def told(house: House) -> list[tuple[str, str, str]]:
    """What the table has of each version: what happened, the state, since when; in the log's order."""
    with vaulted.opened(house.shop).tables() as connection:
        _, size = store.counts(connection)
        return [(v.event, v.state, v.since_on) for v in store.versions(connection, 0, size)]


def test_every_statement_becomes_a_version_once_and_in_its_order(house):
    assert licences.issue(house.shop, 2) == Told(issued=3, unchanged=0, refused=1)
    by_first = [
        ("new", "valid", "2026-11-01"),
        ("suspended", "suspended", "2026-11-02"),
        ("resumed", "valid", "2026-11-03"),
    ]
    assert [version for version in told(house) if version in by_first[1:]] == by_first[1:]
    assert sorted(event for event, _, _ in told(house)) == ["cancelled", "new", "new", "new", "resumed", "suspended"]
    assert licences.issue(house.shop) == Told()
    assert audit(vaulted.opened(house.shop)).leaves == 6


def test_what_cannot_have_happened_waits_in_the_vaults_quarantine_with_its_row(house):
    licences.issue(house.shop)
    with vaulted.opened(house.shop).tables() as connection:
        (waiting,) = provenance.waiting(connection, [PERMITS])
    assert (waiting.delivery, waiting.row_no, waiting.column, waiting.reason) == ("d-3", 2, "state", "transition")


def test_looking_at_everything_again_issues_nothing(house, monkeypatch):
    licences.issue(house.shop)
    before = told(house)
    monkeypatch.setattr(licences, "_declared", lambda _shop: "declared otherwise")
    again = licences.issue(house.shop)
    assert (again.issued, again.refused) == (0, 1)
    assert told(house) == before


def test_what_ended_lapses_by_itself_and_the_lake_tells_how_each_licence_stands(house):
    licences.issue(house.shop)
    house.on("2026-11-05")
    assert not vaulted.is_due(house.shop)
    house.on("2026-11-06")
    assert vaulted.lapse(house.shop) == Told(issued=1)
    assert told(house)[-1] == ("lapsed", "lapsed", "2026-11-06")
    assert vaulted.lapse(house.shop) == Told()
    vault = vaulted.opened(house.shop)
    assert licence_statistics.refresh(house.shop.lake, vault, house.catalogue.declarations) == 7
    rows = house.rows(names.LICENCE)
    assert sorted((row["version"], row["state"]) for row in rows) == [(2, "cancelled"), (2, "lapsed"), (3, "valid")]
    assert {row["department"] for row in rows} == {"market"}
    version = house.versions()[names.LICENCE]
    assert licence_statistics.refresh(house.shop.lake, vault, house.catalogue.declarations) == 7
    assert house.versions()[names.LICENCE] == version
    vaulted.publish(house.shop)
    listed = open_status(current(house.home, 0) or "", vault.trust, vault.origin, 0)
    assert listed.status(6) == "lapsed"


def test_keys_stay_out_of_spark_logs_and_lake(house):
    licences.issue(house.shop)
    store_ = house.shop.keys
    secrets = [store_.secret("licence-lookup"), store_.secret("licence-master-1")]
    secrets += [key.private.private_bytes_raw() for key in store_.keys]
    wanted = [form for secret in secrets for form in (secret, secret.hex().encode())]
    searched = 0
    for path in house.home.rglob("*"):
        if path.is_file() and "keys" not in path.relative_to(house.home).parts:
            searched += 1
            content = path.read_bytes()
            assert not any(form in content for form in wanted), path.name
    assert searched > 20
    conf = str(house.shop.spark.sparkContext.getConf().getAll())
    assert not any(secret.hex() in conf for secret in secrets)
