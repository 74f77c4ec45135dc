"""The catalogue as lists that others read: data.json (DCAT-US 1.1), and the columns of the national guide as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence

from catalog.dcat import address
from catalog.entries import Entry

PERIODS = {
    "real_time": "R/PT1S", "daily": "R/P1D", "weekly": "R/P1W", "monthly": "R/P1M", "quarterly": "R/P3M",
    "half_yearly": "R/P6M", "yearly": "R/P1Y", "irregular": "irregular",
}  # fmt: skip
MEDIA_TYPES = {
    "csv": "text/csv", "jsonl": "application/x-ndjson", "json": "application/json", "xml": "application/xml",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}  # fmt: skip
GUIDE = (
    "信息资源分类", "信息资源名称", "信息资源代码", "信息资源提供方", "信息资源提供方代码", "信息资源摘要",
    "信息资源格式", "信息项名称", "数据类型", "数据长度", "共享类型", "共享条件", "共享方式", "是否向社会开放",
    "开放条件", "更新周期", "发布日期", "关联事项代码",
)  # fmt: skip
"""Columns follow the structure of the compilation guide of 2017 as deployed catalogues use it. A row is one item."""
SHARE_CODES = {"unconditional": "1", "conditional": "2", "not_shared": "3"}
CYCLES = {
    "real_time": "实时", "daily": "每日", "weekly": "每周", "monthly": "每月", "quarterly": "每季度",
    "half_yearly": "每半年", "yearly": "每年", "irregular": "不定期",
}  # fmt: skip
TYPES = {"long": "整数型N", "decimal": "数值型N", "date": "日期型D", "instant": "日期时间型T", "boolean": "布尔型B"}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def data_json(
    entries: Iterable[Entry], base: str, downloads: Mapping[str, Sequence[tuple[str, str]]] | None = None
) -> bytes:  # fmt: skip
    """Return entries that may leave as data.json, UTF-8.

    Args:
        downloads: by entry what is published of it, as (address, media type).

    DCAT-US asks for an e-mail of a contact; ours never leave, so `contactPoint` has a name only. `modified` is the
    update cycle where no day is known, as the schema allows.
    """
    found = {
        "@type": "dcat:Catalog",
        "conformsTo": "https://project-open-data.cio.gov/v1.1/schema",
        "dataset": [_dataset(entry, base, (downloads or {}).get(entry.id, ())) for entry in entries],
    }
    return (json.dumps(found, ensure_ascii=False, indent=2) + "\n").encode()


def guide_csv(entries: Iterable[Entry]) -> bytes:
    """Return entries with the national guide's codes as CSV, UTF-8 with a mark, so that a spreadsheet reads it.

    A text that a spreadsheet would take for a formula has an apostrophe before it.
    """
    text = io.StringIO()
    written = csv.writer(text, lineterminator="\r\n")
    written.writerow(GUIDE)
    for entry in entries:
        for item in entry.items or (None,):
            mine = (item.label, TYPES.get(item.type, "字符型C"), str(item.length or "")) if item else ("", "", "")
            written.writerow([_safe(cell) for cell in _row(entry, mine)])
    return text.getvalue().encode("utf-8-sig")


def _row(entry: Entry, item: tuple[str, str, str]) -> tuple[str, ...]:
    return (
        "/".join(entry.classes), entry.title, entry.code, entry.provider_name, entry.provider_code, entry.about,
        entry.format, *item, SHARE_CODES[entry.share_class], entry.share_condition or "", ",".join(entry.modes),
        "0" if entry.openness == "closed" else "1", entry.open_condition or "", CYCLES[entry.update_cycle],
        "" if entry.published_on is None else entry.published_on.isoformat(), ",".join(entry.service_items),
    )  # fmt: skip


def _safe(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _dataset(entry: Entry, base: str, files: Sequence[tuple[str, str]]) -> dict[str, object]:
    day = entry.updated_on or entry.published_on
    return {
        "@type": "dcat:Dataset",
        "title": entry.title,
        "description": entry.about,
        "keyword": [item.label for item in entry.items] or [entry.title],
        "modified": PERIODS[entry.update_cycle] if day is None else day.isoformat(),
        "accrualPeriodicity": PERIODS[entry.update_cycle],
        "publisher": {"@type": "org:Organization", "name": entry.provider_name},
        "contactPoint": {"@type": "vcard:Contact", "fn": entry.provider_name},
        "identifier": address(entry, base),
        "accessLevel": {"unconditional": "public", "conditional": "restricted public"}[entry.openness],
        "rights": entry.open_condition or "",
        "theme": list(entry.classes[-1:]),
        "distribution": [_download(*file) for file in files] or [{
            "@type": "dcat:Distribution",
            "accessURL": address(entry, base),
            "mediaType": MEDIA_TYPES.get(entry.format, "application/octet-stream"),
        }],
    }  # fmt: skip


def _download(url: str, media_type: str) -> dict[str, object]:
    return {"@type": "dcat:Distribution", "downloadURL": url, "mediaType": media_type}
