"""The bodies of comparisons and of yes-or-no questions."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field, model_validator

from exchange.queries.predicates import Question
from exchange.routes.models import MOST_SUBJECTS, Name, Number, Strict, Subject

Value = Annotated[str, Field(min_length=1, max_length=500)]


class MatchSubject(Strict):
    """Somebody as the asker has it: number, name, and values of granted fields."""

    number: Number
    name: Value
    fields: Annotated[dict[Name, Value], Field(max_length=50)] = Field(default={})


class MatchQuery(Strict):
    """What is to be compared."""

    subjects: Annotated[list[MatchSubject], Field(min_length=1, max_length=MOST_SUBJECTS)]


class MatchResult(BaseModel):
    """`agrees`, `differs`, `no_such_subject`, `slowed` (too many wrong ones: see `retry_after`); by field likewise.

    `not_held`: no granted resource states it; where that is the name, nothing was compared.
    `disputed` are the fields that were compared with a value that is in question.
    """

    index: int
    outcome: str
    fields: dict[str, str]
    disputed: list[str]
    retry_after: int | None


class MatchAnswer(BaseModel):
    """The answer to a match, in the order of its subjects."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    results: list[MatchResult]


class QuestionWish(Strict):
    """A question. `age_at_least`: value, years. `less_than`, `equals`: field, value. `is_listed`: resource.

    `licence_in_force`: type, and where only some scope counts, field and contains.
    """

    predicate: Literal["age_at_least", "less_than", "equals", "is_listed", "licence_in_force"]
    field: Annotated[str, Field(max_length=80)] = ""
    value: Annotated[str, Field(max_length=500)] = ""
    resource: Annotated[str, Field(max_length=160)] = ""
    type: Annotated[str, Field(max_length=80)] = ""
    contains: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _whole(self) -> QuestionWish:
        needed = {
            "age_at_least": ("value",), "less_than": ("field", "value"), "equals": ("field", "value"),
            "is_listed": ("resource",), "licence_in_force": ("type",),
        }[self.predicate]  # fmt: skip
        if not all(getattr(self, name) for name in needed) or (
            self.predicate == "age_at_least" and not _years(self.value)
        ):
            raise ValueError(f"{self.predicate} needs {', '.join(needed)}")
        return self

    def question(self) -> Question:
        """Return it as it is asked."""
        return Question(self.predicate, self.field, self.value, self.resource, self.type, self.contains)


class PredicatesQuery(Strict):
    """About whom, and which questions."""

    subjects: Annotated[list[Subject], Field(min_length=1, max_length=MOST_SUBJECTS)]
    questions: Annotated[list[QuestionWish], Field(min_length=1, max_length=20)]


class PredicatesResult(BaseModel):
    """The answers for one subject, in the order of the questions: yes, no, unknown; or slowed.

    `disputed` says of each whether what it was made from is in question.
    """

    index: int
    answers: list[str]
    disputed: list[bool]
    retry_after: int | None


class PredicatesAnswer(BaseModel):
    """The answers, in the order of the subjects."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    results: list[PredicatesResult]


def _years(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 3
