"""A portal's service items by a mapping: each becomes an item of a body, or of none and says why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

from catalog.days import working_days
from catalog.foreign_files import ForeignFile
from catalog.importing import is_skipped, record_id
from catalog.item_checks import Described, Stated
from catalog.mapping import Field, ForeignMapping, Nested
from catalog.paths import Record, found
from catalog.picking import Fault, Picker
from schemas.item_import import ImportedItem, Linked, settle

LISTS = ("basis", "channels", "process", "conditions", "materials", "fields", "results", "intermediaries")
DAYS = ("legal_days", "promised_days")


@dataclass(frozen=True)
class ItemsImport:
    """What came of a file: received = items + refused + skipped records. `ids` are the items' own, in their order."""

    received: int
    items: tuple[ImportedItem, ...]
    ids: tuple[str, ...]
    faults: tuple[Fault, ...]
    skipped: int

    @property
    def refused(self) -> int:
        """Return how many records were not taken for a fault."""
        return len({fault.record for fault in self.faults if fault.is_refused})


def convert_items(file: ForeignFile, mapping: ForeignMapping) -> ItemsImport:
    """Turn records into items, in their order, numbered from 1; nothing is left out without being counted."""
    picker = Picker(mapping, file.root)
    taken: dict[str, ImportedItem] = {}
    numbers: dict[str, int] = {}
    skipped = 0
    for number, record in enumerate(file.records, 1):
        if is_skipped(record, mapping):
            skipped += 1
            continue
        own = record_id(record, number, picker)
        item = _item(record, number, picker) if own is not None else None
        if own is None or item is None:
            continue
        if own in taken:
            picker.tell(number, "id", f"the id of record {numbers[own]} again", "each record once", True)
            continue
        taken[own], numbers[own] = item, number
    items = list(taken.values())
    bodies = settle([Linked(item.department, item.department_code, item.code) for item in items])
    settled = tuple(
        replace(item, body=body, flags=(*flags, *item.flags)) for item, (body, flags) in zip(items, bodies, strict=True)
    )
    return ItemsImport(len(file.records), settled, tuple(taken), tuple(picker.faults), skipped)


def _item(record: Record, number: int, picker: Picker) -> ImportedItem | None:
    before = len(picker.faults)
    said: dict[str, list[str]] = {}
    for target, each in picker.mapping.fields.items():
        if isinstance(each, Nested):
            said[target] = _nested(record, number, target, each, picker)
        elif isinstance(each, Field):
            said[target] = picker.texts(record, number, target, each)
    if any(fault.is_refused for fault in picker.faults[before:]):
        return None

    def one(target: str) -> str:
        return "; ".join(said.get(target, []))

    days, flags = _days(said, number, picker)
    visits = re.search(r"\d{1,3}", one("visits"))
    if one("visits") and visits is None:
        flags = (*flags, "visits_unread")
    lists: Mapping[str, tuple[str, ...]] = {name: tuple(said.get(name, [])) for name in LISTS}
    return ImportedItem(
        code=one("code"), name=one("name"), main_item=one("main_item"), department=one("department"),
        department_code=one("department_code"), body=None,
        flags=(*flags, *_missing(one("name"), one("code"))), base_code=one("base_code"), about=one("about"),
        level=one("level"), area=one("area"), kind=one("kind"), legal_days=days["legal_days"],
        promised_days=days["promised_days"], visits=int(visits[0]) if visits else None, **lists,
    )  # fmt: skip


def _missing(name: str, code: str) -> tuple[str, ...]:
    return tuple(flag for flag, text in (("name_missing", name), ("item_code_missing", code)) if not text)


def _nested(record: Record, number: int, target: str, nested: Nested, picker: Picker) -> list[str]:
    labels: list[str] = []
    for row in found(record, nested.each):
        inner = Record(row, (*record.parents, record.value))
        if isinstance(row, dict):
            labels += picker.texts(inner, number, f"{target}.label", nested.fields["label"])
    return list(dict.fromkeys(labels))


def _days(said: dict[str, list[str]], number: int, picker: Picker) -> tuple[dict[str, int | None], tuple[str, ...]]:
    """Return the working days, and a flag for each text that says none: days of another kind are not made into them."""
    days: dict[str, int | None] = {}
    flags: list[str] = []
    for target in DAYS:
        text = "; ".join(said.get(target, []))
        days[target] = working_days(text) if text else None
        if text and days[target] is None:
            picker.tell(number, target, "what is no number of working days", "like 20, 20个工作日, 即办")
            flags.append(f"{target}_unread")
    return days, tuple(flags)


def as_described(source: str, item: ImportedItem) -> Described:
    """Return an imported item as the checks look at it."""
    return Described(
        f"{source}:{item.code or item.name}", item.base_code or item.code, item.name, item.body or item.department,
        f"{item.level} {item.area}".strip(), item.basis, item.legal_days, item.promised_days, item.process,
        item.conditions, tuple(Stated(label, (), False) for label in item.materials),
        tuple(Stated(label, (), False) for label in item.fields),
    )  # fmt: skip
