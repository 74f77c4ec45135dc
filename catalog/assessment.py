"""What an item demands in a situation, and why: pure, from the item and the facts to an assessment.

Nothing is read, written or looked up here. The counter hands in what it knows (answers, values of the parties' one
files, licences in force); what it does not know stays unknown, and every part says whether it applies: yes, no, or not
known yet, with the tests that decided.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from catalog.errors import AnswerRefused
from schemas.conditions import Condition, tests
from schemas.errors import one_of
from schemas.logic import Facts, Found, Reason, Verdict, judge
from schemas.service_items import FormField, Item, Material, Question, Requirement, Way

ASKED = ("answered", "known", "to_ask", "not_needed")


@dataclass(frozen=True)
class Asked:
    """A question in this situation.

    `state`: `answered` by the applicant, `known` from the one file, `to_ask`, `not_needed` (its condition does not
    hold, or nothing that is still open turns on it). `answer` stands in the first two.
    """

    question: Question
    state: str
    answer: Found


@dataclass(frozen=True)
class Judged:
    """A condition of the item: met, not met, or unknown (None; an official judges it, or something is not known)."""

    requirement: Requirement
    verdict: Verdict


@dataclass(frozen=True)
class Demanded:
    """A material in this situation. `verdict.is_met`: demanded, not, or not known yet. `ways` as declared, in order."""

    material: Material
    verdict: Verdict

    @property
    def ways(self) -> tuple[Way, ...]:
        return self.material.ways


@dataclass(frozen=True)
class Filled:
    """A field of the form in this situation."""

    field: FormField
    verdict: Verdict


@dataclass(frozen=True)
class Assessment:
    """An item in one situation. `is_met` is of all conditions together: True, False, or None."""

    item: Item
    questions: tuple[Asked, ...]
    conditions: tuple[Judged, ...]
    materials: tuple[Demanded, ...]
    form: tuple[Filled, ...]

    @property
    def is_met(self) -> bool | None:
        found = [judged.verdict.is_met for judged in self.conditions]
        return False if False in found else None if None in found else True


def assess(item: Item, facts: Facts) -> Assessment:
    """Say what an item demands, and why, on the facts.

    The same item and facts give the same assessment, and more answers never turn a yes into a no, or a no into a yes.
    Where an answer contradicts what the one file says, the applicant's word is taken, and can be held against it.

    Raises:
        AnswerRefused: an answer to a question that the item does not ask, or one that it does not allow.
    """
    _check_answers(item, facts.answers)
    states: dict[str, str] = {}
    known = replace(facts, answers={})
    for question in item.questions.values():
        is_asked = judge(question.when, known).is_met
        state, answer = _answered(question, facts.answers, is_asked, known)
        states[question.name] = state
        if state != "to_ask" and (is_asked is not None or not _turns_on_answers(question.when, known)):
            known = replace(known, answers={**known.answers, question.name: answer})
    open_parts = [condition for condition in conditions_of(item) if judge(condition, known).is_met is None]
    named = {test.subject.name for each in open_parts for test in tests(each) if not test.subject.party}
    return Assessment(
        item,
        tuple(_asked(question, states[question.name], named, facts, known) for question in item.questions.values()),
        tuple(Judged(each, _of_requirement(each, known)) for each in item.requirements),
        tuple(Demanded(each, judge(each.when, known)) for each in item.materials),
        tuple(Filled(each, judge(each.when, known)) for each in item.form),
    )


def _of_requirement(requirement: Requirement, facts: Facts) -> Verdict:
    return Verdict(None, ()) if requirement.met_if is None else judge(requirement.met_if, facts)


def conditions_of(item: Item) -> Iterator[Condition]:
    """Yield every condition of an item, of questions too."""
    for question in item.questions.values():
        yield from (part for part in (question.when, *(answer.known for answer in question.answers)) if part)
    for requirement in item.requirements:
        if requirement.met_if is not None:
            yield requirement.met_if
    yield from (material.when for material in item.materials if material.when is not None)
    yield from (each.when for each in item.form if each.when is not None)


def _turns_on_answers(when: Condition | None, known: Facts) -> bool:
    """Say whether another answer is still to tell if a question matters; until then its own answer does not count."""
    found = tests(when) if when is not None else ()
    return any(not test.subject.party and judge(test, known).is_met is None for test in found)


def _answered(
    question: Question, answers: Mapping[str, Found], is_asked: bool | None, known: Facts
) -> tuple[str, Found]:
    """Return the state of a question and its answer; what does not matter is known to have none."""
    if is_asked is False:
        return "not_needed", None
    if question.name in answers:
        return "answered", answers[question.name]
    told = {answer.name: judge(answer.known, known).is_met for answer in question.answers if answer.known}
    met = [name for name, is_met in told.items() if is_met is True]
    return ("known", met[0]) if len(met) == 1 and None not in told.values() else ("to_ask", None)


def _asked(question: Question, state: str, named: set[str], facts: Facts, known: Facts) -> Asked:
    if state == "to_ask" and question.name not in named:
        return Asked(question, "not_needed", None)
    given = facts.answers if state == "answered" else known.answers
    return Asked(question, state, given.get(question.name))


def _check_answers(item: Item, answers: Mapping[str, Found]) -> None:
    for name, answer in answers.items():
        if name not in item.questions:
            raise AnswerRefused(f"an answer to {name!r}, which {item.name} does not ask", one_of(item.questions, name))
        wanted = _wanted(item.questions[name], answer)
        if wanted is not None:
            raise AnswerRefused(f"an answer to {name!r} that it does not allow", wanted)


def _wanted(question: Question, answer: Found) -> str | None:
    """Return what an answer has to be; None where it is that."""
    if question.kind == "choice":
        names = [each.name for each in question.answers]
        return None if isinstance(answer, str) and answer in names else one_of(names)
    if question.kind == "number":
        is_number = not isinstance(answer, bool) and isinstance(answer, (int, Decimal)) and Decimal(answer).is_finite()
        return None if is_number else "a number"
    kind, said = {"yes_no": (bool, "yes or no"), "day": (date, "a day, YYYY-MM-DD")}[question.kind]
    return None if isinstance(answer, kind) else said


def read_answer(item: Item, name: str, text: str) -> Found:
    """Read an answer as somebody writes it; raise AnswerRefused where it is none."""
    if name not in item.questions:
        raise AnswerRefused(f"an answer to {name!r}, which {item.name} does not ask", one_of(item.questions, name))
    question = item.questions[name]
    found: Found = text
    if question.kind == "yes_no":
        found = {"yes": True, "no": False, "是": True, "否": False}.get(text)
    elif question.kind in ("number", "day"):
        try:
            found = Decimal(text) if question.kind == "number" else date.fromisoformat(text)
        except (ValueError, ArithmeticError):
            found = None
    wanted = _wanted(question, found)
    if wanted is not None:
        raise AnswerRefused(f"an answer to {name!r} that it does not allow", wanted)
    return found


def explained(reasons: tuple[Reason, ...]) -> list[dict[str, object]]:
    """Return reasons as JSON's types."""
    return [{"test": reason.test, "is_met": reason.is_met} for reason in reasons]
