"""From a table's YAML to the columns that hold earlier numbers, and those that rows may come under."""

from __future__ import annotations

from collections.abc import Iterable

from schemas.errors import one_of
from schemas.identifiers.earlier import EARLIER_TYPES, REGISTRATION, TAX
from schemas.model import Bridge, Column
from schemas.reading import Fields, Value

_PERSONS = ("person_number", "citizen_number")


def read_earlier(fields: Fields) -> tuple[str, ...]:
    """Read the types of earlier numbers that may stand in a column of credit codes."""
    value = fields.get("earlier")
    if value is None:
        return ()
    types = value.texts()
    for name in types:
        if name not in EARLIER_TYPES:
            value.refuse(f"the type {name!r}", one_of(EARLIER_TYPES, name))
    if {REGISTRATION, TAX} <= {*types}:
        value.refuse(f"both {REGISTRATION!r} and {TAX!r}", "one of them: both have 15 digits, and nothing tells which")
    return types


def read_bridges(fields: Fields, columns: Iterable[Column]) -> tuple[Bridge, ...]:
    """Read which columns hold earlier numbers of which subject of the row."""
    by_name = {column.name: column for column in columns}
    subjects = {name for _, _, value in fields.entries("subject") for name in value.texts(may_be_single=True)}
    found = [_bridge(value, by_name, subjects) for value in fields.items("bridges")]
    return tuple(bridge for bridge in found if bridge is not None)


def _bridge(value: Value, columns: dict[str, Column], subjects: set[str]) -> Bridge | None:
    fields = value.fields(("earlier", "to"), ("type", "since"))
    bridge = Bridge(fields.text("earlier"), fields.text("to"), fields.maybe("type"), fields.maybe("since"))
    named = {"earlier": bridge.earlier, "to": bridge.to, "since": bridge.since}
    unknown = [key for key, name in named.items() if name is not None and name not in columns]
    for key in unknown:
        if key in fields.values:
            fields.values[key].refuse(f"the column {named[key]!r}", one_of(columns, str(named[key])))
    if unknown:
        return None
    if bridge.to not in subjects or bridge.to == bridge.earlier:
        fields.values["to"].refuse(f"{bridge.to!r}", f"another column that names a subject: {one_of(subjects)}")
    if bridge.since is not None and columns[bridge.since].type != "date":
        fields.values["since"].refuse(f"{bridge.since!r} of type {columns[bridge.since].type!r}", "a date")
    is_person, of_type = columns[bridge.to].type in _PERSONS, columns[bridge.earlier].type
    if is_person and (of_type not in _PERSONS or bridge.type is not None):
        value.refuse(f"a person's earlier number of type {of_type!r}", "a column of type person_number, and no 'type'")
    elif not is_person and (of_type != "string" or bridge.type not in EARLIER_TYPES):
        value.refuse(f"the type {bridge.type!r} of a column of type {of_type!r}", f"a string; {one_of(EARLIER_TYPES)}")
    return bridge
