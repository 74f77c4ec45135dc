"""docs/reference/resources.md: every resource, its terms, and how a delivery becomes rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import catalog
from schemas.model import Assertions, Cleaner, ColumnMapping, Resource
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
What departments share, on which terms, and how the files of a delivery become rows of a [table](tables.md). How to
write one: [declarations](declarations.md). A delivery must have all headers shown; those under *ignored* may be
there; any other is refused.
"""


def page() -> str:
    """Return the page."""
    found = catalog.load()
    return made("Resources", INTRODUCTION, *(_section(resource, found) for resource in found.resources.values()))


def _section(resource: Resource, found: catalog.Catalogue) -> str:
    provider = found.department(resource.department)
    facts = [
        ("provider", f"{provider.name} ({provider.name_en})"),
        ("about", resource.about),
        ("table", f"[{resource.table}](tables.md)"),
        ("shared", _share(resource)),
        ("update cycle", resource.update_cycle.replace("_", " ")),
        ("files", _files(resource)),
        ("means nothing", ", ".join(code(text) for text in resource.empty if text) or "empty text only"),
        ("withdraws a record", _operation(resource, "withdraw")),
        ("has one erased", _operation(resource, "erase")),
        ("ignored", ", ".join(resource.ignore) or "no header"),
        ("asserted", _asserted(resource.assertions) or "nothing"),
        ("declared in", code(resource.place.path)),
    ]
    rows = [(_source(m), code(m.column), _clean(m)) for m in resource.columns]
    head = f"## {resource.id} · {resource.title}\n\n{resource.title_en}."
    return f"{head}\n\n{table(('', ''), facts)}\n\n{table(('header', 'column', 'cleaned by'), rows)}"


def _share(resource: Resource) -> str:
    condition = f", {resource.share_condition}" if resource.share_condition else ""
    return f"{resource.share_class.replace('_', ' ')}{condition}; basis: {resource.share_basis}"


def _files(resource: Resource) -> str:
    parts = [resource.format] if resource.format == "xlsx" else [resource.format, resource.encoding]
    if resource.format == "csv":
        parts.append(f"fields parted by {code(resource.delimiter)}")
        if resource.header_row > 1:
            parts.append(f"header in line {resource.header_row}")
    if resource.format == "xml":
        parts.append(f"records at {code('/' + '/'.join(resource.path))}")
    if resource.format == "xlsx":
        sheet = f"sheet {resource.sheet}" if resource.sheet else "first sheet"
        parts.append(f"{sheet}, header in line {resource.header_row}")
    return ", ".join([*parts, "signature required" if resource.signature_required else "signature optional"])


def _operation(resource: Resource, deed: Literal["withdraw", "erase"]) -> str:
    values = getattr(resource.operation, deed, ())
    if resource.operation is None or not values:
        return "nothing"
    return f"{resource.operation.header} is {' or '.join(code(value) for value in values)}"


def _asserted(assertions: Assertions) -> str:
    rules = [
        (assertions.min_rows, f"rows: {assertions.min_rows} or more"),
        (assertions.max_rows, f"rows: {assertions.max_rows} or fewer"),
        (assertions.max_quarantined_share, f"at most {assertions.max_quarantined_share} of the rows quarantined"),
        (assertions.fresh_days, f"not older than {assertions.fresh_days} days"),
    ]
    return "; ".join(text for value, text in rules if value is not None)


def _source(mapping: ColumnMapping) -> str:
    if mapping.source is None:
        return f"always {code(mapping.constant or '')}"
    limits = [f"{header} is {' or '.join(values)}" for header, values in mapping.when.items()]
    return mapping.source + (f", where {' and '.join(limits)}" if limits else "")


def _clean(mapping: ColumnMapping) -> str:
    steps = [_cleaner(cleaner) for cleaner in mapping.clean]
    if mapping.lookup:
        steps.append(
            "look-up: " + ", ".join(f"{dirty} → {meant or 'nothing'}" for dirty, meant in mapping.lookup.items())
        )
    return ", ".join(steps)


def _cleaner(cleaner: Cleaner) -> str:
    argument = cleaner.argument
    if argument is None:
        return cleaner.name
    if isinstance(argument, Mapping):
        return f"{cleaner.name} ({', '.join(f'{name} {value}' for name, value in argument.items())})"
    values = argument if isinstance(argument, tuple) else (argument,)
    return f"{cleaner.name} {' or '.join(code(str(value)) for value in values)}"
