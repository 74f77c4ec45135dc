"""A plan in words: what is declared otherwise, rows, files, attributes, examples, receipts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onefile.cli.tables import aligned, shown

if TYPE_CHECKING:
    from pipelines.changing import Planned
    from pipelines.declared import Change
    from pipelines.remaking import Example, Remade
    from pipelines.rereading import Reread

MOST = 10
"""So many deliveries are named; of more there is the number."""
WORDS = {
    "zh": {
        "declared": "声明的变化", "unknown": "原声明不详，全部重新比对",
        "new": "新增", "gone": "删除", "changed": "改变",
        "rows": "重新读取的行", "files": "档案", "attributes": "数据项", "examples": "示例（已脱敏）",
        "otherwise": "{count} 份回执所述与现在不同，回执不变：{which}",
        "held": "不再生效的批次：{which}", "released": "现在生效的批次：{which}", "same": "没有任何行或档案改变",
        "row": "批次 {delivery} 第 {row} 行", "nothing": "（无）",
    },
    "en": {
        "declared": "declared otherwise", "unknown": "nobody knows by what it was made: all is compared", "new": "new",
        "gone": "gone", "changed": "changed", "rows": "rows that are read again", "files": "one files",
        "attributes": "attributes", "examples": "examples, masked",
        "otherwise": "{count} receipts say something else than the tables then; they stay as they were given: {which}",
        "held": "deliveries that no longer count: {which}", "released": "deliveries that count now: {which}",
        "same": "no row and no file comes out otherwise", "row": "row {row} of {delivery}", "nothing": "(nothing)",
    },
}  # fmt: skip
HEADINGS = {
    "zh": {
        "rows": ("资源", "批次", "接受", "问题", "重复", "新接受的行", "不再接受的行", "值改变的行"),
        "files": ("类别", "档案数", "改变", "新增", "删除"),
        "attributes": ("类别", "数据项", "新出现", "值改变", "消失", "仅来源改变"),
    },
    "en": {
        "rows": ("resource", "deliveries", "accepted", "quarantined", "duplicates", "now accepted", "no longer",
                 "other values"),
        "files": ("kind", "files", "change", "new", "go"),
        "attributes": ("kind", "attribute", "appears", "changes", "goes", "other source only"),
    },
}  # fmt: skip


def lines(planned: Planned, lang: str) -> Iterator[str]:
    """Yield a plan as lines for a terminal."""
    words = WORDS[lang]
    yield words["declared"]
    for name, changes in planned.declared.items():
        if changes != ():
            told = [words["unknown"]] if changes is None else [_change(change, words) for change in changes]
            yield from (f"  {name}", *(f"    {line}" for line in told))
    yield from _table("rows", [_rows(each) for each in planned.resources], lang)
    yield from _table("files", [_files(each) for each in planned.files], lang)
    figures = [
        (each.kind, f.name, *map(str, (f.appears, f.changes, f.goes, f.comes_from_elsewhere)))
        for each in planned.files
        for f in each.attributes
    ]
    yield from _table("attributes", figures, lang)
    examples = [_example(each, example, words) for each in planned.files for example in each.examples]
    if examples:
        yield from ("", words["examples"], *(f"  {line}" for line in examples))
    yield from _deliveries(planned, words)


def _deliveries(planned: Planned, words: dict[str, str]) -> Iterator[str]:
    """Yield which deliveries' receipts, or standing, are concerned; or that nothing is."""
    for what in ("otherwise", "held", "released"):
        found = [delivery for each in planned.resources for delivery in getattr(each, what)]
        if found:
            yield ""
            yield words[what].format(count=len(found), which=_named(found))
    is_any = any(each.change or each.new or each.go for each in planned.files)
    if not is_any and not any(each.stated or each.unstated or each.restated for each in planned.resources):
        yield ""
        yield words["same"]


def _named(deliveries: Sequence[str]) -> str:
    more = f" … +{len(deliveries) - MOST}" if len(deliveries) > MOST else ""
    return ", ".join(deliveries[:MOST]) + more


def _table(name: str, rows: Sequence[tuple[str, ...]], lang: str) -> Iterator[str]:
    if rows:
        yield from ("", WORDS[lang][name], aligned([HEADINGS[lang][name], *rows]))


def _rows(each: Reread) -> tuple[str, ...]:
    before, after = each.before, each.after
    counts = [
        _became(before.accepted, after.accepted),
        _became(before.quarantined, after.quarantined),
        _became(before.duplicates, after.duplicates),
    ]
    return (each.resource, str(each.deliveries), *counts, str(each.stated), str(each.unstated), str(each.restated))


def _became(before: int, after: int) -> str:
    return str(before) if before == after else f"{before} → {after}"


def _files(each: Remade) -> tuple[str, ...]:
    return (each.kind, *map(str, (each.files, each.change, each.new, each.go)))


def _example(each: Remade, example: Example, words: dict[str, str]) -> str:
    before, after = (words["nothing"] if value is None else value for value in (example.before, example.after))
    where = words["row"].format(delivery=example.delivery, row=example.row)
    return shown(f"{each.kind} {example.attribute}: {before} → {after} ({where})")


def _change(change: Change, words: dict[str, str]) -> str:
    if change.before is None or change.after is None:
        is_new = change.before is None
        value = change.after if is_new else change.before
        said = f" ({value})" if _is_plain(value) else ""
        return shown(f"{change.place}: {words['new' if is_new else 'gone']}{said}")
    if _is_plain(change.before) and _is_plain(change.after):
        return shown(f"{change.place}: {change.before} → {change.after}")
    return shown(f"{change.place}: {words['changed']}")


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | bool)
