"""Declarations for tests: written into a folder, read strictly, and what is told about them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import catalog
from schemas.errors import DeclarationsRefused

# One of each kind, sound: tests change one thing in it.
SHOP_TABLE = """\
name: shop
label: 店铺
grain: one row per shop
source: register of shops
key: [shop_no]
subject: {enterprise: holder_code}
observed: opened_on
columns:
  shop_no: {type: string, required: true, label: 店铺编号, about: Number, pattern: "^[A-Z]{2}[0-9]{4}$"}
  holder_code: {type: credit_code, label: 信用代码, about: Holder}
  opened_on: {type: date, label: 开业日期, about: First day}
  closed_on: {type: date, label: 停业日期, about: Last day, not_before: opened_on}
  area_m2: {type: decimal, precision: 8, scale: 2, min: 0, label: 面积, about: Area, unit: square metre}
  kind: {type: code, codes: shop_kind, label: 类别, about: Kind}
"""
SHOP_KIND = """\
name: shop_kind
label: 店铺类别
about: Kinds of shops
source: made up
version: "1"
licence: none
codes:
  "1": {name: 书店, name_en: bookshop}
  "2": {name: 茶馆, name_en: tea house, synonyms: [茶楼]}
"""
SHOP_RESOURCE = """\
name: shops
department: market
title: 店铺信息
title_en: Shops
about: Shops of the city
table: shop
share: {class: unconditional, basis: made up}
update_cycle: monthly
format: csv
columns:
  shop_no: {from: 编号, clean: [width, trim, upper]}
  holder_code: {from: 信用代码}
  opened_on: {from: 开业, clean: [date: [yyyy/M/d]]}
  kind: {from: 类别, lookup: {书局: "1"}}
ignore: [备注]
"""
SHOP_FILE = """\
kind: enterprise
attributes:
  shop_no:
    label: 店铺编号
    about: Number of the shop
    lead: market
    sources: [{table: shop, column: shop_no, rank: 1}]
"""
SHOP = {
    "tables/shop.yml": SHOP_TABLE,
    "codes/shop_kind.yml": SHOP_KIND,
    "resources/market/shops.yml": SHOP_RESOURCE,
    "files/shops.yml": SHOP_FILE,
}


def lay(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write declarations into a folder and return it."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


def told(folder: Path, files: Mapping[str, str | bytes]) -> list[str]:
    """Return what is told of the declarations, one `path:line: found …; wanted …` each, paths within the folder."""
    try:
        catalog.load((lay(folder, files),))
    except DeclarationsRefused as error:
        return [str(problem).removeprefix(f"{folder}/") for problem in error.problems]
    return []


def changed(name: str, old: str, new: str) -> dict[str, str | bytes]:
    """Return the shop with one text of one file replaced."""
    if old not in SHOP[name]:
        raise ValueError(f"{old!r} is not in {name}")
    return {**SHOP, name: SHOP[name].replace(old, new, 1)}
