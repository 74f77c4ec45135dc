"""What each item may know of each party: looked at through the grants that reach to the item, and nothing besides.

Grants for `query` and `batch` let values be shown; those for `check` let conditions be judged without the value. What
is looked at is what the items name, and every look of it is noted for the ledger, found or not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from sqlalchemy import Connection

from catalog.grants import Given
from catalog.marking import Marks, of_subject
from catalog.objections import marks
from catalog.prefill.view import NOBODY, Licence, Origin, PartyView, RecordHeld, Stated, typed
from catalog.prefill.wanted import Wanted, together, wanted
from exchange.access.asking import Seen
from exchange.access.purposes import Leave
from exchange.counter import Counter
from exchange.errors import RowsNotSupplied, SubjectEnded
from exchange.queries import files, licences, matching, records
from exchange.queries.files import Wish
from exchange.queries.finding import Sought
from exchange.queries.granted import Scope, covers
from exchange.queries.licences import ENTRY, Held, Looker
from schemas.logic import Found
from schemas.model import Attribute
from schemas.service_items import APPLICANT, NUMBER, Item
from schemas.serving.reading import PublishedFile

JUDGING_MODE = "check"
VALUES, JUDGING, LICENCES, ROWS, EARLIER = ("query", "batch"), "judge.", "licences.", "record.", "earlier."


@dataclass(frozen=True)
class _Read:
    """A party's one published file; `document` None: there is none, or several that nobody can tell apart."""

    kind: str
    sought: Sought
    file: PublishedFile | None
    document: Mapping[str, Any] | None = field(repr=False)


@dataclass
class Looking:
    """Looks at the parties of one prefill; `noted` are by subject the names of what was looked at."""

    counter: Counter
    connection: Connection
    leave: Leave
    department: str
    people: Mapping[str, Sought]
    on: date
    noted: dict[str, dict[str, None]] = field(default_factory=dict)
    _views: dict[tuple[Any, ...], PartyView] = field(default_factory=dict)

    def views(self, items: Iterable[Item]) -> dict[str, dict[str, PartyView]]:
        """Return by item and party what the item may know.

        Raises:
            SubjectEnded: the applicant is dead or cancelled, and the grants let that be known.
        """
        groups: dict[tuple[Given, ...], list[Item]] = {}
        for item in items:
            granted = tuple(given for given in self.leave.grants if not given.items or item.code in given.items)
            groups.setdefault(granted, []).append(item)
        found: dict[str, dict[str, PartyView]] = {}
        for granted, group in groups.items():
            kinds = self.counter.catalogue.declarations.materials
            wants = together(wanted(each, kinds) for each in group)
            for item in group:
                found[item.name] = {
                    party: NOBODY if party == APPLICANT and self.is_ended
                    else self._view(party, granted, want, item.code)
                    for party, want in wants.items() if party in self.people
                }  # fmt: skip
        return found

    def looks(self) -> list[Seen]:
        """Return the looks to record: one for each subject with all that was looked at of it."""
        found = []
        for read in self._reads.values():
            version = f"{read.kind}_file@{read.file.lake_version}" if read.file else ""
            ids = (read.file.subject_id,) if read.file else read.sought.subject_ids
            found += [Seen(each, tuple(self.noted.get(each, {})), version) for each in ids]
        return found or [Seen(None, ())]

    def applicant(self) -> str:
        """Return the applicant's internal id: of the file found, else of whom the number would be; empty: nobody's."""
        read = self._reads.get(APPLICANT)
        if read is None:
            return ""
        return read.file.subject_id if read.file is not None else read.sought.numbers[0].subject_id

    def note_earlier(self, names: Iterable[str]) -> None:
        """Note that values of the applicant's earlier forms are shown."""
        told = [EARLIER + name for name in names]
        if told:
            self._note(self._reads[APPLICANT], told)

    def note_deposits(self, names: Iterable[tuple[str, str]]) -> None:
        """Note that materials of parties are told of that were deposited earlier."""
        for party, name in names:
            self._note(self._reads[party], [name])

    @cached_property
    def _reads(self) -> dict[str, _Read]:
        return {party: _read(each) for party, each in self.people.items()}

    @cached_property
    def _marks(self) -> Marks:
        ids = [read.file.subject_id for read in self._reads.values() if read.file is not None]
        return marks(self.connection, ids)

    @cached_property
    def is_ended(self) -> bool:
        """Whether the applicant is dead or cancelled by now; SubjectEnded where the grants let that be known."""
        read = self._reads.get(APPLICANT)
        if read is None or not self._has_ended(read):
            return False
        if self._may_know_end(read, self.counter.scope(read.kind, self.leave.grants)):
            raise SubjectEnded
        return True

    def _has_ended(self, read: _Read) -> bool:
        name = self.counter.catalogue.declarations.files[read.kind].ended_on
        ended = str(((read.document or {}).get(name) or {}).get("value") or "") if name else ""
        return bool(ended) and ended <= self.on.isoformat()

    def _may_know_end(self, read: _Read, scope: Scope) -> bool:
        name = self.counter.catalogue.declarations.files[read.kind].ended_on
        return bool(name and matching.statements(read.document or {}, scope, name, self.counter.catalogue))

    def _view(self, party: str, granted: tuple[Given, ...], want: Wanted, item: str) -> PartyView:
        """Return what grants give of a party; the same grants and wishes give the same.

        But for licences whose holder has to consent: that may be for one item only.
        """
        needs_consent = any(kind.needs_consent and kind.name in want.licences for kind in self.counter.kinds.values())
        key = (party, tuple(given.grant_id for given in granted), item if needs_consent else "")
        if key not in self._views:
            self._views[key] = self._looked(self._reads[party], granted, want, item)
        return self._views[key]

    def _looked(self, read: _Read, granted: tuple[Given, ...], want: Wanted, item: str) -> PartyView:
        judging = self.counter.scope(read.kind, granted)
        showing = self.counter.scope(read.kind, tuple(given for given in granted if given.mode in VALUES))
        self._note(read, (name for name in showing.attributes if name in want.shown))
        self._note(read, (JUDGING + name for name in judging.attributes if name in want.judged))
        held = self._licences(read, granted, want, item)
        rows = self._records(read, granted, want)
        if read.document is None:
            return PartyView(licences=held, records=rows)
        judged, origins = self._judged(read, judging, want)
        return PartyView(self._values(read, showing, want), judged, held, rows, origins)

    def _note(self, read: _Read, names: Iterable[str]) -> None:
        ids = (read.file.subject_id,) if read.file else read.sought.subject_ids
        for each in ids:
            self.noted.setdefault(each, {}).update(dict.fromkeys(names))

    def _values(self, read: _Read, scope: Scope, want: Wanted) -> dict[str, Stated]:
        """Return the values that may be shown; none where the subject is among the rows of no grant."""
        document = read.document or {}
        names = tuple(name for name in scope.attributes if name in want.shown)
        shown = files.view(document, read.kind, scope, Wish(names, True, self.on), self.counter.catalogue)
        if shown is None:
            return {}
        own = of_subject(self._marks, read.file.subject_id) if read.file else {}
        ended = ["ended"] if self._has_ended(read) and self._may_know_end(read, scope) else []
        found = {
            name: _stated(told, [*ended, *(mark["what"] for mark in own.get(name, []))])
            for name, told in shown["attributes"].items() if told["value"] is not None
        }  # fmt: skip
        return {**found, **({NUMBER: self._number(read, scope)} if NUMBER in want.shown else {})}

    def _number(self, read: _Read, scope: Scope) -> Stated:
        """Return the number, which whoever asks has named: granted resources know it."""
        document = read.document or {}
        known = {each for each in scope.rows if covers(scope, each, self.counter.catalogue, document)}
        told = [each for each in document.get("identifiers") or [] if each.get("resource") in known]
        resource = str(told[0]["resource"]) if told else min(known)
        observed_on = told[0].get("observed_on") if told else None
        return Stated(document.get("number"), None, resource, resource.partition(".")[0], observed_on)

    def _judged(self, read: _Read, scope: Scope, want: Wanted) -> tuple[dict[str, Found], dict[str, Origin]]:
        """Return the values that may be judged by, and where they are from; None: it is known that there is none."""
        document, found, origins = read.document or {}, dict[str, Found](), dict[str, Origin]()
        covered = {each for each in scope.rows if covers(scope, each, self.counter.catalogue, document)}
        if covered and NUMBER in want.judged:
            found[NUMBER] = str(document.get("number"))
        for attribute in self.counter.catalogue.declarations.files[read.kind].attributes:
            name = attribute.name
            if name not in scope.attributes or name not in want.judged | want.shown:
                continue
            told = matching.stated(document, scope, name, self.counter.catalogue)
            if told:
                found[name] = typed(attribute.type, told[0]["value"])
                resource = str(told[0].get("resource"))
                origins[name] = Origin(resource, resource.partition(".")[0], told[0].get("observed_on"))
            elif self._may_know_all(attribute, covered):
                found[name] = None
        return found, origins

    def _may_know_all(self, attribute: Attribute, covered: set[str]) -> bool:
        """Say whether whatever could state an attribute may be looked at: only then it is known that nothing does."""
        tables = {source.table for source in attribute.sources}
        return all(each.id in covered for table in tables for each in self.counter.catalogue.of_table(table))

    def _licences(
        self, read: _Read, granted: tuple[Given, ...], want: Wanted, item: str
    ) -> dict[str, tuple[Licence, ...]]:  # fmt: skip
        entries = {given.entry_id for given in granted}
        names = {name for name in want.licences if ENTRY + name in entries}
        if not names:
            return {}
        self._note(read, (LICENCES + name for name in sorted(names)))
        codes = {kind.code for kind in self.counter.kinds.values() if kind.name in names}
        held = list(self._held(read, granted, codes, item))
        disputed = licences.disputed(self.connection, held, self.counter.catalogue.declarations)
        found: dict[str, tuple[Licence, ...]] = dict.fromkeys(names, ())
        for each, marked in zip(held, disputed, strict=True):
            found[each.kind.name] += (_licence(each, bool(marked)),)
        return found

    def _held(self, read: _Read, granted: tuple[Given, ...], codes: set[str], item: str) -> Iterator[Held]:
        leave = replace(self.leave, grants=granted, item=item)
        looker = Looker(self.counter.vault, self.counter.kinds, self.counter.catalogue, leave, self.department,
                        self.counter.now(), self.on)  # fmt: skip
        pairs = [(number.kind, number.number) for number in read.sought.numbers]
        for key, versions in licences.of_holder(self.connection, looker.vault, pairs).items():
            is_wanted = key.partition(".")[0] in codes
            held = looker.held(self.connection, key, versions=versions) if is_wanted else None
            if held is not None:
                yield held

    def _records(
        self, read: _Read, granted: tuple[Given, ...], want: Wanted
    ) -> dict[str, tuple[RecordHeld, ...]]:  # fmt: skip
        """Return the rows of tables whose resources are granted and at the counter by now."""
        found: dict[str, tuple[RecordHeld, ...]] = {}
        ids = read.sought.subject_ids
        for given in granted:
            resource = self.counter.catalogue.resources.get(given.entry_id)
            if resource is None or resource.table not in want.tables or given.mode not in VALUES:
                continue
            scope = self.counter.scope(read.kind, (given,))
            if not covers(scope, resource.id, self.counter.catalogue, read.document or {}):
                continue
            try:
                records.version_of(self.connection, resource.id, given.fields)
            except RowsNotSupplied:
                continue
            self._note(read, (ROWS + resource.id,))
            rows = records.rows(self.connection, resource.id, ids)
            held = [row for each in ids for row in rows.get(each, ())]
            more = tuple(RecordHeld(resource.table, resource.id, row.record, row.observed_on) for row in held)
            found[resource.table] = found.get(resource.table, ()) + more
        return found


def _read(sought: Sought) -> _Read:
    file = sought.files[0] if len(sought.files) == 1 else None
    return _Read(sought.numbers[0].kind, sought, file, None if file is None else files.document_of(file))


def _stated(told: Mapping[str, Any], disputes: list[str]) -> Stated:
    doubts = [
        *(("stale",) if told["is_stale"] else ()),
        *(("contradicted",) if any(each["value"] != told["value"] for each in told["contradictions"]) else ()),
        *(() if told["is_lead"] else ("not_lead",)),
        *dict.fromkeys(disputes),
    ]
    source = told["source"] or {}
    return Stated(
        told["value"], told["value_name"], str(source.get("resource")), str(source.get("department")),
        told["observed_on"], tuple(doubts),
    )  # fmt: skip


def _licence(held: Held, is_disputed: bool) -> Licence:
    version = held.kept.version
    return Licence(
        "" if held.given.mode == JUDGING_MODE else held.kept.place.id, held.kind.name, held.state,
        version.valid_from, version.valid_until, not held.is_agreed, is_disputed,
    )  # fmt: skip
