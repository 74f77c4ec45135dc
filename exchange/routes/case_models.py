"""The bodies of requests and answers about cases."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

from exchange.routes.models import CaseNumber, Number, Short, Strict, Text

Step = Literal[
    "receive", "tell_lacking", "supplement", "accept", "not_accept", "begin_special", "end_special", "grant",
    "refuse", "deliver", "withdraw", "abandon",
]  # fmt: skip


class Party(Strict):
    """Somebody whom a case is about, by number, and as what."""

    number: Number
    role: Literal["applicant", "agent", "spouse", "child", "parent", "representative", "other"] = "applicant"


class CaseWish(Strict):
    """A draft, or with `parent` a stage of a case in another department. `item` is the code of a declared item."""

    draft: CaseNumber
    item: Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")]
    department: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
    parties: Annotated[list[Party], Field(min_length=1, max_length=50)]
    parent: str = ""
    stage: Short = ""
    officer: Short = ""


class StepWish(Strict):
    """A step: when it was taken, by whom, why; `case_no` with the step that gives the draft its number.

    `licences` are the identifiers of those that the case issued: they go into its archive package, and stand behind the
    result.
    """

    step: Step
    at: AwareDatetime
    officer: Short = ""
    reason: Text = ""
    result: Text = ""
    licences: Annotated[list[Annotated[str, Field(max_length=200)]], Field(default_factory=list, max_length=20)]
    case_no: Annotated[str, Field(max_length=64)] = ""


class StepShown(BaseModel):
    """A step as it was reported."""

    case_id: str
    step_no: int
    at: datetime
    told_at: datetime
    step: str
    from_state: str
    to_state: str
    department: str
    officer: str
    reason: str
    told_by: str


class CaseShown(BaseModel):
    """A case as it stands; days are YYYY-MM-DD, the clocks in working days."""

    case_id: str
    draft_no: str
    case_no: str | None
    parent_id: str | None
    item: str
    department: str
    registrar: str
    registered_by: str
    stage: str
    kind: str
    state: str
    step_count: int
    officer: str
    result: str
    opened_at: datetime
    accepted_on: str | None
    stopped_on: str | None
    stopped_days: int
    legal_days: int | None
    promised_days: int
    legal_due_on: str | None
    promised_due_on: str | None
    closed_at: datetime | None


class CaseAnswer(CaseShown):
    """A case with its steps, and the numbers of its stages in other departments."""

    steps: list[StepShown]
    stages: list[str]


class CaseList(BaseModel):
    """A page of cases. `next` is the cursor of the next page, null on the last."""

    cases: list[CaseShown]
    next: str | None


Anything = dict[str, Any]
