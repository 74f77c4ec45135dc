"""Which fields of a licence are printed from a value that is in question: by the columns that both come from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from catalog.marking import Marks, of_subject
from schemas.licence_types import LicenceType
from schemas.model import Declarations

STATE = "state"
"""What stands for how a licence stands among its fields' codes."""
FieldMarks = dict[str, list[dict[str, str]]]


def in_question(
    kind: LicenceType, known: Declarations, marked: Marks, subject_ids: Iterable[str]
) -> FieldMarks:  # fmt: skip
    """Return by code the marks of a licence's fields, and of its state.

    A field is in question while an attribute of one of its holders is that has the field's column among its sources.

    Args:
        marked: marks of the holders' values.
        subject_ids: the holders.
    """
    found: FieldMarks = {}
    for subject_id in subject_ids:
        file = known.files["person" if subject_id.startswith("p-") else "enterprise"]
        stated = {a.name: {s.column for s in a.sources if s.table == kind.table} for a in file.attributes}
        for attribute, own in of_subject(marked, subject_id).items():
            for code, columns in _columns(kind).items():
                if columns & stated.get(attribute, set()):
                    found.setdefault(code, []).extend(own)
    return found


def of_fields(found: FieldMarks, fields: Iterable[str]) -> FieldMarks:
    """Return the marks of some fields."""
    return {name: found[name] for name in fields if name in found}


def _columns(kind: LicenceType) -> Mapping[str, set[str]]:
    """Return the columns of its table that each field of a licence comes from."""
    named: dict[str, tuple[str | None, ...]] = {
        "ZZBH": (kind.printed,),
        "ZZBFRQ": (kind.issued,),
        "ZZYXQQSRQ": (kind.valid_from,),
        "ZZYXQJZRQ": (kind.valid_until,),
        "CZZT": tuple(holder.name_column for holder in kind.holders),
        "CZZTDM": tuple(holder.column for holder in kind.holders),
        STATE: (kind.state_column, kind.valid_until),
        **{field.code: (field.column,) for field in kind.fields},
    }
    return {code: {column for column in columns if column} for code, columns in named.items()}
