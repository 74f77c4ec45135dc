"""What a licence type is: declared once in `schemas/licences`, read by the vault and, later, the counter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from schemas.model import Place
from schemas.terms import Share, Terms

LICENCE_STATES = (
    "valid", "suspended", "revoked", "annulled", "cancelled", "lapsed", "transferred", "superseded",
)  # fmt: skip
HOLDER_CATEGORIES = ("person", "enterprise", "both")
METADATA_CODES = {
    "ZZMC": "证照名称",
    "ZZLXDM": "证照类型代码",
    "ZZBH": "证照编号",
    "ZZBS": "证照标识",
    "ZZBFJG": "证照颁发机构",
    "ZZBFJGDM": "证照颁发机构代码",
    "ZZBFRQ": "证照颁发日期",
    "CZZT": "持证主体",
    "CZZTDM": "持证主体代码",
    "CZZTDMLX": "持证主体代码类型",
    "CZZTDMLXDM": "持证主体代码类型代码",
    "ZZYXQQSRQ": "证照有效期起始日期",
    "ZZYXQJZRQ": "证照有效期截止日期",
    "CJSJ": "创建时间",
}
"""Metadata that every licence has, by code: made by the vault. Follows the structure used by deployed systems."""
METADATA_SENSITIVITIES = {"CZZT": "personal", "CZZTDM": "sensitive", "ZZBH": "personal", "ZZBS": "personal"}
"""Sensitivity of those that are not ordinary: who holds it, and what leads there."""


@dataclass(frozen=True)
class LicenceField:
    """One extension field (`KZ_…`) of a licence, and the column that it comes from.

    `is_disclosable`: whether a presentation may show it; what may not stays in the payload only.
    """

    code: str
    column: str
    label: str
    sensitivity: str
    is_disclosable: bool


@dataclass(frozen=True)
class LicenceHolder:
    """The columns that say who holds it: a number of a person or a credit code, and the name."""

    kind: str
    column: str
    name_column: str


@dataclass(frozen=True)
class LicenceType:
    """A kind of licence: defined by one authority, issued by the department `issuer`.

    `code` is the authority's credit code with three digits. `printed` names the column with
    the number on the licence's face. `issued`, `valid_from`, `valid_until` name date columns
    (`valid_until` None: no end); `since` the day since when a row's state holds (None: the
    day that it is recorded). `states` maps the codes of `state_column` to `LICENCE_STATES`;
    without a column there is one entry, under the empty text. `items` are (code, name).
    `needs_consent`: whether it is shown to others with its holder's consent (用证授权) only.
    `share`, `terms` and `update_cycle` are what the catalogue says, all three or none: a draft.
    """

    name: str
    label: str
    label_en: str
    about: str
    code: str
    authority: str
    issuer: str
    issuer_code: str
    issuer_name: str
    issuing_level: str
    holder: str
    table: str
    printed: str | None
    holders: tuple[LicenceHolder, ...]
    issued: str
    valid_from: str
    valid_until: str | None
    since: str | None
    state_column: str | None
    states: Mapping[str, str]
    fields: tuple[LicenceField, ...]
    items: tuple[tuple[str, str], ...]
    template: str
    place: Place = field(compare=False, repr=False)
    share: Share | None = None
    terms: Terms | None = None
    update_cycle: str | None = None
    needs_consent: bool = False

    def state(self, raw: str) -> str | None:
        """Return the state that a department's code means; None when the dictionary lacks it."""
        return self.states.get(raw if self.state_column is not None else "")
