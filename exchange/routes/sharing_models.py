"""The bodies of requests for a resource, of steps, and of answers about them."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, field_serializer

from exchange.routes.models import Name, Short, Strict, Text


class RequestWish(Strict):
    """What is asked for, and why. `rows`: area=CODE or level=LEVEL, empty for all; `quota`: looks a day."""

    entry: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$", max_length=160)]
    fields: Annotated[list[Name], Field(min_length=1, max_length=200)]
    rows: Annotated[str, Field(max_length=60)] = ""
    items: Annotated[list[Short], Field(max_length=100)] = Field(default=[])
    basis: Text
    scenario: Text
    scope: Text
    mode: Literal["query", "check", "batch", "file", "licence"]
    valid_from: date
    valid_until: date
    quota: Annotated[int, Field(strict=True, ge=1, le=10_000_000)]
    assessment: Text = ""
    notice_after: date | None = None

    @field_serializer("valid_from", "valid_until", "notice_after")
    def _day(self, day: date | None) -> str:
        return "" if day is None else day.isoformat()


class ActWish(Strict):
    """A step: what is done, in which role of one's department, and why. `fields` narrow what is granted."""

    action: Annotated[str, Field(pattern=r"^[a-z_]{2,40}$")]
    role: Literal["consumer", "office", "provider", "authority"]
    reason: Text = ""
    fields: Annotated[list[Name], Field(max_length=200)] = Field(default=[])
    detail: Text = ""


class SharingShown(BaseModel):
    """A request or a grant as it stands."""

    id: str
    request_id: str
    consumer: str
    provider: str
    entry_id: str
    state: str
    step_count: int
    valid_from: str
    valid_until: str
    due_on: str | None
    wants: dict[str, Any]


class SharingCase(SharingShown):
    """A request or a grant with its steps."""

    steps: list[dict[str, Any]]


class SharingList(BaseModel):
    """A page of requests or grants."""

    cases: list[SharingShown]
    next: str | None
