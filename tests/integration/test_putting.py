"""Shared tables are put into recipients' own databases: by changes, once, on from where a kill left it, and checked."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, make_url, text

from ledger.record import Ledger
from pipelines.bulk import putting, reconciling, tables
from pipelines.bulk.errors import NoTarget, TargetAltered, TargetFailed, TargetMoved, TargetUnusable
from pipelines.bulk.putting import Put
from pipelines.bulk.targets import DRIVERS
from schemas.serving.connection import writing
from tests.handed import Table, things, workshop

AT = datetime(2026, 11, 30, 1, 2, 3, 456789, tzinfo=UTC)
ONE = ("k1", '𠮷野家\'s "甲"\\n', date(2026, 1, 31), AT, True, 2**62, Decimal("0.12345678"))
TWO = ("k2", "乙", None, None, None, None, None)
THREE = ("k3", "", date(1949, 10, 1), AT.replace(microsecond=0), False, -1, Decimal("-123456789012.00000001"))


class Taker:
    """A recipient's database, and the share that is put into it."""

    def __init__(self, table: Table, url: str) -> None:
        self.table, self.url = table, url
        self.name = "market_things"

    def put(self, **more: Any) -> list[Put]:
        return putting.put(workshop(self.table.shop), "tax_things", **more)

    def reconciled(self) -> list[tuple[str, int, int]]:
        found = reconciling.reconcile(workshop(self.table.shop), "tax_things")
        return [(each.state, each.rows, each.found_rows) for each in found]

    def rows(self) -> dict[str, str | None]:
        with self.engine().connect() as connection:
            found = connection.execute(text(f"SELECT _record, thing_no FROM {self.name} ORDER BY _record"))
            return {str(key): value for key, value in found}

    def run(self, statement: str) -> None:
        with self.engine().begin() as connection:
            connection.execute(text(statement))

    def engine(self) -> Engine:
        url = make_url(self.url)
        return create_engine(url.set(drivername=DRIVERS[url.get_backend_name()]))


@pytest.fixture(params=["sqlite", "postgresql", "mariadb"])
def taker(request: pytest.FixtureRequest, tmp_path: Path) -> Taker:
    fixtures = {"postgresql": "postgres_url", "mariadb": "mariadb_url"}
    url = f"sqlite:///{tmp_path}/own.db"
    if request.param in fixtures:
        url = request.getfixturevalue(fixtures[request.param])
    table = things(tmp_path / "var", tmp_path / "declared", ONEFILE_TARGET_TAX=url).begin(ONE, TWO)
    with writing(table.shop.url) as connection:
        putting.set_target(connection, "tax_things", "TAX", "", "tests", table.shop.at)
    return Taker(table, url)


def test_all_rows_are_put_then_what_changed_and_what_went_is_removed(taker: Taker) -> None:
    assert taker.put() == [Put("market_things", "full", 0, 2, 0)]
    assert taker.rows() == {"k1": ONE[1], "k2": "乙"}
    assert taker.reconciled() == [("same", 2, 2)]  # every value of every kind came through as it was
    assert taker.put() == [Put("market_things", "", 0, 0, 0)]
    taker.table.put([THREE, ("k2", "丙", *TWO[2:])], gone=["k1"])
    assert taker.reconciled() == [("behind", 2, 2)]
    assert taker.put() == [Put("market_things", "changes", 2, 2, 1)]
    assert taker.rows() == {"k2": "丙", "k3": ""}
    assert taker.reconciled() == [("same", 2, 2)]
    assert taker.put(is_full=True) == [Put("market_things", "full", 2, 2, 0)]
    shop = workshop(taker.table.shop)
    looks = [each for each in Ledger(shop.home / "ledger", shop.keys).entries() if each.kind == "shares.put"]
    assert [(each.department, each.grant, each.subject) for each in looks] == [("tax", taker.table.grant, None)] * 3


def test_a_load_that_was_killed_goes_on_where_it_was(taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "AT_ONCE", 2)
    rows = [(f"k{number}", f"物{number}", *TWO[2:]) for number in range(3, 8)]
    taker.table.put(rows)
    whole, parts = putting._Job._upsert, list[list[str]]()

    def upsert(job: Any, connection: Any, some: Any, load_no: int) -> None:
        if len(parts) == 2:
            raise KeyboardInterrupt
        parts.append([each.record for each in some])
        whole(job, connection, some, load_no)

    monkeypatch.setattr(putting._Job, "_upsert", upsert)
    with pytest.raises(KeyboardInterrupt):
        taker.put()
    assert set(taker.rows()) == {key for part in parts for key in part}
    done = [key for part in parts for key in part]
    parts.clear()
    monkeypatch.setattr(putting._Job, "_upsert", lambda job, connection, some, load_no: (
        parts.append([each.record for each in some]), whole(job, connection, some, load_no)))  # fmt: skip
    assert taker.put() == [Put("market_things", "full", 1, 7, 0)]
    assert not {key for part in parts for key in part} & set(done)
    assert taker.reconciled() == [("same", 7, 7)]


def test_changes_that_were_killed_half_way_leave_the_table_as_it_was(
    taker: Taker, monkeypatch: pytest.MonkeyPatch
) -> None:
    taker.put()
    taker.table.put([THREE], gone=["k1"])
    with monkeypatch.context() as killed:
        killed.setattr(putting._Job, "_remove", _killed)
        with pytest.raises(KeyboardInterrupt):
            taker.put()
    assert taker.reconciled() == [("behind", 2, 2)]
    assert taker.put() == [Put("market_things", "changes", 2, 1, 1)]


def _killed(*_: object) -> int:
    raise KeyboardInterrupt


def test_rows_that_somebody_altered_are_found_and_put_right(taker: Taker) -> None:
    taker.put()
    taker.run("UPDATE market_things SET thing_no = '改' WHERE _record = 'k2'")
    assert taker.reconciled() == [("differs", 2, 2)]
    assert "other rows" in reconciling.reconcile_all(workshop(taker.table.shop))[1][0]
    taker.run("DELETE FROM market_things WHERE _record = 'k1'")
    taker.run("INSERT INTO market_things (_record, thing_no) VALUES ('theirs', 'x')")
    assert taker.reconciled() == [("differs", 2, 2)]
    taker.put(is_full=True)
    assert taker.reconciled() == [("same", 2, 2)]
    taker.run("DROP TABLE market_things")
    assert taker.put() == [Put("market_things", "full", 0, 2, 0)]
    with taker.engine().connect() as connection:
        (row,) = connection.execute(text("SELECT row_count, found_count, counted_on FROM onefile_count"))
    assert tuple(row) == (2, None, "2026-11-30")


def test_a_table_that_was_altered_takes_nothing_and_is_told_what_to_do(taker: Taker) -> None:
    taker.put()
    taker.table.put([THREE])
    wanted = {"sqlite": "BIGINT", "postgresql": "BIGINT", "mysql": "BIGINT"}[taker.engine().dialect.name]
    taker.run("ALTER TABLE market_things DROP COLUMN weight_g")
    told = f"has no column weight_g: ALTER TABLE market_things ADD COLUMN weight_g {wanted}"
    with pytest.raises(TargetAltered, match=told):
        taker.put()
    taker.run("ALTER TABLE market_things ADD COLUMN weight_g VARCHAR(5)")
    with pytest.raises(TargetAltered, match=f"column weight_g has another type: make it {wanted}"):
        taker.put()
    assert set(taker.rows()) == {"k1", "k2"}
    taker.run("ALTER TABLE market_things DROP COLUMN weight_g")
    taker.run(f"ALTER TABLE market_things ADD COLUMN weight_g {wanted}")
    taker.run("ALTER TABLE market_things ADD COLUMN remark VARCHAR(20)")  # their own: it is let alone
    assert taker.put(is_full=True) == [Put("market_things", "full", 1, 3, 0)]
    assert taker.reconciled() == [("same", 3, 3)]


def test_a_column_that_is_granted_no_more_has_to_go_first(taker: Taker) -> None:
    from catalog import grants
    from catalog.grants import Limits
    from tests.counter import CATALOGUE
    from tests.handed import KINDS

    taker.put()
    shop = taker.table.shop
    with writing(shop.url) as connection:
        limits = Limits(("thing_no",))
        actor = shop.actor("authority", CATALOGUE.sharing.authority)
        grants.act(connection, taker.table.grant, "narrow", actor, "less", CATALOGUE.sharing, limits=limits)
    narrow = KINDS.field("thing_no")
    import pyarrow as pa

    Table(shop, taker.table.grant, "market.things", pa.schema([narrow]), generation=2).begin(("k1", "甲"))
    with pytest.raises(TargetAltered, match="DROP COLUMN seen_on"):
        taker.put()
    for name in KINDS.names[1:]:
        taker.run(f"ALTER TABLE market_things DROP COLUMN {name}")
    assert taker.put() == [Put("market_things", "full", 0, 1, 1)]
    assert taker.rows() == {"k1": "甲"}


def test_two_that_put_at_once_do_not_overtake_each_other(taker: Taker, monkeypatch: pytest.MonkeyPatch) -> None:
    taker.put()
    taker.table.put([THREE])
    hold = putting._Job._hold

    def late(job: Any, connection: Any, note: Any) -> None:
        connection.execute(text("UPDATE onefile_share SET load_no = load_no + 1"))
        hold(job, connection, note)

    monkeypatch.setattr(putting._Job, "_hold", late)
    with pytest.raises(TargetMoved, match="run it again"):
        taker.put()


def test_an_address_stands_in_the_environment_alone(tmp_path: Path) -> None:
    secret = "s3cret-word"
    url = f"postgresql://taker:{secret}@127.0.0.1:1/own"
    table = things(tmp_path / "var", tmp_path / "declared", ONEFILE_TARGET_TAX=url, ONEFILE_TARGET_BAD="no address")
    table.begin(ONE)
    shop = table.shop

    def refused(name: str) -> str:
        with writing(shop.url) as connection:
            putting.set_target(connection, "tax_things", name, "", "tests", shop.at)
        with pytest.raises((TargetUnusable, TargetFailed, NoTarget)) as caught:
            putting.put(workshop(shop), "tax_things")
        return str(caught.value)

    told = [refused(name) for name in ("TAX", "BAD", "NONE", "")]
    for each, wanted in zip(told, ("OperationalError", "no address", "is not set", "no database"), strict=True):
        assert wanted in each
    assert putting.put_all(workshop(shop)) == reconciling.reconcile_all(workshop(shop)) == (0, [])
    everything = b"".join(path.read_bytes() for path in shop.home.rglob("*") if path.is_file())
    assert secret not in "".join(told) + repr(shop.settings)
    assert secret.encode() not in everything


def test_each_day_has_its_count_that_follows_from_what_changed(tmp_path: Path) -> None:
    from pipelines.bulk import counts
    from schemas.serving.connection import looking

    table = things(tmp_path / "var", tmp_path / "declared").begin(ONE, TWO)
    shop = table.shop
    assert reconciling.count_all(workshop(shop)) == 1
    table.put([THREE, ("k1", "改", *TWO[2:])], gone=["k2"])
    object.__setattr__(shop.settings, "fixed_now", shop.at + timedelta(1))
    assert reconciling.count_all(workshop(shop)) == 1
    with looking(shop.url) as connection:
        found = counts.counts(connection, table.grant)
    assert [(each.counted_on, each.version, each.rows) for each in found] == [
        ("2026-11-30", 0, 2),
        ("2026-12-01", 2, 2),
    ]
    with writing(shop.url) as connection:
        connection.execute(text("DELETE FROM share_count"))
    reconciling.count_all(workshop(shop))
    with looking(shop.url) as connection:
        assert counts.counts(connection, table.grant)[-1].digest == found[-1].digest  # as if all were read
