"""Tables of shares for tests, laid down as a run leaves them: a share of one grant, and versions of its rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

import catalog
from catalog import requests, shares
from catalog.entries import entries
from catalog.requests import Wanted
from pipelines.workshop import Workshop
from schemas.serving import projections
from schemas.serving.connection import writing
from schemas.serving.projections import FOLDER, Projection
from tests.counter import ENTRIES, Shop
from tests.declared import lay

Row = tuple[Any, ...]


class Table:
    """The table of a grant. `put` makes versions of it as merges do."""

    def __init__(self, shop: Shop, grant: str, resource: str, schema: pa.Schema, generation: int = 1) -> None:
        self.shop, self.grant, self.resource, self.generation = shop, grant, resource, generation
        self.schema = pa.schema([pa.field("_record", pa.string()), *schema])
        self.folder: Path = shop.home / FOLDER / grant / f"g{generation}"

    def begin(self, *rows: Row) -> Table:
        """Lay the table down with its first rows, and note it as projected."""
        feed = {"delta.enableChangeDataFeed": "true"}
        write_deltalake(self.folder, self._table(rows), configuration=feed)
        fields = tuple(self.schema.names[1:])
        made = Projection(self.grant, self.generation, self.resource, fields, "", "d", "t", 5, -1, 0, "", "2026-11-30")
        with writing(self.shop.url) as connection:
            projections.keep(connection, made)
        return self

    def put(self, rows: Sequence[Row], gone: Sequence[str] = ()) -> None:
        """Put rows in place, and take keys out: a version each."""
        if rows:
            merge = DeltaTable(str(self.folder)).merge(self._table(rows), "t._record = s._record", "s", "t")
            merge.when_matched_update_all().when_not_matched_insert_all().execute()
        for key in gone:
            DeltaTable(str(self.folder)).delete(f"_record = '{key}'")

    def _table(self, rows: Sequence[Row]) -> pa.Table:
        columns = list(zip(*rows, strict=True)) or [()] * len(self.schema)
        return pa.Table.from_arrays([pa.array(c, f.type) for c, f in zip(columns, self.schema, strict=True)],
                                    schema=self.schema)  # fmt: skip


TEXTS = pa.schema([pa.field("name", pa.string()), pa.field("address", pa.string())])


def shared(shop: Shop, *, share_id: str = "tax_people", consumer: str = "tax") -> Table:
    """Make a share of the names and addresses of the population for a department; its table is to be begun."""
    grant = shop.grant("police.population", ("name", "address"), consumer, mode="batch")
    with writing(shop.url) as connection:
        shares.create(connection, share_id, [grant], ENTRIES, "tests", shop.at, shop.at.date())
        shares.put_token(connection, share_id, f"token-of-{share_id}", shop.at + timedelta(30), shop.at)
    return Table(shop, grant, "police.population", TEXTS)


def workshop(shop: Shop) -> Workshop:
    """Return a workshop over a test's home, at its instant."""
    return Workshop(shop.settings)


THING_TABLE = """\
name: thing
label: 物品
grain: one row per thing
source: made up
key: [thing_no]
subject: {enterprise: holder_code}
observed: seen_on
columns:
  thing_no: {type: string, required: true, label: 编号, sensitivity: open, about: Number}
  holder_code: {type: credit_code, label: 信用代码, sensitivity: open, about: Holder}
  seen_on: {type: date, label: 日期, sensitivity: open, about: Day}
  seen_at: {type: instant, label: 时间, sensitivity: open, about: Instant}
  is_whole: {type: boolean, label: 完整, sensitivity: open, about: Whole}
  weight_g: {type: long, label: 重量, sensitivity: open, about: Weight, unit: gram}
  share: {type: decimal, precision: 20, scale: 8, label: 比例, sensitivity: open, about: Share}
"""
THING_RESOURCE = """\
name: things
department: market
title: 物品
title_en: Things
about: Things of the city
table: thing
share: {class: unconditional, basis: made up}
update_cycle: monthly
catalogue:
  {code: "101001/000009", class: "101001", modes: [query, batch], open: {class: closed}, state: published,
   published_on: 2026-10-01}
format: csv
columns:
  thing_no: {from: 编号}
  seen_on: {from: 日期, clean: [date: [yyyy/M/d]]}
  seen_at: {from: 时间}
  is_whole: {from: 完整}
  weight_g: {from: 重量}
  share: {from: 比例}
"""
FIELDS = ("thing_no", "seen_on", "seen_at", "is_whole", "weight_g", "share")
KINDS = pa.schema([
    pa.field("thing_no", pa.string()), pa.field("seen_on", pa.date32()),
    pa.field("seen_at", pa.timestamp("us", tz="UTC")), pa.field("is_whole", pa.bool_()),
    pa.field("weight_g", pa.int64()), pa.field("share", pa.decimal128(20, 8)),
])  # fmt: skip
"""A column of every kind that tables have."""


def things(home: Path, declarations: Path, **environ: str) -> Table:
    """Return the table of a grant of the tax office with columns of every kind, held by the share `tax_things`."""
    lay(declarations, {"tables/thing.yml": THING_TABLE, "resources/market/things.yml": THING_RESOURCE})
    shop = Shop(home, ONEFILE_DECLARATIONS=str(declarations), **environ)
    known = catalog.load((declarations,))
    every = entries(known)
    wanted = Wanted(FIELDS, "", (), "b", "s", "o", "batch", "2026-11-01", "2026-12-31", 10)
    with writing(shop.url) as connection:
        case = requests.apply(connection, wanted, every["market.things"], shop.actor("consumer", "tax"))
        office = shop.actor("office", "tax")
        case = requests.act(connection, case.id, "approve", office, "", every["market.things"], known.sharing)
        grant = case.id.replace("R", "G")
        shares.create(connection, "tax_things", [grant], every, "tests", shop.at, shop.at.date())
    return Table(shop, grant, "market.things", KINDS)
