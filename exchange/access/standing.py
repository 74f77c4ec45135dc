"""Who may act at all: what a subject's one file, or its number where no file is, says of its age and of its end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.predicates import age
from schemas.identifiers import person_number
from schemas.model import Declarations
from schemas.serving.tables import SUBJECT
from schemas.subjects import SubjectNumber

CHILD_UNTIL = 14


@dataclass(frozen=True)
class File:
    """A one file: whose (internal id), of which kind, and what it says."""

    subject_id: str
    kind: str
    document: Mapping[str, Any] = field(repr=False)

    def value(self, name: str) -> str:
        """Return the value of an attribute as a text; empty: there is none."""
        return str((self.document.get(name) or {}).get("value") or "")


@dataclass(frozen=True)
class Somebody:
    """A subject as far as it is known: its internal ids, its numbers, its files."""

    ids: tuple[str, ...]
    numbers: tuple[SubjectNumber, ...] = field(repr=False)
    files: tuple[File, ...]


def somebody(connection: Connection, subject_id: str, numbers: Iterable[SubjectNumber] = ()) -> Somebody:
    """Return what is known of a subject by its internal id.

    Args:
        numbers: those by which subjects were named; used are those that are this one's.
    """
    row = SUBJECT.c
    asked = select(row.kind, row.number_type, row.number, row.document).where(row.subject_id == subject_id)
    found = connection.execute(asked).one_or_none()
    named = [each for each in numbers if each.subject_id == subject_id]
    if found is None:
        return Somebody((subject_id,), tuple(named), ())
    named.append(SubjectNumber(found.kind, found.number_type, found.number))
    return Somebody((subject_id,), tuple(named), (File(subject_id, found.kind, json.loads(found.document)),))


def as_sought(sought: Sought) -> Somebody:
    """Return a subject that was looked for by its number."""
    files = tuple(File(each.subject_id, each.kind, document_of(each)) for each in sought.files)
    return Somebody(ids_of(sought), sought.numbers, files)


def ids_of(sought: Sought) -> tuple[str, ...]:
    """Return the internal ids of a subject that was looked for: those of its files, and those of its numbers."""
    return tuple(dict.fromkeys((*sought.subject_ids, *(number.subject_id for number in sought.numbers))))


def age_of(who: Somebody, day: date) -> int | None:
    """Return how old a person is on a day, as its file has it, else by its number; None: it is unknown, or no person.

    Where several days of birth come into question it is the youngest.
    """
    stated = [file.value("birth_on") for file in who.files if file.kind == "person"]
    born = [date.fromisoformat(each) for each in stated if each]
    born = born or [person_number(each.number).birth_on for each in who.numbers if each.kind == "person"]
    return min((age(each, day) for each in born), default=None)


def is_child(who: Somebody, day: date) -> bool:
    """Say whether somebody is a person under 14."""
    years = age_of(who, day)
    return years is not None and years < CHILD_UNTIL


def is_ended(who: Somebody, day: date, declared: Declarations) -> bool:
    """Say whether somebody is dead, or an enterprise cancelled, by its own file."""
    days = [file.value(name) for file in who.files if (name := declared.files[file.kind].ended_on)]
    return any(ended and ended <= day.isoformat() for ended in days)
