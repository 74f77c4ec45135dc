"""Code lists: read from YAML alone (short ones) or from YAML and a CSV file of the same stem.

A built-in CSV file is read when its codes are first asked for, so that a command which needs
none starts at once; lists laid over from outside are read, and checked, at load.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import cached_property, partial
from pathlib import Path

from schemas.errors import Problems
from schemas.model import Code, CodeList, Place
from schemas.reading import Value

HEADER = ("code", "name", "name_en", "parent", "since", "until", "successor", "synonyms")
SOURCED = (*HEADER, "source")
"""A header whose rows say where each entry is known from."""
_ABOUT = ("name", "label", "about", "source", "version", "licence")


class LazyCodes(Mapping[str, Code]):
    """Entries that are read or put together when first asked for, which may raise DeclarationsRefused."""

    def __init__(self, make: Callable[[Problems], Mapping[str, Code]]) -> None:
        self._make = make

    @cached_property
    def _codes(self) -> Mapping[str, Code]:
        problems = Problems()
        codes = self._make(problems)
        problems.raise_if_any()
        return codes

    def copy(self) -> dict[str, Code]:
        """Return the entries as a dictionary of the caller's own."""
        return dict(self._codes)

    def __getitem__(self, code: str) -> Code:
        return self._codes[code]

    def __iter__(self) -> Iterator[str]:
        return iter(self._codes)

    def __len__(self) -> int:
        return len(self._codes)


def read_list(value: Value, csv_path: Path, csv_shown: str, is_lazy: bool) -> CodeList | None:
    """Read one code list; `csv_path` is where its entries are unless the YAML has them under `codes`."""
    fields = value.fields(_ABOUT, ("synthetic", "codes"))
    has_csv = csv_path.is_file()
    if has_csv == (fields.get("codes") is not None):
        found = "entries under 'codes' and in the CSV file" if has_csv else "no entries"
        value.refuse(found, f"either 'codes' here or the file {csv_path.name} beside")
        return None
    codes: Mapping[str, Code]
    if not has_csv:
        entries = fields.entries("codes")
        codes = inline(entries)
        check(codes, {code: key.place for code, key, _ in entries}, value.document.problems)
        written = digest([row(code) for code in codes.values()])
    else:
        make = partial(read_csv, csv_path, csv_shown)
        codes = LazyCodes(make) if is_lazy else make(value.document.problems)
        written = hashlib.sha256(csv_path.read_bytes()).hexdigest()
    about = {name: fields.text(name) for name in _ABOUT}
    return CodeList(**about, is_synthetic=fields.flag("synthetic"), digest=written, codes=codes, place=value.place)


def digest(entries: object) -> str:
    """Return the SHA-256, hex, of entries as JSON."""
    return hashlib.sha256(json.dumps(entries, ensure_ascii=False).encode()).hexdigest()


def row(code: Code) -> list[object]:
    """Return an entry's values as JSON has them, in the order of `HEADER`."""
    dates = [day.isoformat() if day else None for day in (code.since, code.until)]
    return [code.code, code.name, code.name_en, code.parent, *dates, code.successor, code.synonyms]


def inline(entries: list[tuple[str, Value, Value]]) -> dict[str, Code]:
    """Read entries written under `codes`."""
    codes = {}
    for code, _, entry in entries:
        fields = entry.fields(("name", "name_en"), ("parent", "since", "until", "successor", "synonyms", "source"))
        since, until = fields.get("since"), fields.get("until")
        codes[code] = Code(
            code=code,
            name=fields.text("name"),
            name_en=fields.text("name_en"),
            parent=fields.maybe("parent"),
            since=since.day() if since else None,
            until=until.day() if until else None,
            successor=fields.maybe("successor"),
            synonyms=fields.texts("synonyms"),
            source=fields.maybe("source") or "",
        )
    return codes


def read_csv(path: Path, shown: str, problems: Problems) -> dict[str, Code]:
    """Read a code list's CSV file (UTF-8, the columns of `HEADER` or `SOURCED`), telling every fault.

    Synonyms are parted by |.
    """
    rows: list[tuple[int, list[str]]] = []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            for row in reader:
                rows.append((reader.line_num, row))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        after = rows[-1][0] if rows else 0
        problems.add(Place(shown, after + 1), f"what cannot be read ({error})", "a CSV file in UTF-8, quotes closed")
        return {}
    if not rows or tuple(rows[0][1]) not in (HEADER, SOURCED):
        problems.add(Place(shown, 1), "another header", ",".join(HEADER))
        return {}
    codes: dict[str, Code] = {}
    places: dict[str, Place] = {}
    width = len(rows[0][1])
    for line, row in rows[1:]:
        place = Place(shown, line)
        if len(row) != width or not row[0] or not row[1]:
            found = f"{len(row)} fields, or an empty code or name"
            problems.add(place, found, f"{width} fields, with code and name")
        elif row[0] in codes:
            problems.add(place, f"the code {row[0]!r} twice", f"it once (the first is at {places[row[0]]})")
        else:
            codes[row[0]], places[row[0]] = _entry(row, place, problems), place
    check(codes, places, problems)
    return codes


def _entry(row: list[str], place: Place, problems: Problems) -> Code:
    code, name, name_en, parent, since, until, successor, synonyms, *source = row
    return Code(
        code, name, name_en, parent or None, _day(since, place, problems), _day(until, place, problems),
        successor or None, tuple(synonyms.split("|")) if synonyms else (), "".join(source),
    )  # fmt: skip


def _day(text: str, place: Place, problems: Problems) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        problems.add(place, f"{text!r}", "a day, YYYY-MM-DD, or nothing")
        return None


def _leads_back(codes: Mapping[str, Code], code: str, what: str) -> bool:
    """Tell an entry whose parents (or successors), one after the other, come to itself again."""
    seen: set[str] = set()
    other: str | None = getattr(codes[code], what)
    while other is not None and other in codes and other not in seen:
        if other == code:
            return True
        seen.add(other)
        other = getattr(codes[other], what)
    return False


def _check_ties(codes: Mapping[str, Code], entry: Code, place: Place, problems: Problems) -> None:
    """Tell an entry that points to none, leads back to itself, or ends before it begins."""
    code = entry.code
    for what, other in (("parent", entry.parent), ("successor", entry.successor)):
        if other is not None and (other not in codes or other == code):
            problems.add(place, f"the {what} {other!r} of {code!r}", "another code of the list")
        elif other is not None and _leads_back(codes, code, what):
            problems.add(place, f"the {what}s of {code!r} lead back to it", f"a {what} that is none of its own")
    if entry.since and entry.until and entry.until < entry.since:
        problems.add(place, f"{code!r} ends before it begins", "until not before since")


def check(codes: Mapping[str, Code], places: Mapping[str, Place], problems: Problems) -> None:
    """Tell entries that point to no entry, end before they begin, or whose synonym is another's code or synonym.

    Only the entries that have a place are looked at. A synonym may pass from an entry that
    has ended to another, and under different parents there may be two of a kind: what reads
    the text then needs the parents' names too.
    """
    holders: dict[tuple[str | None, str], str] = {}
    for entry in codes.values():
        for synonym in entry.synonyms if entry.until is None else ():
            holders.setdefault((entry.parent, synonym), entry.code)
    for code in places.keys() & codes.keys():
        entry = codes[code]
        _check_ties(codes, entry, places[code], problems)
        for synonym in entry.synonyms:
            if not synonym.strip() or (synonym in codes and synonym != code):
                problems.add(places[code], f"the synonym {synonym!r} of {code!r}", "a text that is no other code")
            elif entry.until is None and (holder := holders[entry.parent, synonym]) != code:
                found = f"the synonym {synonym!r} of {code!r}, which {holder!r} has too"
                problems.add(places[code], found, "a text that stands for one code only")
