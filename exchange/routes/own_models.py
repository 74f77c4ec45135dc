"""The bodies of what applicants see and say: own file, trail, cases, objections."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, Field

from exchange.routes.models import Name, Short, Strict, Subject, Text

Reason = Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]


class Mark(BaseModel):
    """A value is in question: by an `objection` of its subject, or a `verification` of a department."""

    what: str
    id: str
    state: str
    since: str


class OwnStatement(BaseModel):
    """A value as somebody states it."""

    value: Any
    value_name: str | None
    department: str | None
    resource: str | None
    delivery: str | None
    observed_on: str | None
    age_days: int | None
    reason: str | None


class OwnAttribute(OwnStatement):
    """A value of one's own file."""

    label: str
    about: str
    lead: str | None
    contradictions: list[OwnStatement]
    disputed: list[Mark]


class OwnFile(BaseModel):
    """One's own file, whole."""

    format: str
    kind: str
    lake_version: str
    number_type: str | None
    number: str | None
    attributes: dict[str, OwnAttribute]
    relations: list[dict[str, Any]]


class Used(BaseModel):
    """One look as its subject is told it; `sentence` says it all."""

    seq: int
    at: str
    department: dict[str, str]
    system: str
    action: dict[str, str]
    fields: list[dict[str, str]]
    item: dict[str, str] | None
    case: str | None
    grant: str | None
    basis: str
    acting: str | None
    sentence: dict[str, str]


class TrailPage(BaseModel):
    """A page of the trail, the newest look first."""

    looks: list[Used]
    next: str | None


class Usage(BaseModel):
    """One look as Estonia's data tracker has it, extended by what follows `receiverName`."""

    logtime: str
    action: str
    receiverCode: str | None  # noqa: N815  # the tracker's own name
    receiverSystem: str | None  # noqa: N815
    receiverName: str  # noqa: N815
    fields: list[str]
    item: str | None
    case: str | None
    grant: str | None
    basis: str
    acting: str | None
    seq: int


class OwnCase(BaseModel):
    """A case that one is a party to. `days_left` are working days to the promised deadline; negative: it is over.

    Null: none runs, or the holidays of a year in between are not announced.
    """

    number: str
    item: str
    item_name: dict[str, str] | None
    department: str
    stage: str
    state: str
    state_name: dict[str, str]
    officer: str
    result: str
    opened_at: str
    promised_due_on: str | None
    legal_due_on: str | None
    days_left: int | None
    closed_at: str | None
    steps: list[dict[str, str]]


class OwnCases(BaseModel):
    """One's cases, the newest first."""

    cases: list[OwnCase]


class Export(BaseModel):
    """All that is there of one: file, trail, cases, objections."""

    format: str
    made_at: str
    file: OwnFile
    trail: list[Used]
    cases: list[OwnCase]
    objections: list[dict[str, Any]]


class ObjectionWish(Strict):
    """What is wrong with one's own file; the hotline's staff say whose, with the ticket's number."""

    attribute: Name
    reason: Reason
    subject: Subject | None = None
    ticket: Short = ""


class ClaimWish(Strict):
    """What a consumer got and holds for wrong."""

    subject: Subject
    attribute: Name
    reason: Reason


class DisputeWish(Strict):
    """Over which request or grant, and why."""

    about: Annotated[str, Field(pattern=r"^[RG][0-9]{8}-[0-9]{4,8}$")]
    role: Annotated[str, Field(pattern=r"^(consumer|provider)$")]
    reason: Reason


class StepWish(Strict):
    """A step: what is done, in which role, why; `delivery` is the one that brings a corrected value."""

    action: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    role: Annotated[str, Field(pattern=r"^(subject|consumer|provider|authority|government)$")]
    reason: Text = ""
    delivery: Annotated[str, Field(max_length=120, pattern=r"^[A-Za-z0-9._-]*$")] = ""


class Answered(BaseModel):
    """An objection, a verification or a dispute as it stands; `about` is the attribute, the request or the grant."""

    id: str
    about: str
    consumer: str
    provider: str
    state: str
    due_on: str | None
    reason: str
    ticket: str | None
    steps: list[dict[str, Any]]


class AnsweredList(BaseModel):
    """A page of them."""

    cases: list[Answered]
    next: str | None
