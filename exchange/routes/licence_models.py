"""The bodies of requests and answers about licences."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StrictBool, model_validator

from exchange.routes.models import MOST_SUBJECTS, Number, Source, Strict

Code = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,79}$")]
TypeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,79}$")]
Identifier = Annotated[str, Field(min_length=20, max_length=120)]


class LicenceWish(Strict):
    """One search: by holder (and type), by licence id, or by type and the number printed on its face."""

    holder: Number | None = None
    type: TypeName | None = None
    id: Identifier | None = None
    printed: Annotated[str, Field(min_length=1, max_length=100)] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> LicenceWish:
        ways = [self.holder is not None, self.id is not None, self.printed is not None]
        if sum(ways) != 1 or (self.printed is not None and self.type is None):
            raise ValueError("exactly one of holder, id, or type and printed")
        return self


class LicencesSearch(Strict):
    """Up to 1,000 searches, and which of the granted fields; no fields: all. `in_force`: leave out the others."""

    searches: Annotated[list[LicenceWish], Field(min_length=1, max_length=MOST_SUBJECTS)]
    fields: Annotated[list[Code], Field(max_length=200)] = Field(default=[])
    in_force: StrictBool = False


class FieldShown(BaseModel):
    """One field of a licence, by its code."""

    label: str
    value: Any


class LogPlace(BaseModel):
    """Where a licence stands in the public log; `entry` is base64."""

    origin: str
    leaf_index: int
    entry: str


class LicenceShown(BaseModel):
    """A licence as far as it is granted. `needs_consent`: no field is shown, its holder has not agreed.

    `valid_from` and `valid_until` (null: no end) are there where ZZYXQQSRQ and ZZYXQJZRQ are granted and asked for.
    `disputed`: by field, and for `state`, objections and verifications that are open about what it is printed from.
    """

    id: str
    type: str
    label: str
    label_en: str
    state: str
    since_on: date
    valid_from: date | None = None
    valid_until: date | None = None
    version: int
    needs_consent: bool
    fields: dict[str, FieldShown]
    disputed: dict[str, list[dict[str, str]]]
    source: Source
    observed_on: date
    age_days: int
    log: LogPlace


class LicenceResult(BaseModel):
    """What one search found; nothing where there is nothing, or nothing that is granted."""

    index: int
    outcome: str
    licences: list[LicenceShown]


class LicencesAnswer(BaseModel):
    """The answer to a search, in the order of its searches."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    results: list[LicenceResult]


class LicenceAnswer(BaseModel):
    """One licence."""

    format: str
    answered_at: datetime
    grant: str
    item: str
    case: str
    licence: LicenceShown


class ProofAnswer(BaseModel):
    """Where a licence is in the log, proved: entry and checkpoint in the forms of the log, hashes hexadecimal.

    `payload` and `salt` (base64) stand there only where every field of the licence is granted: with them
    `onefile verify` proves each field, without them that the entry was made.
    """

    format: str
    id: str
    leaf_index: int
    entry: str
    proof: list[str]
    checkpoint: str
    payload: str | None
    salt: str | None
    disputed: dict[str, list[dict[str, str]]]


class StatusAnswer(BaseModel):
    """How a licence stands on a day, as known now; its place in the signed status list at /status/{list}."""

    format: str
    id: str
    state: str
    raw_state: str
    on: date
    known_at: datetime
    since_on: date
    disputed: dict[str, list[dict[str, str]]]
    list: str
    list_index: int
