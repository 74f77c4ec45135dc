"""Finds the published files of subjects by their numbers, with equal work whether there is one or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from catalog import marking
from schemas.serving.ahead import Question
from schemas.serving.connection import snapshot
from schemas.serving.reading import PublishedFile, find, question
from schemas.subjects import NotASubjectNumber, SubjectNumber, subject_numbers

_DECOY = json.dumps(
    {f"attribute_{n}": {"value": "x" * 12, "resource": "none.none", "record": "0" * 32} for n in range(20)}
)


@dataclass(frozen=True)
class Sought:
    """A subject that is asked about: what its number may mean (nothing: it is no number), and its published files."""

    numbers: tuple[SubjectNumber, ...]
    files: tuple[PublishedFile, ...] = field(repr=False)

    @property
    def subject_ids(self) -> tuple[str, ...]:
        """Whom a look concerns: the subjects found, else whoever the number would be of."""
        return tuple(dict.fromkeys(f.subject_id for f in self.files)) or tuple(n.subject_id for n in self.numbers)


def seek(connection: Connection, number: str) -> Sought:
    """Return what is known by a number. Where nothing is, as much is read as if there were a file."""
    numbers = _read(number)
    if not numbers:
        return Sought((), ())
    opened = snapshot(connection, "serving database")
    files = tuple(file for n in numbers for file in find(opened, n.kind, n.number_type, n.number))
    if not files:
        json.loads(_DECOY)
    return Sought(numbers, files)


def questions(numbers: Sequence[str]) -> list[Question]:
    """Return what looking for subjects, and for what is in question about them, will ask the database."""
    read = [_read(number) for number in numbers]
    asked: list[Question] = [question(n.kind, n.number_type, n.number) for each in read for n in each]
    ids = [each[0].subject_id for each in read if len(each) == 1]
    return [*asked, *([marking.question(ids)] if ids and len(ids) <= marking.SUBJECTS_AT_ONCE else ())]


def _read(number: str) -> tuple[SubjectNumber, ...]:
    """Return what a number may mean; nothing where it is none."""
    try:
        return tuple(subject_numbers(number.strip()))
    except NotASubjectNumber:
        return ()


def kinds(sought: Iterable[Sought]) -> set[str]:
    """Return the kinds of subject that are asked about."""
    return {number.kind for each in sought for number in each.numbers}
