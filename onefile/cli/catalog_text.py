"""How `onefile catalog` says things to people, in Chinese and English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from onefile.cli.tables import aligned, shown

if TYPE_CHECKING:
    from catalog.diffs import Change
    from catalog.entries import Entry
    from catalog.lineage import Origin
    from catalog.statistics import Statistics

HEADINGS = {
    "zh": ("目录标识", "名称", "提供部门", "共享类型", "更新周期", "状态", "数据项"),
    "en": ("id", "title", "provider", "shared", "update cycle", "state", "items"),
}
ITEM_HEADINGS = {
    "zh": ("数据项", "名称", "类型", "长度", "必填", "分级", "来源列"),
    "en": ("item", "label", "type", "length", "required", "grade", "from the column"),
}
VALUES_ZH = {
    "unconditional": "无条件", "conditional": "有条件", "not_shared": "不予共享", "closed": "不开放",
    "real_time": "实时", "daily": "每日", "weekly": "每周", "monthly": "每月", "quarterly": "每季度",
    "half_yearly": "每半年", "yearly": "每年", "irregular": "不定期", "draft": "草稿", "in_review": "审核中",
    "published": "已发布", "in_withdrawal": "撤销中", "withdrawn": "已撤销", "open": "公开", "ordinary": "一般",
    "personal": "个人信息", "sensitive": "敏感个人信息", "dataset": "数据集", "licence": "证照", "material": "共享材料",
    "foreign": "外来目录", "person": "个人", "enterprise": "企业", "query": "查询", "check": "核验", "batch": "批量",
    "file": "文件", "city": "市级", "county": "县级", "province": "省级", "national": "国家级", "street": "街道",
    "community": "社区",
}  # fmt: skip
FIELDS_ZH = {
    "id": "目录标识", "kind": "种类", "code": "资源代码", "title": "资源名称", "title_en": "英文名称",
    "about": "资源摘要", "provider": "提供部门", "provider_name": "提供部门名称",
    "provider_name_en": "提供部门英文名称", "provider_code": "提供部门代码", "level": "层级", "classes": "类目",
    "share_class": "共享类型", "share_basis": "共享依据", "share_condition": "共享条件", "modes": "共享方式",
    "openness": "开放类型", "open_condition": "开放条件", "update_cycle": "更新周期", "format": "格式",
    "published_on": "发布日期", "updated_on": "更新日期", "service_items": "关联事项", "state": "状态",
    "subjects": "主体", "grade": "分级", "items": "数据项", "total": "合计", "department": "部门",
    "share": "共享类型", "family": "类", "cycle": "更新周期", "class": "类目", "subject": "主体",
}  # fmt: skip


def value(found: object, lang: str) -> str:
    """Say a value: the words of closed lists in the language, lists with commas, nothing as a dash."""
    if isinstance(found, (list, tuple)):
        return ", ".join(value(each, lang) for each in found) or "-"
    if found is None or found == "":
        return "-"
    text = str(found)
    return VALUES_ZH.get(text, text) if lang == "zh" else text.replace("_", " ") if text in VALUES_ZH else text


def field(name: str, lang: str) -> str:
    """Say the name of a field."""
    return FIELDS_ZH.get(name, name) if lang == "zh" else name.replace("_", " ")


def listed(entries: list[Entry], lang: str) -> str:
    """Return entries as a table."""
    rows = [
        (entry.id, title(entry, lang), provider(entry, lang), value(entry.share_class, lang),
         value(entry.update_cycle, lang), value(entry.state, lang), str(len(entry.items)))
        for entry in entries
    ]  # fmt: skip
    return aligned([HEADINGS[lang], *rows])


def title(entry: Entry, lang: str) -> str:
    """Return an entry's title in the language, or the one that it has."""
    return entry.title if lang == "zh" else entry.title_en or entry.title


def provider(entry: Entry, lang: str) -> str:
    """Return its provider's name in the language, or the one that it has."""
    return entry.provider_name if lang == "zh" else entry.provider_name_en or entry.provider_name


def whole(entry: Entry, lang: str, origins: Mapping[str, tuple[Origin, ...]]) -> str:
    """Return an entry with all that is known of it; `origins` by information item."""
    found = entry.as_json()
    found.pop("items")
    lines = [f"{field(name, lang)}: {shown(value(each, lang))}" for name, each in found.items()]
    rows = [
        (item.name, item.label, item.type, value(item.length, lang), {True: "*", False: ""}[item.is_required],
         value(item.grade, lang), _came_from(entry, origins.get(item.name, ())))
        for item in entry.items
    ]  # fmt: skip
    return "\n".join([*lines, "", aligned([ITEM_HEADINGS[lang], *rows])] if rows else lines)


def _came_from(entry: Entry, origins: tuple[Origin, ...]) -> str:
    """Say the columns that an item is read from; of a resource's own the resource is not said again."""
    return ", ".join(
        (f"{origin.resource}: " if origin.resource != entry.id else "") + (origin.header or "=") for origin in origins
    )


def changed(changes: tuple[Change, ...], lang: str) -> str:
    """Return differences, one a line: `+` came, `-` went, `~` changed; of an item that came or went only the item."""
    new = {c.what for c in changes if c.old is None and c.what.count(".") == 1}
    gone = {c.what for c in changes if c.new is None and c.what.count(".") == 1}
    lines = []
    for change in changes:
        parent = change.what.rpartition(".")[0]
        if parent in new | gone:
            continue
        name = shown(".".join(field(part, lang) for part in change.what.split(".")))
        old, now = shown(value(change.old, lang)), shown(value(change.new, lang))
        if change.what in new:
            lines.append(f"+ {name}: {now}")
        elif change.what in gone:
            lines.append(f"- {name}: {old}")
        else:
            lines.append(f"~ {name}: {old} → {now}")
    return "\n".join(lines)


def figures(found: Statistics, lang: str) -> str:
    """Return the statistics as tables."""
    heading = {"zh": ("", "资源", "数据项"), "en": ("", "resources", "items")}[lang]
    total = (field("total", lang), str(found.total.resources), str(found.total.items))
    parts = [aligned([heading, total])]
    for name, counts in found.by.items():
        rows = [(value(key, lang), str(count.resources), str(count.items)) for key, count in counts.items()]
        parts.append(aligned([(field(name, lang), *heading[1:]), *rows]))
    told = {"zh": f"一数一源：{found.attributes} 项属性，{len(found.leadless)} 项没有数源部门",
            "en": f"one source: {found.attributes} attributes, {len(found.leadless)} without a lead"}  # fmt: skip
    parts.append("\n".join([told[lang], *(f"  {name}" for name in found.leadless)]))
    parts.append(_demanded(found, lang))
    return "\n\n".join(parts)


def _demanded(found: Statistics, lang: str) -> str:
    """Say how much of what service items demand is supplied, and the ten most demanded things that are not."""
    each = found.demanded
    shares = [f"{share:.1%}" if share is not None else "-" for share in (each.supplied_share, each.service_items_share)]
    told = {
        "zh": f"事项所需的材料和表项 {each.demands} 项，共享可提供 {each.supplied} 项（{shares[0]}）；"
        f"事项 {each.service_items} 个，全部可提供 {each.service_items_supplied} 个（{shares[1]}）",
        "en": f"items demand {each.demands} materials and fields, sharing supplies {each.supplied} ({shares[0]}); "
        f"of {each.service_items} items all is supplied for {each.service_items_supplied} ({shares[1]})",
    }
    return "\n".join([told[lang], *(f"  {times}  {shown(name)}" for name, times in found.unmet[:10])])


def facets(found: Mapping[str, Mapping[str, int]], lang: str) -> str:
    """Return facets, one a line, the values that most have first."""
    lines = []
    for name in ("department", "level", "class", "subject", "cycle", "share"):
        counts = [f"{value(key, lang)} {count}" for key, count in list(found[name].items())[:8] if key]
        if counts:
            lines.append(f"{field(name, lang)}: {', '.join(counts)}")
    return "\n".join(lines)
