"""The bodies of requests about shared materials and of their answers."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel

from exchange.routes.models import CaseNumber, Name, Number, Short, Strict


class MaterialWish(Strict):
    """What is said of a file: its kind, whose it is, in which case, and who verified it against what, when.

    `issued`: the department that decides the case made it; it is a result, and a material of the next case.
    """

    kind: Name
    holder: Number
    case: CaseNumber
    verified_by: Short
    verified_against: Literal["original", "register", "issued", "none"]
    verified_on: date
    dated_on: date | None = None


class MaterialAnswer(BaseModel):
    """A material. `counts`: by the rules of its kind, for the item cited; `why_not` says why it does not.

    Who verified it, and when it was verified and deposited, is null where the grant does not give it.
    """

    format: str
    material_id: str
    kind: str
    label: dict[str, str]
    origin: str
    department: str | None
    verified_by: str | None
    verified_against: str
    verified_on: date | None
    dated_on: date | None
    fresh_until: date | None
    deposited_at: datetime | None
    media_type: str
    pages: int
    size: int
    state: str
    counts: bool
    why_not: dict[str, str] | None


class MaterialsAnswer(BaseModel):
    """Materials of a case's parties."""

    format: str
    materials: list[MaterialAnswer]


class OwnMaterial(MaterialAnswer):
    """A material as its holder sees it: with what happened to it, which licence took its place (`note`), and
    whether it may be taken back."""

    note: str
    may_withdraw: bool
    kept_basis: str
    events: list[dict[str, Any]]


class OwnMaterials(BaseModel):
    """One's materials, the newest verified first."""

    materials: list[OwnMaterial]
