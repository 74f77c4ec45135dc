"""What a mapping's field gives for one record: texts in our words, and every fault with its place."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

from catalog.days import parse_day
from catalog.mapping import Field, ForeignMapping
from catalog.mapping_words import CLOSED, SEVERAL, fold
from catalog.paths import Record, listed, texts
from catalog.steps import MARKUP, run

LONGEST = 10_000
SHOWN = 40


@dataclass(frozen=True)
class Fault:
    """One problem of one record (0: of the file). `is_refused`: the record was not taken for it."""

    record: int
    field: str
    found: str
    wanted: str
    is_refused: bool = False


@dataclass
class Picker:
    """Reads fields of records by a mapping, and gathers the faults."""

    mapping: ForeignMapping
    root: object
    faults: list[Fault] = field(default_factory=list)
    _tables: dict[str, dict[str, str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, lookup in self.mapping.lookups.items():
            pairs: dict[str, str] = {}
            for record in listed(self.root, lookup.records) or []:
                keys, meant = texts(record, lookup.key), texts(record, lookup.value)
                if keys and meant:
                    pairs.setdefault(fold(keys[0]), meant[0])
            if not pairs:
                self.tell(0, name, "no code table", f"records at {lookup.records.text} with {lookup.key.text}")
            self._tables[name] = pairs

    def tell(self, number: int, target: str, found: str, wanted: str, is_refused: bool = False) -> None:
        """Note a fault."""
        self.faults.append(Fault(number, target, found, wanted, is_refused))

    def texts(self, record: Record, number: int, target: str, said: Field) -> list[str]:
        """Return a field's texts, in our words; what has none, or is required and not there, is told."""
        if said.constant is not None:
            return [said.constant]
        parts = run(self._taken(record, said), said.steps)
        clean = list(dict.fromkeys(filter(None, (self._clean(part, number, target) for part in parts))))
        ours = self._ours(clean, number, target, said)
        if not ours and said.otherwise is not None and not clean:
            ours = [said.otherwise]
        if not ours and said.is_required:
            self.tell(number, target, "nothing", f"a value at {said.said}", True)
        return ours

    def day(self, record: Record, number: int, target: str, said: Field) -> date | None:
        """Return a field's day; what is none is told."""
        for text in self.texts(record, number, target, said)[:1]:
            found = parse_day(text, said.dates)
            if found is None:
                self.tell(number, target, "what is no day", "YYYY-MM-DD, or its form under `dates`")
            return found
        return None

    def _taken(self, record: Record, said: Field) -> list[str]:
        each = [texts(record, path) for path in said.paths]
        if said.take == "first":
            return next((found for found in each if found), [])
        flat = [text for found in each for text in found]
        return flat if said.take == "all" or not flat else [said.joiner.join(flat)]

    def _clean(self, text: str, number: int, target: str) -> str:
        """Return a text that any database and page can hold: no control and no broken characters, not too long."""
        kept = "".join(c for c in text if c.isspace() or unicodedata.category(c) not in ("Cc", "Cs"))
        if len(kept) != len(text):
            self.tell(number, target, "characters that are none", "text; they were left out")
        kept = " ".join(kept.split())
        if len(kept) > LONGEST:
            self.tell(number, target, "a text that is too long", f"at most {LONGEST} characters")
            kept = kept[:LONGEST]
        if MARKUP.search(kept):
            self.tell(number, target, "markup in a text", "the step `html` under `clean`")
        return kept

    def _ours(self, clean: list[str], number: int, target: str, said: Field) -> list[str]:
        ours: list[str] = []
        for part in clean:
            meant = self._meant(part, said)
            if target in CLOSED and meant not in CLOSED[target]:
                word = part if len(part) <= SHOWN else f"{part[:SHOWN]}…"
                self.tell(
                    number, target, f"the word {word!r}, which the mapping does not know", "an entry under its `values`"
                )
            elif meant is None:
                self.tell(number, target, "a code that its table does not have", "a code of the table")
            else:
                ours.append(meant)
        ours = list(dict.fromkeys(ours))
        return ours[:1] if target in CLOSED and target not in SEVERAL else ours

    def _meant(self, part: str, said: Field) -> str | None:
        """Return what a word means; the word itself where no table speaks of it; None where its code table lacks it."""
        folded = fold(part)
        if folded in said.values:
            return said.values[folded]
        for mark, meant in said.contains.items():
            if mark in folded:
                return meant
        return self._tables[said.lookup].get(folded) if said.lookup is not None else part


def chains(records: Iterable[tuple[str, str, str]]) -> tuple[Mapping[str, tuple[str, ...]], tuple[str, ...]]:
    """Return the names of each class from the top down, by code, and the codes of classes that lie within themselves.

    Args:
        records: code, name and the code of the class above (empty, or one that is not there: a class of the top).
    """
    known = {code: (name, parent) for code, name, parent in records}
    paths: dict[str, tuple[str, ...]] = {}
    circles = []
    for code in known:
        names: list[str] = []
        seen: set[str] = set()
        at = code
        while at in known and at not in seen:
            seen.add(at)
            names.append(known[at][0])
            at = known[at][1]
        if at in seen:
            circles.append(code)
        else:
            paths[code] = tuple(reversed(names))
    return paths, tuple(circles)
