"""Records of another catalogue become entries by a mapping; every fault is told with its place."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from catalog.entries import Entry, InformationItem
from catalog.foreign_files import ForeignFile
from catalog.mapping import Field, ForeignMapping, Nested
from catalog.mapping_words import fold
from catalog.paths import Record, found, listed, texts
from catalog.picking import Fault, Picker, chains
from catalog.steps import run

MAX_ITEMS = 2_000


@dataclass(frozen=True)
class Import:
    """What came of a file: received = entries + refused + skipped records.

    `held` are the ids of records that were refused, and are there none the less.
    """

    received: int
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]
    skipped: int = 0
    held: frozenset[str] = frozenset()

    @property
    def refused(self) -> int:
        """Return how many records were not taken for a fault."""
        return len({fault.record for fault in self.faults if fault.is_refused})


def convert(file: ForeignFile, mapping: ForeignMapping) -> Import:
    """Turn records into entries, in their order, numbered from 1.

    Not taken, and told: what is no record, a record without its id or a required field, a record whose id came before.
    Taken and told: a code given twice, a class within itself, conditional sharing without its condition, no sharing
    without its basis, and whatever else cannot be read.
    """
    picker = Picker(mapping, file.root)
    classes = _classes(picker, file)
    entries: dict[str, tuple[int, Entry]] = {}
    codes: dict[str, int] = {}
    skipped = 0
    held: set[str] = set()
    for number, record in enumerate(file.records, 1):
        if is_skipped(record, mapping):
            skipped += 1
            continue
        own = record_id(record, number, picker)
        entry = _entry(record, number, picker, classes, own) if own is not None else None
        if entry is None:
            held |= set() if own is None else {_entry_id(mapping, own)}
            continue
        if entry.id in entries:
            picker.tell(number, "id", f"the id of record {entries[entry.id][0]} again", "each record once", True)
            continue
        if entry.code and codes.setdefault(entry.code, number) != number:
            picker.tell(number, "code", f"the code of record {codes[entry.code]} again", "a code of its own")
        entries[entry.id] = (number, entry)
    taken = tuple(entry for _, entry in entries.values())
    return Import(len(file.records), taken, tuple(picker.faults), skipped, frozenset(held - set(entries)))


def _entry_id(mapping: ForeignMapping, own: str) -> str:
    return f"{mapping.name}:{own}"


def is_skipped(record: Record, mapping: ForeignMapping) -> bool:
    """Say whether the mapping leaves a record out."""
    return any(
        fold(text) in words
        for said, words in mapping.skips
        for text in run([text for path in said.paths for text in texts(record, path)], said.steps)
    )


def record_id(record: Record, number: int, picker: Picker) -> str | None:
    """Return the hash of the values that make a record's id; None, and told, where it has none."""
    if record.fault or not isinstance(record.value, dict):
        picker.tell(number, "", record.fault or "what is no record", "an object with fields", True)
        return None
    ways = picker.mapping.ids
    for at, paths in enumerate(ways):
        values = ["|".join(texts(record, path)) for path in paths]
        if all(values) if len(ways) > 1 else any(values):
            marked = values if at == 0 else [f"#{at}", *values]
            return hashlib.sha256("\x1f".join(marked).encode("utf-8", "replace")).hexdigest()[:16]
    wanted = ", or ".join(" or ".join(path.text for path in paths) for paths in ways)
    picker.tell(number, "id", "nothing", f"a value at {wanted}", True)
    return None


def _entry(
    record: Record, number: int, picker: Picker, classes: dict[str, tuple[str, ...]], own: str
) -> Entry | None:  # fmt: skip
    mapping, before = picker.mapping, len(picker.faults)
    said = {
        target: picker.texts(record, number, target, each)
        for target, each in mapping.fields.items()
        if isinstance(each, Field) and not target.endswith("_on")
    }
    days = {target: _day(picker, record, number, target) for target in ("published_on", "updated_on")}
    if any(fault.is_refused for fault in picker.faults[before:]):
        return None

    def one(target: str) -> str:
        return "; ".join(said.get(target, []))

    _check_terms(picker, number, one)
    return Entry(
        id=_entry_id(mapping, own), kind="foreign", code=one("code"), title=one("title"), title_en=one("title_en"),
        about=one("about"), provider="", provider_name=one("provider_name"),
        provider_name_en=one("provider_name_en"), provider_code=one("provider_code"), level=one("level"),
        classes=_path(picker, number, said, classes), share_class=one("share_class"), share_basis=one("share_basis"),
        share_condition=one("share_condition") or None, modes=tuple(said.get("modes", [])), openness=one("openness"),
        open_condition=one("open_condition") or None, update_cycle=one("update_cycle"),
        format=",".join(dict.fromkeys(said.get("format", []))), published_on=days["published_on"],
        updated_on=days["updated_on"], service_items=tuple(said.get("service_items", [])), state="published",
        subjects=(), grade="open", items=_items(picker, record, number, said),
    )  # fmt: skip


def _day(picker: Picker, record: Record, number: int, target: str) -> date | None:
    said = picker.mapping.plain(target)
    return picker.day(record, number, target, said) if said is not None else None


def _check_terms(picker: Picker, number: int, one: Callable[[str], str]) -> None:
    if one("share_class") == "conditional" and not one("share_condition"):
        picker.tell(number, "share_condition", "class 2, conditional, without its condition", "the condition")
    if one("share_class") == "not_shared" and not one("share_basis"):
        picker.tell(number, "share_basis", "class 3, not shared, without its basis", "the legal basis")


def _items(picker: Picker, record: Record, number: int, said: dict[str, list[str]]) -> tuple[InformationItem, ...]:
    nested = picker.mapping.fields.get("items")
    if not isinstance(nested, Nested):
        return tuple(InformationItem(label, label, "", "", None, False, "open") for label in said.get("items", []))
    rows = [row for row in found(record, nested.each) if isinstance(row, dict)]
    if len(rows) > MAX_ITEMS:
        picker.tell(number, "items", f"{len(rows)} information items", f"at most {MAX_ITEMS}")
    return tuple(
        item for row in rows[:MAX_ITEMS]
        if (item := _item(picker, Record(row, (*record.parents, record.value)), number, nested)) is not None
    )  # fmt: skip


def _item(picker: Picker, row: Record, number: int, nested: Nested) -> InformationItem | None:
    got = {name: "; ".join(picker.texts(row, number, f"items.{name}", each)) for name, each in nested.fields.items()}
    if not got.get("label"):
        return None
    length = re.search(r"\d{1,9}", got.get("length", ""))
    is_required = fold(got.get("required", "")) in ("true", "1", "y", "yes", "是", "必填", "不可空", "否（不可空）")
    return InformationItem(
        got.get("name") or got["label"], got["label"], got.get("about", ""), got.get("type", ""),
        int(length[0]) if length else None, is_required, "open",
    )  # fmt: skip


def _classes(picker: Picker, file: ForeignFile) -> dict[str, tuple[str, ...]]:
    tree = picker.mapping.classes
    if tree is None:
        return {}
    rows = listed(file.root, tree.records)
    if rows is None:
        picker.tell(0, "classes", "no list of classes", f"records at {tree.records.text}")
        return {}
    triples = [tuple((texts(row, path) or [""])[0] for path in (tree.code, tree.name, tree.parent)) for row in rows]
    paths, circles = chains((code, name, parent) for code, name, parent in triples if code)
    for code in circles:
        picker.tell(0, "classes", f"the class {code!r} within itself", "classes that end at one of the top")
    return dict(paths)


def _path(
    picker: Picker, number: int, said: dict[str, list[str]], classes: dict[str, tuple[str, ...]]
) -> tuple[str, ...]:
    for code in said.get("class_code", [])[:1]:
        if picker.mapping.classes is None:
            return (code,)
        if code in classes:
            return classes[code]
        picker.tell(number, "class_code", "a class that is not there, or within itself", "a class of the file's own")
    return tuple(said.get("subject_area", []))
