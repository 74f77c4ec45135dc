"""Records of another catalogue become entries by a mapping; every fault is told with its place."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from catalog.entries import Entry, InformationItem
from catalog.mapping import CLOSED, Field, ForeignMapping

LONGEST = 10_000


@dataclass(frozen=True)
class Fault:
    """One problem of one record. `is_refused`: the record was not taken for it."""

    record: int
    field: str
    found: str
    wanted: str
    is_refused: bool = False


@dataclass(frozen=True)
class Import:
    """What came of a file: received = entries + refused records."""

    received: int
    entries: tuple[Entry, ...]
    faults: tuple[Fault, ...]

    @property
    def refused(self) -> int:
        """Return how many records were not taken."""
        return len({fault.record for fault in self.faults if fault.is_refused})


def convert(found: Iterable[Any], mapping: ForeignMapping) -> Import:
    """Turn records into entries, in their order, numbered from 1.

    Not taken, and told: what is no record, a record without its id or a required field, a record whose id came before.
    """
    entries: dict[str, tuple[int, Entry]] = {}
    faults: list[Fault] = []
    number = 0
    for number, record in enumerate(found, 1):
        entry = _entry(record, number, mapping, faults)
        if entry is not None and entry.id in entries:
            first = entries[entry.id][0]
            faults.append(Fault(number, "id", f"the id of record {first} again", "each record once", True))
        elif entry is not None:
            entries[entry.id] = (number, entry)
    return Import(number, tuple(entry for _, entry in entries.values()), tuple(faults))


def _entry(record: Any, number: int, mapping: ForeignMapping, faults: list[Fault]) -> Entry | None:
    if not isinstance(record, dict):
        faults.append(Fault(number, "", "what is no record", "an object with fields", True))
        return None
    ids = ["|".join(values(record, path)) for path in mapping.id_paths]
    if not any(ids):
        faults.append(Fault(number, "id", "nothing", f"a value at {' or '.join(mapping.id_paths)}", True))
        return None
    said = {target: _said(record, number, target, field, faults) for target, field in mapping.fields.items()}
    if any(field.is_required and not said[target] for target, field in mapping.fields.items()):
        return None

    def one(target: str) -> str:
        return "; ".join(said.get(target, []))

    own = hashlib.sha256("\x1f".join(ids).encode()).hexdigest()[:16]
    return Entry(
        id=f"{mapping.name}:{own}", kind="foreign", code=one("code"), title=one("title"), title_en=one("title_en"),
        about=one("about"), provider="", provider_name=one("provider_name"),
        provider_name_en=one("provider_name_en"), provider_code=one("provider_code"), level="",
        classes=tuple(said.get("subject_area", [])), share_class=one("share_class"), share_basis="",
        share_condition=None, modes=(), openness=one("openness"), open_condition=None,
        update_cycle=one("update_cycle"), format=",".join(dict.fromkeys(said.get("format", []))),
        published_on=_day(said, number, "published_on", faults), updated_on=_day(said, number, "updated_on", faults),
        service_items=(), state="published", subjects=(), grade="open",
        items=tuple(InformationItem(label, label, "", "", None, False, "open") for label in said.get("items", [])),
    )  # fmt: skip


def _said(record: dict[str, Any], number: int, target: str, field: Field, faults: list[Fault]) -> list[str]:
    """Return a field's texts, in our words; what has none is told."""
    if field.constant is not None:
        return [field.constant]
    texts = next((texts for path in field.paths if (texts := values(record, path))), [])
    parts = [part for text in texts for part in (text.split(field.split) if field.split else [text])]
    clean = list(dict.fromkeys(filter(None, (" ".join(part.strip().strip(field.strip).split()) for part in parts))))
    if not clean and field.is_required:
        faults.append(Fault(number, target, "nothing", f"a value at {' or '.join(field.paths)}", True))
    if any(len(part) > LONGEST for part in clean):
        faults.append(Fault(number, target, "a text that is too long", f"at most {LONGEST} characters"))
        clean = [part[:LONGEST] for part in clean]
    return _ours(clean, number, target, field, faults)


def _ours(clean: list[str], number: int, target: str, field: Field, faults: list[Fault]) -> list[str]:
    ours = []
    for part in clean:
        meant = field.values.get(part, part)
        if target in CLOSED and meant not in CLOSED[target]:
            faults.append(Fault(number, target, "a word that the mapping does not know", "an entry under its `values`"))
        else:
            ours.append(meant)
    return ours[:1] if target in CLOSED else ours


def _day(said: dict[str, list[str]], number: int, target: str, faults: list[Fault]) -> date | None:
    for text in said.get(target, [])[:1]:
        try:
            return date.fromisoformat(text[:10].replace("/", "-"))
        except ValueError:
            faults.append(Fault(number, target, "what is no day", "YYYY-MM-DD"))
    return None


def values(record: Any, path: str) -> list[str]:
    """Return the texts at a path; through lists into every element, numbers and truth values as text."""
    found = [record]
    for name in path.split("."):
        found = [each[name] for each in _spread(found) if isinstance(each, dict) and name in each]
    return [str(each).strip() for each in _spread(found) if isinstance(each, (str, int, float)) and str(each).strip()]


def _spread(found: list[Any]) -> list[Any]:
    while any(isinstance(each, list) for each in found):
        found = [inner for each in found for inner in (each if isinstance(each, list) else [each])]
    return found
