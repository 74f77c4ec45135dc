"""Registered capital as registers write it: read to the cent, or refused with a reason."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest

from pipelines import cleaners
from schemas.cleaners import MONEY_UNITS
from schemas.model import Cleaner

REGISTER = Path(__file__).parents[4] / "shared" / "data" / "enterprise-register.csv"

AMOUNTS = """
5,000(万元人民币)            | 5000000000    | CNY
55万人民币                   | 55000000      | CNY
276.6000(万元人民币)         | 276600000     | CNY
9,999,999.9999(万元人民币)   | 9999999999900 | CNY
600(万美元)                  | 600000000     | USD
1(万港币)                    | 1000000       | HKD
500万                        | 500000000     | CNY
500万元                      | 500000000     | CNY
500 万 元（人民币）          | 500000000     | CNY
500万元整                    | 500000000     | CNY
５００万元                   | 500000000     | CNY
5，000.00万元                | 5000000000    | CNY
500万人民币元                | 500000000     | CNY
人民币500万元                | 500000000     | CNY
人民币：500万元整            | 500000000     | CNY
RMB500万                     | 500000000     | CNY
500万元RMB                   | 500000000     | CNY
CNY 5,000,000.00             | 500000000     | CNY
¥5,000,000                   | 500000000     | CNY
￥500元                      | 50000         | CNY
1.5亿                        | 15000000000   | CNY
1.5亿元人民币                | 15000000000   | CNY
3千万元                      | 3000000000    | CNY
5百万元                      | 500000000     | CNY
50000元                      | 5000000       | CNY
0.5元                        | 50            | CNY
5角                          | 50            | CNY
5分                          | 5             | CNY
1,234,567.89元               | 123456789     | CNY
508.3333333万元              | 508333333     | CNY
-100万元                     | -100000000    | CNY
0                            | 0             | CNY
0.0000                       | 0             | CNY
0万元                        | 0             | CNY
0(万美元)                    | 0             | USD
$1,000                       | 100000        | USD
US$1,000.50                  | 100050        | USD
USD 600万                    | 600000000     | USD
600万美金                    | 600000000     | USD
600万元美元                  | 600000000     | USD
1000万欧元                   | 1000000000    | EUR
€2.5                         | 250           | EUR
3000万日元                   | 3000000000    | JPY
3000万日圆                   | 3000000000    | JPY
10万英镑                     | 10000000      | GBP
10万澳元                     | 10000000      | AUD
10万澳大利亚元               | 10000000      | AUD
10万加元                     | 10000000      | CAD
10万加拿大元                 | 10000000      | CAD
10万新加坡元                 | 10000000      | SGD
100万韩元                    | 100000000     | KRW
瑞士法郎100万                | 100000000     | CHF
100万瑞士法郎                | 100000000     | CHF
100万新台币                  | 100000000     | TWD
100万台币                    | 100000000     | TWD
HK$100万                     | 100000000     | HKD
港币100万元                  | 100000000     | HKD
100万港元                    | 100000000     | HKD
100万澳门元                  | 100000000     | MOP
100万德国马克                | 100000000     | DEM
壹佰万元整                   | 100000000     | CNY
人民币壹佰万元整             | 100000000     | CNY
伍拾万元人民币               | 50000000      | CNY
伍拾（万元）                 | 50000000      | CNY
5\u200b00万元                     | 500000000     | CNY
壹仟贰佰叁拾肆万伍仟陆佰柒拾捌元 | 1234567800 | CNY
一亿二千万元                 | 12000000000   | CNY
一百零五万元                 | 105000000     | CNY
一千零二元                   | 100200        | CNY
十万元                       | 10000000      | CNY
两百万美元                   | 200000000     | USD
五百万                       | 500000000     | CNY
8047人民币万元               | 8047000000    | CNY
6990(人民币万元)             | 6990000000    | CNY
人民币万元43                 | 43000000      | CNY
人民币（万元）14             | 14000000      | CNY
(万元)29                     | 29000000      | CNY
万美元100                    | 100000000     | USD
100美元万                    | 100000000     | USD
注册资本5655万元             | 5655000000    | CNY
注册资金：100万元人民币      | 100000000     | CNY
4亿7227万元                  | 47227000000   | CNY
4亿27万元                    | 40027000000   | CNY
1亿2345万6789元              | 12345678900   | CNY
9万3806元                    | 9380600       | CNY
廿万元                       | 20000000      | CNY
卅五万元                     | 35000000      | CNY
二〇〇万元                   | 200000000     | CNY
人民币一〇五〇万元整         | 1050000000    | CNY
弍佰万元                     | 200000000     | CNY
参佰万元整                   | 300000000     | CNY
0.01元                       | 1             | CNY
0.000001万元                 | 1             | CNY
"""

REFUSED = """
张某某                       | money_unreadable
N/A                          | money_unreadable
万元                         | money_unreadable
50,00元                      | money_unreadable
5.000,00元                   | money_unreadable
1E+07元                      | money_unreadable
1-5万元                      | money_unreadable
约500万元                    | money_unreadable
500万元其中货币300万元       | money_unreadable
三点五亿                     | money_unreadable
一千二元                     | money_unreadable
一二三元                     | money_unreadable
1000000000000000万亿元       | money_unreadable
2026-01-01                   | money_unreadable
500万万元                    | money_unreadable
>500万元                     | money_unreadable
＞500万元                    | money_unreadable
<$500                        | money_unreadable
≥500万元                     | money_unreadable
~500万元                     | money_unreadable
500万元以上                  | money_unreadable
(500)万元                    | money_unreadable
（$500）                     | money_unreadable
9万38元                      | money_unreadable
1万5                         | money_unreadable
二〇〇五十万元               | money_unreadable
三百5                        | money_unreadable
500元万                      | money_unreadable
500万元注册资本              | money_unreadable
0.001元                      | too_precise
0.0000001万元                | too_precise
500万(万元)                  | money_unreadable
5,000万(万元人民币)          | money_unreadable
1.5万万                      | money_unreadable
3十元                        | money_unreadable
五亿万元                     | money_unreadable
100/500万元                  | money_unreadable
500(600)万元                 | money_unreadable
100、200万元                 | money_unreadable
100;200万元                  | money_unreadable
100 200万元                  | money_unreadable
5, 000万元                   | money_unreadable
1。5万元                     | money_unreadable
1：5万元                     | money_unreadable
1、5万元                     | money_unreadable
一百/五十万元                | money_unreadable
一百五万                     | money_unreadable
一千五万元                   | money_unreadable
一亿五百万元                 | money_unreadable
500万法郎                    | currency_unknown
500万马克                    | currency_unknown
500万元/美元                 | money_unreadable
某市某区某路1号              | money_unreadable
500万比特币                  | currency_unknown
500 DOGE                     | currency_unknown
500                          | unit_missing
5,000.00                     | unit_missing
"""


def table(drawing: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")] for line in drawing.strip().splitlines()]


def read(texts: list[str], **argument: Any) -> list[tuple[str | None, str | None]]:
    return [tuple(cleaners.clean(text, [Cleaner("money", argument)])) for text in texts]


def test_amounts_are_read_to_the_cent() -> None:
    rows = table(AMOUNTS)
    found = read([text for text, _, _ in rows], give="amount_cents")
    assert dict(zip((r[0] for r in rows), found, strict=True)) == {text: (cents, None) for text, cents, _ in rows}


def test_currencies_are_told() -> None:
    rows = table(AMOUNTS)
    found = read([text for text, _, _ in rows], give="currency")
    assert dict(zip((r[0] for r in rows), found, strict=True)) == {text: (code, None) for text, _, code in rows}


@pytest.mark.parametrize("give", ["amount_cents", "currency"])
def test_what_is_no_certain_amount_is_refused_with_a_reason(give: str) -> None:
    rows = table(REFUSED)
    found = read([text for text, _ in rows], give=give)
    assert dict(zip((r[0] for r in rows), found, strict=True)) == {text: (None, reason) for text, reason in rows}


def test_a_declared_unit_holds_where_none_is_written() -> None:
    given = {
        "500": "500000000",
        "500人民币": "500000000",
        "500美元": "50000",
        "500元": "50000",
        "$5": "500",
        "5亿": "50000000000",
    }
    assert read(list(given), give="amount_cents", default_unit="万元") == [(c, None) for c in given.values()]
    assert read(["500人民币", "500"], give="amount_cents") == [("50000", None), (None, "unit_missing")]


def test_every_declared_unit_is_known() -> None:
    cents = {
        "分": 1,
        "角": 10,
        "元": 100,
        "千元": 10**5,
        "万元": 10**6,
        "百万元": 10**8,
        "千万元": 10**9,
        "亿元": 10**10,
    }
    assert set(cents) == set(MONEY_UNITS)
    for unit, each in cents.items():
        assert read(["7"], give="amount_cents", default_unit=unit) == [(str(7 * each), None)]


def test_a_declared_currency_holds_where_none_is_written() -> None:
    assert read(["5万", "5万美元"], give="currency", default_currency="HKD") == [("HKD", None), ("USD", None)]


def test_where_nothing_keeps_the_currency_an_amount_in_another_one_is_refused() -> None:
    found = read(["5万", "5万元人民币", "5万美元"], give="amount_cents", currencies="default")
    assert found == [("5000000", None), ("5000000", None), (None, "currency_other")]


@pytest.mark.skipif(not REGISTER.exists(), reason="the real enterprise register is not here")
def test_every_capital_of_the_real_register_is_read() -> None:
    with REGISTER.open(encoding="utf-8-sig", newline="") as file:
        texts = [row["注册资金"] for row in csv.DictReader(file) if row["注册资金"] != "N/A"]
    found = read(texts, give="amount_cents")
    assert [reason for _, reason in found if reason] == []
    assert len(found) == 506
    assert sum(int(cents) for cents, _ in found if cents) == 3_018_808_986_200
