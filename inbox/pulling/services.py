"""Rows of a list that a department's service tells page by page, whole or not at all."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from urllib.parse import urlencode

from inbox.header import check_header
from inbox.pulling.addresses import Address
from inbox.pulling.databases import Got
from inbox.pulling.errors import SourceOdd
from inbox.pulling.marks import Mark
from inbox.pulling.rows import Rows
from inbox.pulling.watermarks import before, is_after, is_ahead
from inbox.pulling.web import Answer, Service
from onefile.files import make_folder
from schemas.model import Resource
from schemas.sources import HttpSource

MOST_DEPTH = 8
AT_ONCE = 1_000


def pull(
    resource: Resource, way: HttpSource, address: Address, folder: Path, mark: Mark | None, today: date,
    wait: Callable[[float], None] = time.sleep,
) -> Got:  # fmt: skip
    """Pull the rows of a resource into a folder.

    Args:
        folder: is emptied first.
        mark: how far it was pulled before; None: all of it.
        today: the day that it is; a watermark that lies ahead of it moves nothing on.
        wait: sleeps some seconds.

    Raises:
        FileBroken: the fields are not those that the resource declares.
        SourceUnusable: the setting cannot be used.
        SourceFailed: the service broke off, or refused.
        SourceOdd: it answered otherwise than declared.
    """
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    reader = _Reader(resource, way, address, Service(address, way.timeout_seconds, wait), mark, today)
    with Rows(folder / f"{resource.name}-1.jsonl", mark.seen if mark else frozenset()) as rows:
        reader.read(rows)
    if way.watermark is None:
        return Got((rows.path,), rows.written)
    high = reader.high if reader.high is not None else mark.watermark if mark is not None else ""
    return Got((rows.path,), rows.written, high, frozenset(reader.edge()))


class _Reader:
    """Reads the pages of one pull; `high` is the highest watermark met."""

    def __init__(
        self, resource: Resource, way: HttpSource, address: Address, service: Service, mark: Mark | None, today: date
    ) -> None:
        self._resource, self._way, self._setting, self._service = resource, way, address.setting, service
        self._mark = mark
        self._names = (*resource.headers, *resource.ignore)
        self._today = today
        self._always, self._at_edge, self._pruned = set[str](), dict[str, set[str]](), 0
        self.high: str | None = None

    def read(self, rows: Rows) -> None:
        told, total, met = set[bytes](), None, 0
        seen_fields: dict[str, None] = {}
        for number, answer in enumerate(self._pages(), 1):
            if number > self._way.most_pages:
                raise self._odd(f"more than {self._way.most_pages} pages", "fewer, or a higher 'most_pages'")
            records = self._records(answer)
            print_ = hashlib.sha256(repr(records).encode("utf-8", "surrogatepass")).digest()
            if records and print_ in told:
                if total == met and self._way.pages is not None and self._way.pages.kind == "number":
                    break  # some services give their last page again for every number above, and all are there
                raise self._odd("a page that it gave before", "pages that come to an end")
            told.add(print_)
            for record in records:
                values = self._flat(record)
                seen_fields.update(dict.fromkeys(values))
                self._keep(rows, values)
            met += len(records)
            total = self._total(answer) if self._way.total else None
        if seen_fields:
            check_header(tuple(seen_fields), self._resource)
        if total is not None and total != met:
            raise self._odd(f"{met} rows where it says that there are {total}", "all of them: pull again")

    def edge(self) -> set[str]:
        """Return the marks of the rows that would come again: those from the highest watermark on, less the overlap."""
        self._prune()
        before_ = set(self._mark.seen) if self._mark and self.high in (None, self._mark.watermark) else set[str]()
        return before_.union(self._always, *self._at_edge.values())

    def _prune(self) -> None:
        low = before(self.high or "", self._way.overlap)
        self._at_edge = {each: rows for each, rows in self._at_edge.items() if not is_after(low, each)}
        self._pruned = len(self._at_edge)

    def _pages(self) -> Iterator[Answer]:
        pages = self._way.pages
        parameters = dict(self._way.query)
        if self._mark is not None and self._mark.watermark and self._way.since:
            parameters[self._way.since] = before(self._mark.watermark, self._way.overlap)
        base = self._service.base + self._way.path
        if pages is None:
            yield self._service.get(_with(base, parameters))
            return
        if pages.kind == "number":
            yield from self._numbered(base, parameters, pages.parameter, pages.first)
            return
        url: str | None = _with(base, parameters)
        while url is not None:
            answer = self._service.get(url)
            yield answer
            found = answer.link if pages.kind == "next" and not pages.at else self._at(answer.content, pages.at)
            if found in (None, "", False):
                return
            if not isinstance(found, str):
                raise self._odd("a next page that is no text", "a cursor or an address")
            is_next = pages.kind == "next"
            url = self._service.inside(found, url, "a next page") if is_next else _with(
                base, parameters | {pages.parameter: found})  # fmt: skip

    def _numbered(self, base: str, parameters: Mapping[str, str], parameter: str, first: int) -> Iterator[Answer]:
        number = first
        while True:
            answer = self._service.get(_with(base, {**parameters, parameter: str(number)}))
            yield answer
            if not self._records(answer):
                return
            number += 1

    def _records(self, answer: Answer) -> Sequence[object]:
        found = self._at(answer.content, self._way.records)
        if not isinstance(found, list):
            where = "/" + "/".join(self._way.records)
            raise self._odd(f"no list at {where}", "a list of objects where 'records' says")
        return found

    def _total(self, answer: Answer) -> int:
        found = self._at(answer.content, self._way.total)
        if not isinstance(found, str) or not found.isdecimal():
            raise self._odd("no whole number at 'total'", "how many rows there are")
        return int(found)

    def _at(self, content: object, steps: Sequence[str]) -> object:
        for step in steps:
            content = content.get(step) if isinstance(content, dict) else None
        return content

    def _flat(self, record: object) -> dict[str, str | None]:
        """Return an object's values as texts; those of an object in it under `outer.inner`."""
        found: dict[str, str | None] = {}
        if not isinstance(record, dict):
            raise self._odd("a record that is no object", "a list of objects")
        self._spread(record, "", found, MOST_DEPTH)
        return found

    def _spread(self, record: Mapping[str, object], before: str, found: dict[str, str | None], depth: int) -> None:
        for key, value in record.items():
            name = before + key
            if isinstance(value, dict) and depth:
                self._spread(value, f"{name}.", found, depth - 1)
            elif isinstance(value, dict | list):
                raise self._odd(
                    "a list, or objects in objects without end, as a value", "texts, numbers and true or false"
                )
            elif name in found:
                raise self._odd("a field twice in a record", "each once")
            else:
                found[name] = {True: "true", False: "false"}[value] if isinstance(value, bool) else _text(value)

    def _keep(self, rows: Rows, values: Mapping[str, str | None]) -> None:
        field = self._way.watermark
        rows.seen.clear()
        known = {name: values[name] for name in self._names if name in values and name not in self._resource.ignore}
        unknown = [name for name in values if name not in self._names]
        if unknown:
            check_header(tuple(values), self._resource, may_lack=True)
        rows.add(known, is_edge=field is not None)
        if field is None:
            return
        mark = values.get(field)
        if not mark or is_ahead(mark, self._today):
            self._always |= rows.seen
            return
        if self.high is None or is_after(mark, self.high):
            self.high = mark
        self._at_edge.setdefault(mark, set()).update(rows.seen)
        if len(self._at_edge) > 2 * self._pruned + AT_ONCE:
            self._prune()

    def _odd(self, found: str, wanted: str) -> SourceOdd:
        return SourceOdd(self._setting, found, wanted)


def _text(value: object) -> str | None:
    return None if value is None else str(value)


def _with(url: str, parameters: Mapping[str, str]) -> str:
    return f"{url}?{urlencode(parameters)}" if parameters else url
