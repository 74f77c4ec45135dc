"""The bodies of requests and answers, as the OpenAPI description has them. Unknown names are refused."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from exchange.access.naming import names_somebody

MOST_SUBJECTS = 1000
Number = Annotated[str, StringConstraints(min_length=1, max_length=32)]
"""A subject's number: a citizen's, a foreigner's, a unified social credit code."""
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9_.]{0,79}$")]
CaseNumber = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")]


def about_nobody(text: str) -> str:
    """Return a text that names nobody by number; ValueError for one that does."""
    if names_somebody(text):
        raise ValueError("leave numbers of people and enterprises out")
    return text


Text = Annotated[
    str, StringConstraints(max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$"), AfterValidator(about_nobody)
]
Short = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$"), AfterValidator(about_nobody)]
"""Texts of people's own, kept in the clear: without control characters, and without anybody's number."""


class Strict(BaseModel):
    """A request's body: what it does not know it refuses."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class Problem(BaseModel):
    """Why a request was not answered (RFC 9457). `code` stays for good."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    detail_zh: str
    detail_en: str


class Subject(Strict):
    """A subject by its number."""

    number: Number


class FilesQuery(Strict):
    """Whose files, and which of the granted fields; no fields: all that are granted."""

    subjects: Annotated[list[Subject], Field(min_length=1, max_length=MOST_SUBJECTS)]
    fields: Annotated[list[Name], Field(max_length=200)] = []
    contradictions: StrictBool = False


class Source(BaseModel):
    """Where a value is from."""

    resource: str | None
    department: str | None


class Statement(BaseModel):
    """A value as a resource states it. `reason` says why it won or lost; `age_days` counts to today."""

    value: Any
    value_name: str | None
    source: Source | None
    observed_on: date | None
    age_days: int | None
    reason: str | None


class AttributeShown(Statement):
    """An attribute. `is_lead`: it is the file's value, by its own source or one that agrees; else another's won.

    `disputed`: objections and verifications about it that are open, each `{what, id, state, since}`.
    """

    label: str
    type: str
    is_lead: bool
    is_stale: bool
    contradictions: list[Statement]
    disputed: list[dict[str, str]]


class Tie(BaseModel):
    """A tie to another subject."""

    relation: str
    label: str
    other_kind: str | None
    other_number: str | None
    other_name: str | None
    since: date | None
    until: date | None
    details: dict[str, Any]
    source: Source
    observed_on: date | None
    age_days: int | None


class FileShown(BaseModel):
    """A one file as far as it is granted."""

    kind: str
    attributes: dict[str, AttributeShown]
    relations: list[Tie]


class FileResult(BaseModel):
    """What was found for one subject of the request. `not_found`: no such subject, or not among the granted rows."""

    index: int
    outcome: str
    files: list[FileShown]


class FilesAnswer(BaseModel):
    """The answer to a files query, in the order of its subjects."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    results: list[FileResult]
