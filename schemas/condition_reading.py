"""From a condition's text to its tree, held against the questions, parties and attributes that it names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from schemas.conditions import BadCondition, Condition, Constant, Subject, Test, parse, tests
from schemas.errors import one_of
from schemas.logic import can_hold
from schemas.model import CodeList, OneFile
from schemas.reading import Fields, Value
from schemas.service_items import NUMBER, Party, Question

_TYPES: Mapping[str, type] = {"long": Decimal, "decimal": Decimal, "date": date, "boolean": bool}
_QUESTION_TYPES: Mapping[str, type] = {"choice": str, "yes_no": bool, "number": Decimal, "day": date}
_SAID: Mapping[type, str] = {str: "a text or code", Decimal: "a number", date: "a day, YYYY-MM-DD", bool: "no constant"}


@dataclass(frozen=True)
class Sayable:
    """What conditions of an item may speak of."""

    questions: Mapping[str, Question]
    parties: Mapping[str, Party]
    files: Mapping[str, OneFile]
    licences: frozenset[str]
    codes: Mapping[str, CodeList]

    def choices(self) -> dict[str, tuple[str, ...]]:
        """Return the answers of every question with a closed list."""
        return {
            name: tuple(answer.name for answer in question.answers)
            for name, question in self.questions.items() if question.kind == "choice"
        }  # fmt: skip


def read_condition(fields: Fields, key: str, sayable: Sayable) -> Condition | None:
    """Read the condition under a key; what is wrong with it is told. None where there is none, or a broken one."""
    value = fields.get(key)
    if value is None:
        return None
    try:
        found = parse(value.text())
    except BadCondition as error:
        value.refuse(error.found, error.wanted)
        return None
    faults = [fault for test in tests(found) if (fault := _fault(test, sayable)) is not None]
    for what, wanted in faults:
        value.refuse(what, wanted)
    if not faults:
        _check_possible(value, found, sayable)
    return found


def _check_possible(value: Value, condition: Condition, sayable: Sayable) -> None:
    if can_hold(condition, sayable.choices(), whole(sayable)) is False:
        value.refuse(f"{str(condition)!r}, which contradicts itself", "a condition that can hold")


def whole(sayable: Sayable) -> frozenset[str]:
    """Return the subjects, as conditions write them, whose numbers are whole."""
    return frozenset(
        f"{party.name}.{attribute.name}"
        for party in sayable.parties.values() if party.kind in sayable.files
        for attribute in sayable.files[party.kind].attributes if attribute.type == "long"
    )  # fmt: skip


def _fault(test: Test, sayable: Sayable) -> tuple[str, str] | None:
    subject = test.subject
    if subject.kind == "licence":
        return _licence_fault(test, sayable)
    if subject.party and subject.party not in sayable.parties:
        return f"the party {subject.party!r}", one_of(sayable.parties, subject.party)
    wanted = _value_type(subject, sayable) if subject.party else _answer_type(subject, sayable)
    if isinstance(wanted, tuple):
        return wanted
    if subject.kind in ("years", "days", "days_left"):
        if wanted is not date:
            return f"{str(subject)!r}, of what is no day", "an attribute or question that is a day"
        wanted = Decimal
    return _operator_fault(test, wanted) or _code_fault(test, sayable)


def _licence_fault(test: Test, sayable: Sayable) -> tuple[str, str] | None:
    subject = test.subject
    if subject.party not in sayable.parties:
        return f"the party {subject.party!r}", one_of(sayable.parties, subject.party)
    if subject.name not in sayable.licences:
        return f"the licence type {subject.name!r}", one_of(sorted(sayable.licences), subject.name)
    return None if test.operator == "is true" else (f"{str(test)!r}", f"{subject} alone")


def _value_type(subject: Subject, sayable: Sayable) -> type | tuple[str, str]:
    file = sayable.files.get(sayable.parties[subject.party].kind)
    known = {attribute.name: attribute for attribute in file.attributes} if file is not None else {}
    if subject.name == NUMBER:
        return str
    if subject.name not in known:
        return f"the attribute {subject.name!r} of {subject.party}", one_of(known, subject.name)
    return _TYPES.get(known[subject.name].type, str)


def _answer_type(subject: Subject, sayable: Sayable) -> type | tuple[str, str]:
    if subject.name not in sayable.questions:
        return f"the question {subject.name!r}", one_of(sayable.questions, subject.name)
    return _QUESTION_TYPES.get(sayable.questions[subject.name].kind, str)


def _operator_fault(test: Test, wanted: type) -> tuple[str, str] | None:
    if test.operator in ("is present", "is absent"):
        return None
    if (wanted is bool) != (test.operator == "is true"):
        what = "alone, or after 'not'" if wanted is bool else f"compared with {_SAID[wanted]}"
        return f"{str(test)!r}", f"{test.subject} {what}"
    if wanted is str and test.operator in ("<", "<=", ">", ">="):
        return f"{str(test)!r}", "= or != or in: texts are neither more nor less"
    wrong: list[Constant] = [constant for constant in test.constants if not isinstance(constant, wanted)]
    return (f"{str(wrong[0])!r} for {test.subject}", _SAID[wanted]) if wrong else None


def _code_fault(test: Test, sayable: Sayable) -> tuple[str, str] | None:
    """Tell a constant that is no answer of the question, or no code of the attribute's list."""
    known = _closed_list(test.subject, sayable)
    for constant in test.constants if known is not None else ():
        if known is not None and str(constant) not in known:
            return f"{str(constant)!r} for {test.subject}", one_of(known, str(constant))
    return None


def _closed_list(subject: Subject, sayable: Sayable) -> tuple[str, ...] | None:
    if subject.kind == "answer":
        return sayable.choices().get(subject.name)
    file = sayable.files.get(sayable.parties[subject.party].kind) if subject.kind == "value" else None
    codes = next((a.codes for a in file.attributes if a.name == subject.name), None) if file is not None else None
    return tuple(sayable.codes[codes].codes) if codes in sayable.codes and codes is not None else None
