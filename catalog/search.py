"""Search: an index built beforehand into one SQLite file, asked with what a clerk would type.

The index (FTS5) holds, of each entry: words and pairs of characters of titles, abstract and information items; English
words; the code; pinyin and initials from each syllable on. Every word that is typed is looked for in all of them, at
the beginning of a word; all of them have to be found, else, where nothing has all, those that have most come first.
"""

from __future__ import annotations

import heapq
import json
import os
import re
import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from catalog.entries import FACETS, Entry, facet
from catalog.errors import BadIndex
from catalog.words import LONGEST_QUERY, han_runs, latin_words, pairs, plain, syllables, tails, words
from onefile.files import fsync_folder, make_folder
from schemas.licence_types import METADATA_CODES

FORMAT = "1"
_COLUMNS = ("code", "title", "english", "items", "about", "pinyin", "initials")
_WEIGHTS = (20.0, 12.0, 16.0, 2.0, 1.0, 4.0, 4.0)
_MAKE = f"""
    CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL);
    CREATE TABLE entry (rowid INTEGER PRIMARY KEY, id TEXT NOT NULL, title TEXT NOT NULL, title_en TEXT NOT NULL,
                        provider_name TEXT NOT NULL, share_class TEXT NOT NULL, facets TEXT NOT NULL);
    CREATE VIRTUAL TABLE text USING fts5({", ".join(_COLUMNS)}, content='', tokenize='unicode61', prefix='1 2 3');
"""
_FIND = f"SELECT rowid, bm25(text, {', '.join(map(str, _WEIGHTS))}) FROM text WHERE text MATCH ?"


_GROUPS = (
    ("社保", "社会保险"), ("医保", "医疗保险"), ("户口", "户籍"), ("身份证", "公民身份"), ("结婚", "婚姻"),
    ("房产证", "不动产"), ("房本", "不动产"), ("驾照", "驾驶证"), ("驾驶执照", "驾驶证"), ("法人", "企业"), ("公司",
    "企业"), ("工商", "企业登记"), ("文凭", "学历"), ("毕业证", "学历"), ("罚款", "处罚"), ("餐饮", "食品经营"),
    ("公安局", "公安"), ("卫健委", "卫生健康"), ("人社", "人力资源"),
)  # fmt: skip
SYNONYMS = {group[0]: group for group in _GROUPS}
"""What people say, and what registers say for it. Whoever types the first finds either."""
_NAMED = re.compile(f"({'|'.join(sorted(SYNONYMS, key=len, reverse=True))})")


@dataclass(frozen=True)
class Hit:
    """One entry that was found. The lower the `score`, the better it fits (FTS5's bm25)."""

    id: str
    title: str
    title_en: str
    provider_name: str
    share_class: str
    score: float


@dataclass(frozen=True)
class Found:
    """The answer: how many there are, the first of them, and how many have each value of each facet.

    `is_loose`: no entry has every word, and these have some.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: Mapping[str, Mapping[str, int]]
    is_loose: bool


def build(path: Path, entries: Iterable[Entry], digest: str) -> None:
    """Write the index of some entries, whole or not at all; readers of the old one are not disturbed."""
    make_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    os.close(os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
    with closing(sqlite3.connect(temporary, isolation_level=None)) as made:
        made.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN; {_MAKE}")
        for number, entry in enumerate(entries, 1):
            made.execute("INSERT INTO entry VALUES (?, ?, ?, ?, ?, ?, ?)", (number, *_shown(entry)))
            marks = ", ".join("?" * (len(_COLUMNS) + 1))
            made.execute(f"INSERT INTO text (rowid, {', '.join(_COLUMNS)}) VALUES ({marks})", (number, *_text(entry)))
        made.execute("INSERT INTO text (text) VALUES ('optimize')")
        made.executemany("INSERT INTO about VALUES (?, ?)", (("format", FORMAT), ("digest", digest)))
        made.execute("COMMIT")
    temporary.replace(path)
    fsync_folder(path.parent)


def is_fresh(path: Path, digest: str) -> bool:
    """Say whether an index is there, whole, of this format and of these very entries."""
    if not path.exists():
        return False
    try:
        with _opened(path) as index:
            about = dict(index.execute("SELECT name, value FROM about").fetchall())
    except (BadIndex, sqlite3.Error):
        return False
    return about == {"format": FORMAT, "digest": digest}


class Index:
    """An index that is open for reading; close it, or use it in a `with`.

    What is shown of entries is held in memory, some hundred bytes each; those with equal facets share them.
    """

    def __init__(self, path: Path) -> None:
        self._opening = _opened(path)
        self._index = self._opening.__enter__()
        shown = self._index.execute("SELECT rowid, id, title, title_en, provider_name, share_class, facets FROM entry")
        self._entries: dict[int, tuple[str, ...]] = {row[0]: row[1:] for row in shown.fetchall()}
        self._facets: dict[str, dict[str, list[str]]] = {
            written: json.loads(written) for written in {entry[-1] for entry in self._entries.values()}
        }

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self._opening.__exit__(None, None, None)

    def search(self, typed: str, wanted: Mapping[str, str | None] | None = None, limit: int = 20) -> Found:
        """Look for what was typed.

        Args:
            typed: words in Chinese or English, pinyin, initials, a code; at most 200 characters count.
            wanted: facet to the value that an entry must have; None: any.
            limit: how many hits to return; totals and facets are of all.
        """
        terms = _terms(typed)
        rows: list[tuple[int, float]] = []
        is_loose = False
        if terms:
            rows = self._rows(" AND ".join(terms))
            if not rows and len(terms) > 1:
                telling = [term for term in terms if len(term.strip('("*)')) > 1]
                rows, is_loose = self._rows(" OR ".join(telling or terms)), True
        return self._found(rows, {k: v for k, v in (wanted or {}).items() if v}, limit, is_loose)

    def _rows(self, query: str) -> list[tuple[int, float]]:
        return self._index.execute(_FIND, (query,)).fetchall()

    def _found(self, rows: list[tuple[int, float]], wanted: Mapping[str, str], limit: int, is_loose: bool) -> Found:
        fit = {
            written: all(value in facets[name] for name, value in wanted.items())
            for written, facets in self._facets.items()
        }
        kept = [row for row in rows if fit[self._entries[row[0]][-1]]]
        best = heapq.nsmallest(limit, kept, key=lambda row: (row[1], self._entries[row[0]][0]))
        hits = tuple(self._hit(rowid, score) for rowid, score in best)
        counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        for written, times in Counter(self._entries[rowid][-1] for rowid, _ in kept).items():
            for name, values in self._facets[written].items():
                for value in values:
                    counts[name][value] += times
        ordered = {name: dict(sorted(count.items(), key=lambda c: (-c[1], c[0]))) for name, count in counts.items()}
        return Found(len(kept), hits, ordered, is_loose)

    def _hit(self, rowid: int, score: float) -> Hit:
        entry_id, title, title_en, provider_name, share_class, _ = self._entries[rowid]
        return Hit(entry_id, title, title_en, provider_name, share_class, round(score, 4))


@contextmanager
def _opened(path: Path) -> Iterator[sqlite3.Connection]:
    try:
        opened = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, isolation_level=None)
    except sqlite3.Error:
        raise BadIndex(path.name) from None
    with closing(opened):
        try:
            opened.execute("SELECT value FROM about").fetchall()
        except sqlite3.Error:
            raise BadIndex(path.name) from None
        yield opened


def _shown(entry: Entry) -> tuple[str, ...]:
    facets = json.dumps({name: facet(entry, name) for name in FACETS}, ensure_ascii=False)
    return entry.id, entry.title, entry.title_en, entry.provider_name, entry.share_class, facets


def _text(entry: Entry) -> tuple[str, ...]:
    own = [item for item in entry.items if item.name not in METADATA_CODES]  # what every licence has finds none
    names = [plain(entry.title), plain(entry.provider_name), *(plain(item.label) for item in own)]
    runs = list(dict.fromkeys(run for name in names for run in han_runs(name)))
    spelt = [syllables(run) for run in runs]
    return (
        " ".join(latin_words(plain(f"{entry.code} {entry.id} {entry.provider_code}"))),
        _taken_apart(f"{entry.title} {entry.provider_name}"),
        " ".join(latin_words(plain(f"{entry.title_en} {entry.provider_name_en}"))),
        " ".join(_taken_apart(f"{item.label} {item.name.replace('_', ' ')} {item.about}") for item in own),
        _taken_apart(entry.about),
        " ".join(dict.fromkeys(tail for one in spelt for tail in tails(one))),
        " ".join(dict.fromkeys(tail for one in spelt for tail in tails(tuple(part[:1] for part in one)))),
    )


def _taken_apart(text: str) -> str:
    """Return words, pairs and single characters of a text, parted by blanks."""
    said = plain(text)
    found = [part for run in han_runs(said) for part in (*words(run), *pairs(run), *run)]
    return " ".join(dict.fromkeys([*found, *latin_words(said)]))


def _terms(typed: str) -> list[str]:
    """Return what has to be found, an FTS5 expression each; every text in it is quoted."""
    said = plain(typed[:LONGEST_QUERY])
    found = [f'"{word}"*' for word in latin_words(said)]
    for run in han_runs(said):
        for part in filter(None, _NAMED.split(run)):
            group = SYNONYMS.get(part)
            found += [f"({' OR '.join(map(_all_of, group))})"] if group else map(_all_of, words(part))
    return list(dict.fromkeys(found))


def _all_of(run: str) -> str:
    return '("' + '" AND "'.join(pairs(run)) + '")'
