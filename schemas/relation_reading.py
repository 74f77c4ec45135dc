"""From a one file's relations in YAML to `Relation`: which two columns of a table tie two subjects."""

from __future__ import annotations

from collections.abc import Mapping, Set
from dataclasses import dataclass

from schemas.errors import one_of
from schemas.model import Relation, Table
from schemas.reading import Fields, Value
from schemas.table_reading import checked_name


@dataclass(frozen=True)
class KnownTables:
    """The tables a one file may speak of: the sound ones, and the names of those whose faults were told already."""

    tables: Mapping[str, Table]
    broken: Set[str]

    def table(self, value: Value | None) -> Table | None:
        """Return the table that the value names; None when there is none, which was told."""
        if value is None:
            return None
        name = value.text()
        if name not in self.tables and name not in self.broken:
            value.refuse(f"the table {name!r}", one_of(self.tables, name))
        return self.tables.get(name)


def read_relations(items: list[Value], context: KnownTables) -> tuple[Relation, ...]:
    """Read the relations of one one file.

    The same two columns may be tied once under one name; a name has one label on the files of
    one kind.
    """
    found: dict[tuple[str, str, str, str], Relation] = {}
    labels: dict[tuple[str, str], tuple[str, Relation]] = {}
    for item in items:
        relation = _relation(item, context)
        if relation is None:
            continue
        key = (relation.name, relation.table, relation.one, relation.other)
        if key in found:
            item.refuse(f"the relation {relation.name!r} twice", f"it once (the first is at {found[key].place})")
        found.setdefault(key, relation)
        for name, kind, label in (
            (relation.name, relation.one_kind, relation.label),
            (relation.inverse, relation.other_kind, relation.inverse_label),
        ):
            first_label, first = labels.setdefault((name, kind), (label, relation))
            if label != first_label:
                item.refuse(f"the label {label!r} of {name!r}", f"{first_label!r}, as at {first.place}")
    return tuple(found.values())


def _relation(value: Value, context: KnownTables) -> Relation | None:
    fields = value.fields(
        ("name", "label", "inverse", "inverse_label", "table", "one", "other"),
        ("one_kind", "other_kind", "when", "since", "until", "one_name", "other_name", "details"),
    )
    table = context.table(fields.get("table"))
    if table is None:
        return None
    one, other = _end(table, fields, "one"), _end(table, fields, "other")
    if one is None or other is None:
        return None
    if one == other:
        fields.values["other"].refuse(f"{other[0]!r} on both sides", "two different subject columns")
    relation = Relation(
        name=checked_name(fields, "name"),
        label=fields.text("label"),
        inverse=checked_name(fields, "inverse"),
        inverse_label=fields.text("inverse_label"),
        table=table.name,
        one=one[0],
        one_kind=one[1],
        other=other[0],
        other_kind=other[1],
        when={name: entry.texts() for name, _, entry in fields.entries("when")},
        since=fields.maybe("since"),
        until=fields.maybe("until"),
        one_name=fields.maybe("one_name"),
        other_name=fields.maybe("other_name"),
        details=fields.texts("details"),
        place=value.place,
    )
    _check_relation(relation, table, fields)
    return relation


def _end(table: Table, fields: Fields, which: str) -> tuple[str, str] | None:
    """Return a side's column and what kind of subject it holds."""
    value = fields.get(which)
    if value is None:
        return None
    name = value.text()
    kinds = [subject.kind for subject in table.subjects if subject.column == name]
    if not kinds:
        value.refuse(f"{name!r}, no subject column of {table.name!r}", one_of([s.column for s in table.subjects], name))
        return None
    given = fields.get(f"{which}_kind")
    if given is None and len(kinds) == 1:
        return name, kinds[0]
    if given is None:
        value.refuse(f"{name!r}, which holds {' and '.join(kinds)}", f"the key '{which}_kind' beside")
        return None
    return name, given.choice(kinds)


def _check_relation(relation: Relation, table: Table, fields: Fields) -> None:
    columns = {column.name: column for column in table.columns}
    for option in ("since", "until"):
        name = fields.maybe(option)
        if name is not None and (name not in columns or columns[name].type != "date"):
            dates = [c.name for c in table.columns if c.type == "date"]
            fields.values[option].refuse(f"{name!r}", f"a date column of {table.name!r}: {one_of(dates, name)}")
    for option in ("one_name", "other_name"):
        name = fields.maybe(option)
        if name is not None and (name not in columns or columns[name].type != "string"):
            texts = [c.name for c in table.columns if c.type == "string"]
            fields.values[option].refuse(f"{name!r}", f"a string column of {table.name!r}: {one_of(texts, name)}")
    for name in relation.details:
        if name not in columns:
            fields.values["details"].refuse(f"the column {name!r}", one_of(columns, name))
    for name, key, _ in fields.entries("when"):
        if name not in columns:
            key.refuse(f"the column {name!r}", one_of(columns, name))
