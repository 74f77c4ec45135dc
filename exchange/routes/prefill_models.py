"""The bodies of prefill and its check."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field, StrictBool, StrictFloat, StrictInt

from exchange.prefill.filling import Wish
from exchange.prefill.keeping import Came
from exchange.prefill.people import Coming
from exchange.routes.models import Name, Number, Source, Strict, Subject, about_nobody

ItemName = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$")]
Text = Annotated[str, Field(max_length=200)]
Given = StrictBool | StrictInt | StrictFloat | Text
Value = StrictBool | StrictInt | Annotated[str, Field(max_length=4000)] | None


class Agent(Strict):
    """Who comes for the applicant: a number, and the mandate; without one the one file has to say that it may be."""

    number: Number
    mandate: Annotated[str, Field(max_length=64, pattern=r"^[0-9A-Za-z-]*$")] = ""


class PrefillWish(Strict):
    """What is applied for, by whom. `items`: codes or names of items, or the name of a life event.

    `applicant` may be left out where it is to be founded or born. `parties` are others, by the names that the items
    give them. `answers` are those to situation questions so far.
    """

    items: Annotated[list[ItemName], Field(min_length=1, max_length=30)]
    applicant: Subject | None = None
    agent: Agent | None = None
    parties: Annotated[dict[Name, Subject], Field(max_length=20)] = Field(default={})
    answers: Annotated[dict[Name, Given], Field(max_length=100)] = Field(default={})

    def wish(self) -> Wish:
        """Return it as it is asked."""
        numbers = {name: subject.number for name, subject in self.parties.items() if name != "applicant"}
        if self.applicant is not None:
            numbers = {"applicant": self.applicant.number, **numbers}
        coming = None if self.agent is None else Coming(self.agent.number, self.agent.mandate)
        return Wish(tuple(self.items), numbers, coming, {name: _said(each) for name, each in self.answers.items()})


class Attestation(BaseModel):
    """The proof of one value: the statement's own bytes, and its way to the root that the batch signs."""

    statement: str
    index: int
    root: str
    hashes: list[str]


class AttestationGiven(Strict):
    """An attestation as it came."""

    statement: Annotated[str, Field(max_length=20_000)]
    index: Annotated[int, Field(ge=0, le=100_000)]
    root: Annotated[str, Field(max_length=64)]
    hashes: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=40)]


class FieldGiven(Strict):
    """A field as it was handed in. `is_amended`: the applicant changed what stood there; `items`: what it is for."""

    field: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,160}$")]
    value: Value
    is_amended: bool = False
    items: Annotated[list[ItemName], Field(max_length=30)] = Field(default=[])
    attestation: AttestationGiven | None = None


class MaterialGiven(Strict):
    """How a material came: `ref` is the platform's own name for a file, `dated_on` the day of what is in it."""

    item: ItemName
    material: Name
    how: Literal["handed_in", "shared", "deposited", "promised"]
    ref: Annotated[str, Field(max_length=200, pattern=r"^[0-9A-Za-z._:/-]*$"), AfterValidator(about_nobody)] = ""
    dated_on: date | None = None

    def came(self) -> Came:
        """Return it as it is kept."""
        on = None if self.dated_on is None else self.dated_on.isoformat()
        return Came(self.item, self.material, self.how, self.ref, on)


class CheckWish(PrefillWish):
    """A form that was handed in, with the batches that the prefill gave; whose it is as for the prefill.

    `is_final`: this is what the case got in the end: it is kept for the applicant's next case, and counted.
    """

    batches: Annotated[list[Annotated[str, Field(max_length=4000)]], Field(max_length=20)]
    fields: Annotated[list[FieldGiven], Field(min_length=1, max_length=500)]
    materials: Annotated[list[MaterialGiven], Field(max_length=200)] = Field(default=[])
    is_final: bool = False


class Both(BaseModel):
    """A text in Chinese and English."""

    zh: str
    en: str


class ItemShown(BaseModel):
    """An item that is applied for. Days are working days, null: the law sets none."""

    name: str
    code: str
    label: Both
    department: str
    department_label: Both
    legal_days: int | None
    promised_days: int
    visits: int


class QuestionShown(BaseModel):
    """A situation question: `answered`, `known` from the one file, `to_ask`, or `not_needed`."""

    name: str
    kind: str
    label: Both
    state: Literal["answered", "known", "to_ask", "not_needed"]
    answers: list[dict[str, Any]]
    answer: Any


class ConditionShown(BaseModel):
    """A condition: met, not met, or null, not known; `why` the tests that decided, `proof` where they look."""

    condition: str
    label: Both
    items: list[str]
    is_met: bool | None
    why: list[dict[str, Any]]
    proof: list[dict[str, Any]]
    attestation: Attestation | None


class MaterialShown(BaseModel):
    """A material and how it stands; what satisfies it is one of `licence` … `promised`, the others are null."""

    label: Both
    also_called: list[Both]
    items: list[str]
    state: Literal["missing", "open_to_promise", "promised", "not_available", "depends", "earlier", "taken",
                   "deposited", "held", "not_needed"]  # fmt: skip
    names: dict[str, str]
    states: dict[str, str]
    why: dict[str, list[dict[str, Any]]]
    ways: list[dict[str, str]]
    licence: dict[str, Any] | None
    record: dict[str, Any] | None
    value: dict[str, Any] | None
    deposit: dict[str, Any] | None
    taken: dict[str, Any] | None
    earlier: str | None
    promised: dict[str, Any] | None
    not_in_force: list[dict[str, Any]]
    obtain: list[dict[str, Any]]
    promises: list[dict[str, Any]]


class FieldShown(BaseModel):
    """A field of the one form. `not_available`: not to be had here, whether it is there or not."""

    field: str
    label: Both
    items: list[str]
    names: dict[str, str]
    state: Literal["filled", "not_available", "applicant", "not_needed"]
    is_needed: bool | None
    value: Any
    value_name: str | None
    source: Source | None
    observed_on: date | None
    age_days: int | None
    doubts: list[str]
    filled_for: list[str]
    offered: list[dict[str, Any]]
    attestation: Attestation | None


class Attestations(BaseModel):
    """What signs all attestations of this answer: `batch` is a compact JWS over their Merkle root."""

    batch: str
    root: str
    ends_at: datetime


class Earlier(BaseModel):
    """Earlier cases of the applicant that the asker's department had, and the attachments that are copied from them."""

    cases: list[dict[str, Any]]
    attachments: list[dict[str, Any]]


class PrefillAnswer(BaseModel):
    """What the case still needs, and the form filled; `attestations` null where nothing could be attested."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    acting: str
    items: list[ItemShown]
    questions: list[QuestionShown]
    conditions: list[ConditionShown]
    materials: list[MaterialShown]
    form: list[FieldShown]
    earlier: Earlier
    attestations: Attestations | None


class FieldChecked(BaseModel):
    """What a field is, with the reason where there is one."""

    field: str
    state: Literal["untouched", "amended", "stale", "tampered", "never_attested"]
    reason: str | None
    reason_label: Both | None
    is_current: bool | None


class CheckAnswer(BaseModel):
    """The fields in the order in which they were handed in, and how many of each state there are."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    fields: list[FieldChecked]
    counts: dict[str, int]
    is_kept: bool


def _said(given: bool | float | str) -> str:
    return ("yes" if given else "no") if isinstance(given, bool) else str(given)
