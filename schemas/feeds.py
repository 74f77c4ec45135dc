"""Which tables feed which one file, and by which of their columns: read from the declarations alone."""

from __future__ import annotations

from schemas.model import Declarations, OneFile, Relation

# One direction of a tie: its name, the column and kind of this side and of the other, the column of the other's name.
Way = tuple[str, str, str, str, str, str | None]


def attribute_columns(file: OneFile) -> dict[str, tuple[str, ...]]:
    """Return for each table that gives the file attributes the columns that name its subject."""
    found: dict[str, dict[str, None]] = {}
    for attribute in file.attributes:
        for source in attribute.sources:
            found.setdefault(source.table, {})[source.subject] = None
    return {table: tuple(columns) for table, columns in sorted(found.items())}


def ways(kind: str, declarations: Declarations) -> list[tuple[Relation, Way]]:
    """Return each declared relation in each direction that starts at a subject of this kind."""
    found = []
    for relation in (r for file in declarations.files.values() for r in file.relations):
        forth = (
            relation.name,
            relation.one,
            relation.one_kind,
            relation.other,
            relation.other_kind,
            relation.other_name,
        )
        back = (
            relation.inverse,
            relation.other,
            relation.other_kind,
            relation.one,
            relation.one_kind,
            relation.one_name,
        )
        found += [(relation, way) for way in (forth, back) if way[2] == kind]
    return found


def subject_columns(file: OneFile, declarations: Declarations) -> dict[str, tuple[str, ...]]:
    """Return each table that feeds the file, with all its columns that name such a subject."""
    found = {table: dict.fromkeys(columns) for table, columns in attribute_columns(file).items()}
    for relation, way in ways(file.kind, declarations):
        found.setdefault(relation.table, {})[way[1]] = None
    return {table: tuple(columns) for table, columns in sorted(found.items())}


def feeding_tables(declarations: Declarations, kind: str) -> tuple[str, ...]:
    """Return the tables that feed the one files of a kind."""
    return tuple(subject_columns(declarations.files[kind], declarations))
