"""The built-in resources on rows as departments write them: what is read, and what a shifted row is caught by."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

import catalog
from catalog.model import Catalogue
from pipelines import bronze
from pipelines import typed as rows_typed
from pipelines.columnwise import constant
from schemas.model import Resource
from tests.declared import SHOP, lay
from tests.documents import ROOT, examples
from tests.drawn import cells

PERIOD, TODAY = date(2026, 10, 31), date(2026, 11, 23)


Rows = list[dict[str, Any]]


def typed(resource_id: str, drawing: str, laid: Catalogue | None = None) -> Rows:
    """Return a drawn delivery of a resource, typed; headers that are not drawn are empty."""
    found = laid or catalog.load()
    resource = found.resource(resource_id)
    header, rows = cells(drawing)
    called = bronze.columns(resource)
    count = len(rows)
    given = {called[name]: pa.array([row[place] for row in rows], pa.string()) for place, name in enumerate(header)}
    own = {
        "_delivery": constant("d", pa.string(), count),
        "_row_no": pa.array(range(1, count + 1), pa.int64()),
        "_row_hash": constant("00", pa.string(), count),
        "_recorded_at": constant(datetime(2026, 11, 23, tzinfo=UTC), pa.timestamp("us", "UTC"), count),
    }
    plan = rows_typed.plan(resource, found.declarations, PERIOD, TODAY)
    made: Rows = rows_typed.rows(pa.table(own | given), plan).to_pylist()
    return made


def problems(rows: Rows) -> list[list[tuple[str, str]]]:
    """Return each row's problems: header and reason."""
    return [[(p["column"], p["reason"]) for p in row["_problems"]] for row in rows]


# As registers of several provinces and years write it; the last column is what is meant.
REGISTER = """
企业类型                            | 注册资金                | class | cents          | currency
------------------------------------+-------------------------+-------+----------------+---------
N/A                                 | 5,000(万元人民币)       |       | 5000000000     | CNY
有限责任公司                        | 55万人民币              | 1100  | 55000000       | CNY
有限责任公司（自然人投资或控股）    | 600(万美元)             | 1130  | 600000000      | USD
有限责任公司( 自然人独资 )          | 26,462.3491(万元人民币) | 1151  | 26462349100    | CNY
股份有限公司(非上市,国有控股)       | ５００万元              | 1223  | 500000000      | CNY
有限责任公司(港澳台与境内合资)      | 120万港元               | 6110  | 120000000      | HKD
有限责任公司(外国法人独资)          | 30万欧元                | 5150  | 30000000       | EUR
个体工商户                          | 20000元                 | 9500  | 2000000        | CNY
全民所有制                          | 1.5亿元人民币           | 3100  | 15000000000    | CNY
农民专业合作经济组织                | 8000万日元              | 9100  | 8000000000     | JPY
集体分支机构(非法人)                | N/A                     | 4320  |                |
"""


def test_class_and_capital_of_the_public_register_are_read_in_every_spelling() -> None:
    _, rows = cells(REGISTER)
    head = "企业名称 | 统一社会信用代码 | 注册日期 | 所在省份 | 地区 | 注册地址 | 经营范围 | 企业类型 | 注册资金"
    same = "某某厂 | 91110000600037341L | 1993-01-04 | 江西 | 南昌 | 某某路1号 | 销售"
    drawing = "\n".join([head, *(f"{same} | {row[0] or ''} | {row[1] or ''}" for row in rows)])
    read = typed("market.public_register", drawing)
    assert [list(row["_problems"]) for row in read] == [[] for _ in rows]
    found = [(row["class"], row["capital_cents"], row["capital_currency"]) for row in read]
    assert found == [(c, int(cents) if cents else None, currency) for _, _, c, cents, currency in rows]


def test_a_shareholders_number_is_read_by_every_word_for_its_kind() -> None:
    person, enterprise = "690101199001010018", "91690101MA00000158"
    rows = typed(
        "market.shareholders",
        f"""
        统一社会信用代码   | 出资序号 | 股东名称 | 股东类型      | 证照编号     | 更新日期
        91110000600037341L | 1        | 赵某     | 外籍自然人    | {person}     | 2026-10-01
        91110000600037341L | 2        | 赵某     | 1             | {person}     | 2026-10-01
        91110000600037341L | 3        | 甲公司   | 有限合伙      | {enterprise} | 2026-10-01
        91110000600037341L | 4        | 乙公司   | 　公司        | {enterprise} | 2026-10-01
        91110000600037341L | 5        | 丙公司   | 外国投资者    | X-1          | 2026-10-01
        91110000600037341L | 6        | 丁公司   | 外星人        | {enterprise} | 2026-10-01
    """,
    )
    read = rows
    assert [(r["holder_number"], r["holder_code"]) for r in read] == [
        (person, None), (person, None), (None, enterprise), (None, enterprise), (None, None), (None, None),
    ]  # fmt: skip
    assert problems(rows) == [[], [], [], [], [], [("股东类型", "not_in_list")]]


def test_a_word_that_nobody_declared_neither_withdraws_nor_states() -> None:
    head = "公民身份号码 | 姓名 | 性别 | 民族 | 出生日期 | 户籍地址 | 更新日期 | 操作类型"
    words = ["删除", "　删除　", "Ｄ", "D\u200b", "变更", "", "作废"]
    same = "690101199001010018 | 赵某 | 女 | 汉族 | 1990-01-01 | 某路1号 | 2026-10-01"
    rows = typed("police.population", "\n".join([head, *(f"{same} | {word}" for word in words)]))
    read = rows
    assert [row["_withdrawn"] for row in read] == [True, True, True, True, False, False, False]
    assert [("操作类型", "not_in_list") in found for found in problems(rows)] == [*[False] * 6, True]


def test_where_a_deciding_word_has_no_code_list_it_has_to_be_declared(tmp_path: Path) -> None:
    resource = SHOP["resources/market/shops.yml"].replace("from: 信用代码", "when: {证件: 代码}, from: 信用代码")
    laid = lay(tmp_path, {**SHOP, "resources/market/shops.yml": f"{resource}otherwise: {{证件: [无]}}\n"})
    code = "91690101MA00000158"
    rows = typed("market.shops", f"""
        编号   | 信用代码 | 开业     | 类别 | 证件
        AB0001 | {code}   | 2020/1/1 | 书店 | 代码
        AB0002 | {code}   | 2020/1/1 | 书店 | 无
        AB0003 | {code}   | 2020/1/1 | 书店 |
        AB0004 | {code}   | 2020/1/1 | 书店 | 护照
    """, catalog.load((laid,)))  # fmt: skip
    assert [row["holder_code"] for row in rows] == [code, None, None, None]
    assert problems(rows) == [[], [], [], [("证件", "not_in_list")]]


def test_days_are_read_as_registers_spreadsheets_and_databases_write_them() -> None:
    written = ["1993-1-4", "1993/01/04", "1993年1月4日", "19930104", "1993.1.4", "1993-01-04 00:00:00",
               "1993-01-04 00:00:00.0", "1993/1/4 0:00", "1993-01-04T00:00:00"]  # fmt: skip
    drawing = "\n".join(
        ["注册日期 | 企业类型", *(f"{day} | 个体工商户" for day in (*written, "1000-01-01", "0999-01-01"))]
    )
    days = [row["established_on"] for row in typed("market.public_register", drawing)]
    assert days == [date(1993, 1, 4)] * len(written) + [date(1000, 1, 1), None]


SHIFTED = {
    "a name in the place of the capital": (
        "ABC Ltd | 91110000600037341L | 1993-01-04 | 有限责任公司 | JOHN | 600(万美元) | 生产玩具 | 江西 | 南昌",
        {("注册资金", "money_unreadable"), ("所在省份", "not_in_list")},
    ),
    "the rest of a name in the place of the code": (
        "ABC Co. | Ltd | 91110000600037341L | 1993-01-04 | 有限责任公司 | 600(万美元) | 生产玩具 | 江西 | 南昌",
        {("统一社会信用代码", "length"), ("注册日期", "not_a_date"), ("企业类型", "not_in_list"),
         ("注册资金", "money_unreadable"), ("所在省份", "not_in_list")},
    ),
    "a name in the place of the class": (
        "ABC Ltd | 91110000600037341L | 1993-01-04 | 某某某 | 600(万美元) | 生产玩具 | 江西 | 南昌 | 某某路1号",
        {("企业类型", "not_in_list")},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", list(SHIFTED))
def test_a_row_with_shifted_columns_is_caught(case: str) -> None:
    head = "企业名称 | 统一社会信用代码 | 注册日期 | 企业类型 | 注册资金 | 经营范围 | 所在省份 | 地区 | 注册地址"
    row, expected = SHIFTED[case]
    [found] = problems(typed("market.public_register", f"{head}\n{row}"))
    assert expected <= set(found)


def test_one_header_gives_a_person_s_number_or_an_enterprise_s_code_as_the_kind_says() -> None:
    drawing = """
        统一社会信用代码   | 出资序号 | 股东类型   | 股东名称 | 证照编号           | 认缴出资额 | 出资比例 | 更新日期
        -------------------+----------+------------+----------+--------------------+------------+----------+-----------
        91110000600037341L | 1        | 自然人股东 | 某某     | 11010519491231002x | 50         | 12.5%    | 2026-01-02
        91110000600037341L | 2        | 企业法人   | 某某厂   | 91350100M000100Y43 | 300万美元  | 50%      | 2026-01-02
        91110000600037341L | 3        | 外商       | ABC      | K-1234             | 1万元      | 37.5%    | 2026-01-02
        91110000600037341L | 4        | 自然人股东 | 某某     | 91350100M000100Y43 | 1万元      | 0%       | 2026-01-02
    """
    rows = typed("market.shareholders", drawing)
    columns = ("holder_number", "holder_code", "subscribed_cents", "currency", "share")
    read = [tuple(row[c] for c in columns) for row in rows]
    assert [(n, c, cents, money, float(share)) for n, c, cents, money, share in read] == [
        ("11010519491231002X", None, 50000000, "CNY", 0.125),
        (None, "91350100M000100Y43", 300000000, "USD", 0.5),
        (None, None, 1000000, "CNY", 0.375),
        (None, None, 1000000, "CNY", 0.0),
    ]
    assert [[header for header, _ in found] for found in problems(rows)] == [[], [], [], ["证照编号"]]


def test_the_how_to_s_own_resource_takes_the_rows_that_it_speaks_of(tmp_path: Path) -> None:
    code = "91110000600037341L"
    laid = catalog.load((lay(tmp_path, examples(ROOT / "docs" / "how-to" / "connect-a-department.md")),))
    rows = typed("water.meters", f"""
        户表号    | 用户统一社会信用代码 | 用户名称 | 用水性质 | 口径（毫米） | 装表日期 | 欠费      | 状态
        sb-000001 | {code}               | 甲厂     | 特行     | 50           | 2020/1/5 | 120.50元  | 正常
        SB-000002 | {code}               | 乙厂     | 工业     | 1００        | 2020/1/6 | 3         | 停用
        SB-000003 |                      |          |          |              |          |           | 拆除
        SB-000004 | {code}               | 丁厂     | 居民     | 20           | 2020/1/7 | 0         | 待查
    """, laid)  # fmt: skip
    assert problems(rows) == [[], [], [], [("状态", "not_in_list")]]
    read = [(row["use"], row["arrears_cents"], row["_withdrawn"]) for row in rows]
    assert read[:3] == [("3", 12050, False), ("2", 300, False), (None, None, True)]


def test_built_in_resources_of_every_shape_can_be_read() -> None:
    for resource in covering(catalog.load()):
        (row,) = typed(resource.id, " | ".join(resource.headers[:2]) + "\nx | y")
        assert row["_problems"], resource.id


def covering(found: Catalogue) -> list[Resource]:
    """Return few resources that have between them every type, cleaner and option that any of them has."""

    def shapes(resource: Resource) -> set[str]:
        table = found.declarations.tables[resource.table]
        types = {table.column(m.column).type for m in resource.columns}
        cleaners = {cleaner.name for m in resource.columns for cleaner in m.clean}
        options = {name for name in ("operation", "otherwise", "empty") if getattr(resource, name)}
        options |= {"when" for m in resource.columns if m.when} | {"lookup" for m in resource.columns if m.lookup}
        return types | cleaners | options

    every = {resource.id: shapes(resource) for resource in found.resources.values()}
    left, chosen = set().union(*every.values()), []
    while left:
        best = max(every, key=lambda name: len(every[name] & left))
        chosen.append(found.resource(best))
        left -= every[best]
    return chosen
