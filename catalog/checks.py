"""What must hold of the catalogue as a whole, over all its declarations."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalog.grades import GRADES
from schemas.errors import Problems
from schemas.model import Code, Declarations, Resource
from schemas.terms import Terms


def check(declarations: Declarations, resources: Mapping[str, Resource], problems: Problems) -> None:
    """Tell codes given twice, and open resources with items that must not leave."""
    _check_codes(declarations, resources, problems)
    for resource in resources.values():
        _check_openness(resource, declarations, problems)


def _check_codes(declarations: Declarations, resources: Mapping[str, Resource], problems: Problems) -> None:
    first: dict[str, Terms] = {}
    for terms in _terms(declarations, resources):
        if terms.code in first:
            problems.add(terms.place, f"the catalogue code {terms.code!r} again",
                         f"a code of its own (the first is at {first[terms.code].place})")  # fmt: skip
        first.setdefault(terms.code, terms)


def _terms(declarations: Declarations, resources: Mapping[str, Resource]) -> Iterator[Terms]:
    yield from (resource.terms for resource in resources.values() if resource.terms is not None)
    yield from (licence.terms for licence in declarations.licences.values() if licence.terms is not None)
    yield from (material.terms for material in declarations.materials.values() if material.terms is not None)


def path(classes: Mapping[str, Code], code: str) -> tuple[str, ...] | None:
    """Return a class and those above it, the top one first; None where it is within itself or unknown."""
    found: list[str] = []
    at: str | None = code
    while at is not None:
        if at in found or at not in classes:
            return None
        found.append(at)
        at = classes[at].parent
    return tuple(reversed(found))


def _check_openness(resource: Resource, declarations: Declarations, problems: Problems) -> None:
    if resource.terms is None or resource.terms.openness != "unconditional":
        return
    columns = {column.name: column for column in declarations.tables[resource.table].columns}
    shut = [m.column for m in resource.columns if not GRADES[columns[m.column].sensitivity].may_leave]
    if shut:
        problems.add(resource.terms.place, f"openness 'unconditional' with {', '.join(shut)}, of persons",
                     "openness 'closed' or 'conditional', or a resource without these items")  # fmt: skip
