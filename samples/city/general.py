"""What a register says that the city has no words of its own for, drawn from its table's declaration.

Every column is made from its declared type, bounds, pattern and code list, and from what the one
files say it means: a column that gives a file its name, sex or day of birth has the subject's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from samples.city import dates, firms, keys, lives, strangers, told, values, words
from samples.city.chance import Flags, Ints
from samples.city.city import City
from samples.city.columns import Column, codes, days, either, listed, without
from samples.city.numbers import AREAS
from samples.city.people import NOBODY
from samples.city.register import FIRMS, PERSONS, Register
from schemas.model import CodeList, Declarations, Resource, Table
from schemas.model import Column as Declared

SLIP, MISSING = 0.004, 0.12
"""Share of names that a department has wrong, and of optional values that it does not have."""

_KINDS_OF_PARTY = ("party_kind", "holder_kind")


@dataclass(frozen=True)
class Meaning:
    """What the declarations say beside the table: `means` has by column the attribute that it gives the file of a
    subject column; `when` by column the code column that decides whether it is meant, and by which codes."""

    table: Table
    codes: Mapping[str, CodeList]
    means: Mapping[str, tuple[str, str]]
    when: Mapping[str, tuple[str, tuple[str, ...]]]


def meaning(table: Table, declarations: Declarations, resources: Sequence[Resource]) -> Meaning:
    """Read what the one files and the table's resources say of its columns."""
    means = {
        source.column: (source.subject, attribute.name)
        for file in declarations.files.values()
        for attribute in file.attributes
        for source in attribute.sources
        if source.table == table.name
    }
    for subject in table.subjects:
        stem = _stem(subject.column)
        for column in table.columns:
            if column.type == "string" and column.name in (f"{stem}_name", stem) and column.name not in means:
                means[column.name] = (subject.column, "name")
    if table.subjects and "name" not in means and any(c.name == "name" for c in table.columns):
        means["name"] = (table.subjects[0].column, "name")
    when: dict[str, tuple[str, tuple[str, ...]]] = {}
    for resource in resources:
        when |= _when(resource, table, declarations.codes)
    return Meaning(table, declarations.codes, means, when)


def _stem(column: str) -> str:
    return column.removesuffix("_number").removesuffix("_code")


def _when(resource: Resource, table: Table, lists: Mapping[str, CodeList]) -> dict[str, tuple[str, tuple[str, ...]]]:
    deciding = {m.source: m for m in resource.columns if m.source and table.column(m.column).type == "code"}
    found = {}
    for mapping in resource.columns:
        for header, texts in mapping.when.items():
            if header in deciding:
                decider = deciding[header]
                code_list = lists[table.column(decider.column).codes or ""]
                worded = {w: c.code for c in code_list.codes.values() for w in (c.code, c.name, *c.synonyms)}
                worded |= decider.lookup
                meant = tuple(dict.fromkeys(worded[text] for text in texts if text in worded))
                found[mapping.column] = (decider.column, meant)
    return found


class Sheet:
    """Some rows of a register, column by column."""

    def __init__(self, city: City, meant: Meaning, register: Register, rows: Ints) -> None:
        self.city, self.meant, self.rows = city, meant, rows
        self.register = register.take(rows)
        self.table = meant.table
        self.odd: dict[str, tuple[str, Flags]] = {}

    @cached_property
    def _days(self) -> Mapping[str, Ints]:
        known = {c.name: self._births(c.name) for c in self.table.columns if self._is_birth(c.name)}
        counted = keys.places(self.table, self.meant.codes, self.rows)
        for name in (n for n in counted if self.table.column(n).type == "date"):
            known[name] = dates.months_back(self.city.began, counted[name])
        return dates.dates(self.table, self.register, self.city.chance, self.rows, known)

    def columns(self) -> dict[str, Column]:
        """Return every declared column."""
        made = {column.name: self._column(column) for column in self.table.columns}
        for name, (decider, meant) in self.meant.when.items():
            if decider in made and name in made:
                self._decide(made, name, decider, meant)
        return made

    def _drawn(self, column: Declared) -> Column:
        """Return values that hang on the row and its version."""
        key = self.rows * 64 + self.register.version % 64
        return values.MAKERS[column.type](self.city, column, self.meant.codes, (self.table.name, key))

    def _column(self, column: Declared) -> Column:
        if column.name in self.register.subjects:
            return self._number(column.name)
        if column.name in self.table.key:
            return self._of_key(column)
        if column.type == "date":
            return days(self._days[column.name])
        known = self._known(column)
        made = known if known is not None else self._drawn(column)
        return self._cut(column, made)

    def _cut(self, column: Declared, made: Column) -> Column:
        """Leave out some of what need not be there."""
        if column.required or column.type in ("person_number", "citizen_number", "credit_code"):
            return made
        gone = self.city.chance.share(f"{self.table.name}.{column.name} missing", self.rows, MISSING)
        return without(made, gone)

    def _number(self, column: str) -> Column:
        subject = self.register.subjects[column]
        kind = self._kind(column)
        if self._are_strangers(column):
            numbered = strangers.numbers_of if kind == PERSONS else strangers.codes_of
            return numbered(self.city.chance, subject, self._kinds, self._kind_of_number())
        held = self.city.people.number if kind == PERSONS else self.city.firms.code
        return codes(held[np.maximum(subject, 0)], subject == NOBODY)

    def _kind(self, column: str) -> str:
        return next(s.kind for s in self.table.subjects if s.column == column)

    @cached_property
    def _kinds(self) -> tuple[str, ...]:
        return strangers.kinds(self.table) or ()

    def _are_strangers(self, column: str) -> bool:
        return bool(self._kinds) and (column, self._kind(column)) == strangers.first_subject(self.table)

    def _kind_of_number(self) -> Ints:
        return self.city.chance.below(f"{self.table.name} kind of number", self.rows, len(self._kinds))

    def _of_key(self, column: Declared) -> Column:
        """Return a key column: its value tells the rows apart, or their places do."""
        if column.type not in keys.TELLING:
            return self._drawn(column)
        return keys.column(
            column, self.meant.codes, keys.places(self.table, self.meant.codes, self.rows)[column.name], self.city.began
        )

    def _known(self, column: Declared) -> Column | None:
        """Return what the city itself knows of the subject; None where it knows nothing."""
        subject, attribute = self.meant.means.get(column.name, ("", ""))
        if column.codes in _KINDS_OF_PARTY:
            return self._party()
        if self._kinds and column.name == strangers.deciding(self.table):
            return listed(self._kinds, self._kind_of_number())
        if column.codes == "sex" and not subject:
            subject, attribute = self._first_person(), "sex"
        if subject not in self.register.subjects:
            return None
        rows = self.register.subjects[subject]
        if self._are_strangers(subject):
            return self._of_stranger(subject, attribute, rows)
        if self._kind(subject) == FIRMS:
            found = _OF_FIRMS[attribute](self.city, np.maximum(rows, 0)) if attribute in _OF_FIRMS else None
        else:
            found = self._of_person(column.name, attribute, np.maximum(rows, 0))
        return None if found is None else self._or_instead(column, found, rows)

    def _of_stranger(self, subject: str, attribute: str, rows: Ints) -> Column | None:
        if self._kind(subject) == PERSONS:
            return strangers.known(self.city.chance, rows, attribute)
        return strangers.called(rows, self._kinds, self._kind_of_number()) if attribute == "name" else None

    def _or_instead(self, column: Declared, found: Column, rows: Ints) -> Column:
        """Put the other subject's value where a row is about that; a name that must be there is somebody's."""
        if column.type != "string" or not (rows == NOBODY).any():
            return without(found, rows == NOBODY)
        if column.required:
            found = either(rows == NOBODY, told.name(self.city, self._anybody()), found)
        plan = self.city.plans[self.table.name]
        pair = {plan.first, plan.instead}
        for other in (s for s in self.table.subjects if s.column in pair - {self.meant.means[column.name][0]}):
            if self.meant.means[column.name][0] in pair:
                name = told.name if other.kind == PERSONS else told.firm
                mine = self.register.subjects[other.column]
                return either(rows == NOBODY, name(self.city, np.maximum(mine, 0)), found)
        return found if column.required else without(found, rows == NOBODY)

    def _anybody(self) -> Ints:
        """Return for each row a person whose number the department does not have."""
        return self.city.chance.below(f"{self.table.name} anybody", self.rows, self.city.sizes[0])

    def _of_person(self, column: str, attribute: str, rows: Ints) -> Column | None:
        if attribute == "name":
            slip = self.city.slips(f"slip {self.table.name}.{column}", self.rows, SLIP)
            self.odd[column] = ("contradiction", slip)
            return told.name(self.city, rows, slip)
        return _OF_PEOPLE[attribute](self.city, rows) if attribute in _OF_PEOPLE else None

    def _first_person(self) -> str:
        return next((s.column for s in self.table.subjects if s.kind == PERSONS), "")

    def _party(self) -> Column:
        person = self.register.subjects.get(self._first_person())
        is_person = np.zeros(len(self.rows), np.bool_) if person is None else person != NOBODY
        return listed(("2", "1"), is_person.astype(np.int64))

    def _is_birth(self, column: str) -> bool:
        return column in ("birth_on", "born_on") or self.meant.means.get(column, ("", ""))[1] == "birth_on"

    def _births(self, column: str) -> Ints:
        subject = self.meant.means.get(column, (self._first_person(), ""))[0]
        rows = self.register.subjects.get(subject)
        if rows is None:
            return self.register.began
        if self._are_strangers(subject):
            return strangers.births(rows)
        return self.city.people.birth[np.maximum(rows, 0)]

    def _decide(self, made: dict[str, Column], name: str, decider: str, meant: tuple[str, ...]) -> None:
        """Let a code say which of the row's columns are meant, as the resource reads them."""
        if name in self.register.subjects and meant:
            has = np.asarray(made[name].is_valid())
            made[decider] = either(has, pa.repeat(pa.scalar(meant[0], pa.string()), len(self.rows)), made[decider])
        elif name not in self.register.subjects:
            stands = np.asarray(pa.compute.is_in(made[decider], pa.array(meant, pa.string())))
            made[name] = without(made[name], ~stands)


_OF_PEOPLE: Mapping[str, Callable[[City, Ints], Column]] = {
    "sex": lambda city, rows: listed(("1", "2"), city.people.sex[rows] - 1),
    "birth_on": lambda city, rows: days(city.people.birth[rows]),
    "ethnic_group": lambda city, rows: listed(words.ETHNIC_GROUPS, city.people.ethnic[rows]),
    "education_level": lambda city, rows: listed(lives.LEVELS, city.level[rows]),
    "area": lambda city, rows: listed(AREAS, told.home_area(city, rows)),
    "address": lambda city, rows: told.address(
        city.chance, city.people.household[rows] * 16, told.home_area(city, rows), has_flat=True
    ),
}
"""What the city knows of people and nothing changes, by attribute. An address is the first: no day moves it."""

_OF_FIRMS: Mapping[str, Callable[[City, Ints], Column]] = {
    "name": told.firm,
    "class": told.firm_class,
    "established_on": lambda city, rows: days(city.firms.established[rows]),
    "industry": lambda city, rows: listed([industry[0] for industry in words.INDUSTRIES], city.firms.industry[rows]),
    "capital_cents": lambda city, rows: pa.array(city.firms.capital[rows], pa.int64()),
    "capital_currency": lambda city, rows: listed(firms.CURRENCIES, city.firms.currency[rows]),
    "area": lambda city, rows: listed(AREAS, city.firms.area[rows]),
}


def frame(
    city: City, meant: Meaning, register: Register, rows: Ints
) -> tuple[dict[str, Column], dict[str, tuple[str, Flags]]]:
    """Return the columns of some rows, and what is odd in them by column."""
    sheet = Sheet(city, meant, register, rows)
    return sheet.columns(), sheet.odd
