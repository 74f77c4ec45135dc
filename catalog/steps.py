"""The steps by which a mapping cleans texts: each turns texts into texts, is bounded, and fetches and runs nothing."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qs, urlsplit

from catalog.paths import Path, Record, texts

MAX_PARTS = 10_000
_QUOTED = re.compile(r"""'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)\"""")
MARKUP = re.compile(r"</?[A-Za-z][A-Za-z0-9]*(?:\s[^<>]*)?/?>|&(?:nbsp|lt|gt|amp|quot|#\d{2,6});")


@dataclass(frozen=True)
class Step:
    """One step: its name in STEPS, and its argument as that takes it."""

    name: str
    argument: Any


@dataclass(frozen=True)
class StepKind:
    """What a step does. `argument`: none, text, texts, path, part (a separator and a number) or map."""

    argument: str
    about: str
    example: str
    run: Callable[[list[str], Any], list[str]]


def _each(change: Callable[[str], str]) -> Callable[[list[str], Any], list[str]]:
    return lambda found, _: [change(text) for text in found]


class _Text(HTMLParser):
    """Keeps the text of a page: no tags, no scripts, no styles, entities decoded."""

    BLOCKS = frozenset(["p", "div", "br", "li", "tr", "td", "th", "h1", "h2", "h3", "h4", "ul", "ol", "table"])

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002
        self._hidden += tag in ("script", "style")
        self._part(tag)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style") and self._hidden > 0
        self._part(tag)

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.parts.append(data)

    def _part(self, tag: str) -> None:
        if tag in self.BLOCKS:
            self.parts.append(" ")


def _closed(text: str) -> str:
    """Return a text in which a mark that begins and never ends is text, whatever this Python makes of it."""
    begun = text.rfind("<")
    return text if begun <= text.rfind(">") else f"{text[:begun]}&lt;{text[begun + 1 :]}"


def plain_text(text: str) -> str:
    """Return the text of a piece of HTML; entities that were encoded twice are decoded too."""
    for _ in range(2):
        reader = _Text()
        reader.feed(_closed(text))
        reader.close()
        text = "".join(reader.parts)
        if not MARKUP.search(text):
            break
    return " ".join(text.replace("\xa0", " ").split())


def _list(found: list[str], _: Any) -> list[str]:
    """Take a list that is written as a text apart: ['a', 'b'], ["a"], [a, b]."""
    parts: list[str] = []
    for text in found:
        inner = text.strip()
        if inner[:1] + inner[-1:] in ("[]", "()", "{}"):
            inner = inner[1:-1]
        quoted = [one or two for one, two in _QUOTED.findall(inner)]
        parts += quoted or inner.split(",")
    return parts


def _json(found: list[str], path: Path) -> list[str]:
    """Read each text as JSON, and take what is at the path; a text that is none gives nothing."""
    parts: list[str] = []
    for text in found:
        try:
            read = json.loads(text)
        except (ValueError, RecursionError):
            continue
        parts += texts(Record(read), path)
    return parts


def _split(found: list[str], separators: tuple[str, ...]) -> list[str]:
    for separator in separators:
        found = [part for text in found for part in text.split(separator)]
    return found


def _remove(found: list[str], removed: tuple[str, ...]) -> list[str]:
    for each in removed:
        found = [text.replace(each, "") for text in found]
    return found


def _after(found: list[str], mark: str) -> list[str]:
    return [text.partition(mark)[2] for text in found if mark in text]


def _before(found: list[str], mark: str) -> list[str]:
    return [text.partition(mark)[0] for text in found]


def _query(found: list[str], name: str) -> list[str]:
    parts: list[str] = []
    for text in found:
        try:
            asked = urlsplit(text)
            query = asked.query or asked.fragment.partition("?")[2]
            parts += parse_qs(query, max_num_fields=200).get(name, [])
        except ValueError:
            continue
    return parts


def _part(found: list[str], wanted: tuple[str, int]) -> list[str]:
    separator, place = wanted
    cut = [text.split(separator) for text in found]
    return [parts[place] for parts in cut if -len(parts) <= place < len(parts)]


def _before_digits(found: list[str], count: str) -> list[str]:
    run_of = re.compile(rf"\d{{{min(int(count), 99)}}}" if count.isdecimal() and int(count) else r"\Z")
    return [re.split(run_of, text, maxsplit=1)[0].rstrip("-_/. ") for text in found]


def _number(found: list[str], _: Any) -> list[str]:
    numbers = [re.search(r"-?\d+(?:\.\d+)?", unicodedata.normalize("NFKC", text).replace(",", "")) for text in found]
    return [number[0] for number in numbers if number is not None]


def _replace(found: list[str], pairs: Mapping[str, str]) -> list[str]:
    for old, new in pairs.items():
        found = [text.replace(old, new) for text in found]
    return found


STEPS: Mapping[str, StepKind] = {
    "html": StepKind("none", "the text of HTML, without tags, scripts and entities", "html", _each(plain_text)),
    "width": StepKind("none", "full-width letters and digits as plain ones", "width",
                      _each(lambda text: unicodedata.normalize("NFKC", text))),
    "upper": StepKind("none", "capital letters", "upper", _each(str.upper)),
    "lower": StepKind("none", "small letters", "lower", _each(str.lower)),
    "list": StepKind("none", "the elements of a list that is written as a text", "list", _list),
    "lines": StepKind("none", "each line", "lines", lambda found, _: [p for text in found for p in text.splitlines()]),
    "first": StepKind("none", "the first text only", "first", lambda found, _: found[:1]),
    "last": StepKind("none", "the last text only", "last", lambda found, _: found[-1:]),
    "number": StepKind("none", "the first number in it", "number", _number),
    "json": StepKind("path", "what is at a path of the JSON that the text is", "json: name", _json),
    "split": StepKind("texts", "parts between separators", 'split: [",", "、"]', _split),
    "strip": StepKind("text", "characters taken off both ends", "strip: \"[]' \"",
                      lambda found, characters: [text.strip(characters) for text in found]),
    "remove": StepKind("texts", "texts taken out wherever they stand", "remove: [（试行）]", _remove),
    "drop": StepKind("texts", "texts that mean nothing", 'drop: [无, "-", "null"]',
                     lambda found, nothing: [text for text in found if text.strip() not in nothing]),
    "after": StepKind("text", "what comes after a mark; nothing where it is not there", "after: 条件：", _after),
    "before": StepKind("text", "what comes before a mark; all where it is not there", "before: （", _before),
    "query": StepKind("text", "a parameter of the web address that the text is", "query: deptCode", _query),
    "part": StepKind("part", "one part between separators, from 0, or by -1 from the end", 'part: ["-", 0]', _part),
    "before_digits": StepKind("text", "what comes before the first so many digits in a row, without signs at its end",
                              'before_digits: "12"', _before_digits),
    "replace": StepKind("map", "texts put in the place of others", "replace: {号: No}", _replace),
}  # fmt: skip
"""Every step of a mapping."""


def run(found: list[str], steps: tuple[Step, ...]) -> list[str]:
    """Run steps one after the other; what is empty is gone after each."""
    for step in steps:
        found = [text for text in STEPS[step.name].run(found, step.argument) if text.strip()][:MAX_PARTS]
    return found
