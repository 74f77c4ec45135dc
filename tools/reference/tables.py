"""docs/reference/tables.md: every table with its columns, as declared."""

from __future__ import annotations

import catalog
from schemas.model import Column, Table
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
What silver tables hold, and what a resource's columns are mapped onto. How to write one:
[declarations](declarations.md). A column that is required is never empty in an accepted row; *key* columns make a row
one of its kind within a resource; the type `code` means a code of the list named ([code lists](codes.md)).
"""


def page() -> str:
    """Return the page."""
    found = catalog.load()
    sections = [_section(declared, found) for declared in found.declarations.tables.values()]
    return made("Tables", INTRODUCTION, *sections)


def _section(declared: Table, found: catalog.Catalogue) -> str:
    resources = ", ".join(code(resource.id) for resource in found.of_table(declared.name))
    filled = f"Filled by {resources}" if resources else "Filled by no resource yet: declared for its licences"
    subjects = ", ".join(f"{subject.kind} by {code(subject.column)}" for subject in declared.subjects)
    since = code(declared.observed) if declared.observed else "the delivery's period"
    head = (
        f"## {declared.name} · {declared.label}\n\n"
        f"{declared.grain[0].upper()}{declared.grain[1:]}. Source: {declared.source}. "
        f"About: {subjects or 'no subject'}; {since} says since when. {filled}. "
        f"{_kept(declared)}Declared in `{declared.place.path}`."
    )
    bridges = "; ".join(f"{code(b.earlier)} of {code(b.to)}" for b in declared.bridges)
    head += f" Earlier numbers: {bridges}." if bridges else ""
    rows = [(code(c.name), c.label, _type(c), _required(c, declared), c.about, _rules(c)) for c in declared.columns]
    return f"{head}\n\n{table(('column', '数据项', 'type', 'required', 'about', 'rules'), rows)}"


def _kept(declared: Table) -> str:
    """Say by which law records are erased, where there is one."""
    found = f"A record may be erased by law ({declared.erasure}). " if declared.erasure else ""
    if declared.retention is not None:
        kept = declared.retention
        found += f"Kept for {kept.months} months from {code(kept.since)} ({kept.basis}). "
    return found


def _required(column: Column, declared: Table) -> str:
    if column.name in declared.key:
        return "key"
    return "yes" if column.required else ""


def _type(column: Column) -> str:
    if column.type == "decimal":
        return f"decimal({column.precision},{column.scale})"
    return f"code of [{column.codes}](codes.md#{column.codes})" if column.codes else column.type


def _rules(column: Column) -> str:
    rules = [
        (column.unit, f"unit: {column.unit}"),
        (column.pattern, f"matches {code(column.pattern or '')}"),
        (column.max_length, f"at most {column.max_length} characters"),
        (column.minimum is not None, f"from {column.minimum}"),
        (column.maximum is not None, f"to {column.maximum}"),
        (column.not_before, f"not before {column.not_before}"),
        (column.not_after, f"not after {column.not_after}"),
        (column.earlier, f"or {' or '.join(column.earlier)}"),
        (column.sensitivity != "ordinary", column.sensitivity),
    ]
    return "; ".join(text for holds, text in rules if holds)
