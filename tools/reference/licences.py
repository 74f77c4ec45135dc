"""docs/reference/licences.md: every licence type, with its dictionary and fields, as declared."""

from __future__ import annotations

import catalog
from schemas.licence_types import METADATA_CODES, LicenceType
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
Kinds of licences, the table whose rows they are made from, and what each department's codes mean. How to declare one:
[declarations](declarations.md#licence-types). Type codes are the defining authority's code and three digits.

Every licence carries these codes besides its own (they follow the structure used by deployed licence systems):
"""


def page() -> str:
    """Return the page."""
    found = catalog.load().declarations.licences
    common = ", ".join(f"{code(name)} {label}" for name, label in METADATA_CODES.items())
    return made("Licence types", INTRODUCTION + "\n" + common + ".", *(_section(each) for each in found.values()))


def _section(licence: LicenceType) -> str:
    holders = ", ".join(f"{h.kind} by {code(h.column)}" for h in licence.holders)
    until = code(licence.valid_until) if licence.valid_until else "no end"
    items = ", ".join(f"{name} ({number})" for number, name in licence.items)
    agreed = " Shown with its holder's consent only (用证授权)." if licence.needs_consent else ""
    head = (
        f"## {licence.name} · {licence.label}\n\n{licence.about}. Type {code(licence.code)}, issued by "
        f"{code(licence.issuer)} ({licence.issuing_level}) for {licence.holder}: {holders}. Made from "
        f"[{licence.table}](tables.md), valid from {code(licence.valid_from)} to {until}. Items: {items}.{agreed} "
        f"Declared in `{licence.place.path}`."
    )
    states = [(code(raw) if raw else "always", state) for raw, state in licence.states.items()]
    fields = [
        (code(f.code), f.label, code(f.column), f.sensitivity, "yes" if f.is_disclosable else "**no**")
        for f in licence.fields
    ]
    state_title = f"code in {licence.state_column}" if licence.state_column else "code"
    return "\n\n".join(
        [
            head,
            table((state_title, "state"), states),
            table(("field", "数据项", "column", "sensitivity", "may be disclosed"), fields),
        ]
    )
