"""Grade and class of information items (分类分级): what a grade asks of whoever shares, approves, exports."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from schemas.model import SENSITIVITIES


@dataclass(frozen=True)
class Grade:
    """One grade, 1 the lowest.

    `masking` is how a value is shown to whoever needs not see all of it: `none`, `part` (some characters) or `whole`.
    `approval` is who has to agree besides the consumer's own sharing office: `nobody`, `provider`, or `assessed`
    (the provider, after an impact assessment; Personal Information Protection Law, arts. 28, 55).
    `may_leave`: items of this grade may be named and published in the open catalogue.
    """

    level: int
    label: str
    masking: str
    approval: str
    may_leave: bool


GRADES: Mapping[str, Grade] = {
    "open": Grade(1, "公开", "none", "nobody", True),
    "ordinary": Grade(2, "一般", "none", "nobody", True),
    "personal": Grade(3, "个人信息", "part", "provider", False),
    "sensitive": Grade(4, "敏感个人信息", "whole", "assessed", False),
}
"""By sensitivity, as tables declare it."""


def highest(sensitivities: Iterable[str]) -> str:
    """Return the highest of some sensitivities; the lowest there is where there are none."""
    return max(sensitivities, key=lambda name: GRADES[name].level, default=SENSITIVITIES[0])
