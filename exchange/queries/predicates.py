"""Predicates: questions answered yes, no or unknown, for grants that allow no value.

`unknown` is also the answer about whoever is not there, and about rows that are not granted.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from catalog.marking import Marks, of_subject
from catalog.model import Catalogue
from exchange.queries.files import document_of
from exchange.queries.finding import Sought
from exchange.queries.granted import Scope, covers
from exchange.queries.matching import plain, statements

YES, NO, UNKNOWN = "yes", "no", "unknown"
NAMES = ("age_at_least", "less_than", "equals", "is_listed", "licence_in_force")
AGREEMENTS = "agreements"
GUESSABLE = ("less_than", "equals", "age_at_least")
"""Those by which a value could be narrowed down, question by question."""


@dataclass(frozen=True)
class Question:
    """One question. What it needs depends on its name: `field` and `value`, `resource`, or `type` and `contains`."""

    name: str
    field: str = ""
    value: str = ""
    resource: str = ""
    type: str = ""
    contains: str = ""

    @property
    def needs(self) -> str:
        """The attribute that it is about; empty: none."""
        return "birth_on" if self.name == "age_at_least" else self.field

    @property
    def is_guess(self) -> bool:
        """Whether a value could be narrowed down by it: also a scope, letter by letter. It counts as a guess then."""
        return self.name in GUESSABLE or bool(self.contains)


@dataclass(frozen=True)
class Said:
    """An answer. `is_disputed`: what it was made from is in question."""

    answer: str
    is_disputed: bool = False


def answer(
    question: Question, sought: Sought, scopes: Mapping[str, Scope], catalogue: Catalogue, on: date, marked: Marks
) -> Said:  # fmt: skip
    """Answer a question about a subject's files; a licence is asked for elsewhere.

    Args:
        marked: the marks of the subject's values.
    """
    for published in sought.files:
        scope = scopes.get(published.kind)
        document = document_of(published)
        resources = {} if scope is None else {r for r in scope.rows if covers(scope, r, catalogue, document)}
        if scope is None or not resources:
            continue
        in_question = of_subject(marked, published.subject_id)
        if question.name == "is_listed":
            return (
                _listed(document, published.kind, question.resource, catalogue, in_question)
                if question.resource in resources
                else Said(UNKNOWN)
            )
        held = statements(document, scope, question.needs, catalogue)
        if held:
            return Said(_judged(question, str(held[0]), on), question.needs in in_question)
    return Said(UNKNOWN)


def _judged(question: Question, held: str, on: date) -> str:
    if question.name == "equals":
        return YES if plain(held) == plain(question.value) else NO
    try:
        if question.name == "age_at_least":
            return YES if age(date.fromisoformat(held), on) >= int(question.value) else NO
        return YES if Decimal(held) < Decimal(question.value) else NO
    except (ValueError, InvalidOperation):
        return UNKNOWN


def age(born_on: date, on: date) -> int:
    """Return somebody's age in full years: the birthday counts; who is born on 29 February ages on 1 March."""
    return on.year - born_on.year - ((on.month, on.day) < (born_on.month, born_on.day))


def _listed(
    document: Mapping[str, Any], kind: str, resource: str, catalogue: Catalogue, in_question: Container[str]
) -> Said:
    """Say whether a file shows that a resource states anything about a subject: a register lists it.

    A file does not keep every column: that nothing is there means no only where each row of the resource states an
    attribute. The answer is in question where all that the resource states is.
    """
    values = [(name, value) for name, value in document.items() if isinstance(value, dict)]
    lists = {name: document.get(name) or [] for name in ("contradictions", AGREEMENTS, "relations", "identifiers")}
    listed = [(str(each.get("attribute", name)), each) for name, found in lists.items() for each in found]
    stated = [name for name, each in (*values, *listed) if each.get("resource") == resource]
    if stated:
        return Said(YES, all(name in in_question for name in stated))
    return Said(NO if _would_show(document, kind, resource, catalogue) else UNKNOWN)


def _would_show(document: Mapping[str, Any], kind: str, resource: str, catalogue: Catalogue) -> bool:
    """Say whether a file shows every resource's statements of an attribute which each row of this one states."""
    table = catalogue.declarations.tables[catalogue.resources[resource].table]
    stated = {column.name for column in table.columns if column.required}
    return AGREEMENTS in document and any(
        source.table == table.name and source.column in stated
        for attribute in catalogue.declarations.files[kind].attributes
        for source in attribute.sources
    )
