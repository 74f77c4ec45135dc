"""How fast the catalogue is searched: `python -m bench.catalog [--resources N] [--items N]`, with made-up entries.

The figures of Shenzhen's catalogue (2,099 resources, 51,688 information items) are the default. Searches run in one
warm process on an index built beforehand; each query is asked many times.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from catalog.entries import Entry, InformationItem
from catalog.search import Index, build

WHOM = (
    "人口",
    "企业",
    "个体工商户",
    "学生",
    "车辆",
    "船舶",
    "房屋",
    "土地",
    "医院",
    "药店",
    "学校",
    "社会组织",
    "食品",
    "工程",
)
WHAT = (
    "登记",
    "许可",
    "备案",
    "处罚",
    "检查",
    "统计",
    "年报",
    "变更",
    "注销",
    "资格",
    "合同",
    "保险",
    "补贴",
    "信用",
    "地址",
)
FORM = ("信息", "名录", "明细", "台账", "目录", "结果", "证书", "公示", "档案", "清单")
LABELS = (
    "编号",
    "名称",
    "代码",
    "日期",
    "状态",
    "类型",
    "金额",
    "地址",
    "机关",
    "负责人",
    "有效期",
    "来源",
    "说明",
    "等级",
)
OFFICES = (
    "公安",
    "民政",
    "教育",
    "住建",
    "交通",
    "卫健",
    "税务",
    "市场监管",
    "人社",
    "自然资源",
    "应急",
    "农业",
    "文旅",
    "水务",
)
QUERIES = (
    "企业登记信息", "hydj", "renkou", "食品许可", "車輛登記", "房屋 地址", "信息", "qydjxx", "shipin xuke", "000123",
    "register", "学校名录 教育", "人口", "没有这样的词语",
)  # fmt: skip
ROUNDS = 100


def main() -> None:
    """Build, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--resources", type=int, default=2_099)
    parser.add_argument("--items", type=int, default=51_688)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    try:
        began = time.perf_counter()
        build(folder / "search.db", entries(options.resources, options.items), "bench")
        built = time.perf_counter() - began
        size = (folder / "search.db").stat().st_size
        print(f"{options.resources:,} resources, {options.items:,} items: built in {built:.1f} s, {size:,} bytes")
        ask(folder / "search.db")
    finally:
        shutil.rmtree(folder)


def ask(path: Path) -> None:
    """Ask each query again and again, and tell the median and the 95th percentile in milliseconds."""
    slowest = 0.0
    with Index(path) as index:
        for query in QUERIES:
            index.search(query)  # warm
            took = []
            for _ in range(ROUNDS):
                began = time.perf_counter()
                found = index.search(query)
                took.append((time.perf_counter() - began) * 1000)
            late = statistics.quantiles(took, n=20)[-1]
            slowest = max(slowest, late)
            print(f"  {query}: {found.total} found, median {statistics.median(took):.1f} ms, 95 % within {late:.1f} ms")
    print(f"slowest query, 95 % within: {slowest:.1f} ms (wanted: under 50)")


def entries(resources: int, items: int) -> Iterator[Entry]:
    """Yield made-up entries with as many information items in all as asked for, alike in every run."""
    names = itertools.cycle(f"{a}{b}{c}" for c in FORM for b in WHAT for a in WHOM)
    for number in range(resources):
        count = items // resources + (number < items % resources)
        office = OFFICES[number % len(OFFICES)]
        yield _entry(number, next(names), office, tuple(_item(number, at) for at in range(count)))


def _item(number: int, at: int) -> InformationItem:
    label = f"{WHOM[(number + at) % len(WHOM)]}{WHAT[(number * 7 + at) % len(WHAT)]}{LABELS[at % len(LABELS)]}"
    return InformationItem(f"item_{at}", label, f"Made-up item {at}", "string", 100, at == 0, "ordinary")


def _entry(number: int, title: str, office: str, items: tuple[InformationItem, ...]) -> Entry:
    return Entry(
        id=f"office_{number % len(OFFICES)}.resource_{number}", kind="dataset", code=f"301001/{number:06d}",
        title=f"{title}{number // 2_100 or ''}", title_en=f"Made-up register {number}", about=f"市{office}局的{title}",
        provider=f"office_{number % len(OFFICES)}", provider_name=f"市{office}局", provider_name_en="Made-up office",
        provider_code="", level="city", classes=("3", "301"), share_class=("unconditional", "conditional")[number % 2],
        share_basis="made up", share_condition=None, modes=("query",), openness="closed", open_condition=None,
        update_cycle=("daily", "weekly", "monthly")[number % 3], format="csv", published_on=None, updated_on=None,
        service_items=(), state="published", subjects=("person",), grade="ordinary", items=items,
    )  # fmt: skip


if __name__ == "__main__":
    main()
