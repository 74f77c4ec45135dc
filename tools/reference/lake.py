"""docs/reference/lake.md: every table of the lake with its columns, from the schemas that the flow writes with."""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql.types import StructType

import catalog
from pipelines import (
    assembly,
    bridge_list,
    bronze,
    conform,
    erasing,
    licence_statistics,
    names,
    resolution,
    steps,
    types,
    verdicts,
)
from schemas.model import Declarations, OneFile, Resource
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

# Name, type and meaning of a column.
Column = tuple[str, str, str]

INTRODUCTION = """
Delta tables below `lake/` in `ONEFILE_HOME`, one folder a table. Any Delta reader opens them
([how](../how-to/read-the-lake.md)): reader version 1; for the one files version 3, with deletion vectors and nothing
else; no column mapping. Every column of every table has its meaning as a comment. The property `onefile.format` holds
the version of the layout. Instants are in UTC, days are days. The log has figures (least and greatest values) of our
own columns only ([ADR 0025](../adr/0025-the-lake-s-log-keeps-figures-of-our-own-columns-only.md)).

Columns that begin with an underscore are ours; the others come from the declarations: [tables](tables.md),
[resources](resources.md), [one files](files.md).
"""
BRONZE = """
## Bronze: as received

`bronze/<department>.<resource>`, append only, one row per record of a delivery. These columns, then one string
column for each header that the resource knows, ignored ones too. A header keeps its name; characters that Delta
does not allow in one (space `,;{}()=`, tab, line end) become their full-width twins, and a leading underscore
becomes `＿`.
"""
SILVER = """
## Silver: statements

`silver/<table>`, append only, one row per accepted statement, whatever resource it came through. These columns,
then the table's own, typed. Nothing is ever changed here: the present is the last statement of each `_resource` and
`_key` by `_valid_from`, `_seq`, `_row_no`, of released deliveries, without the withdrawn ([ADR
0004](../adr/0004-silver-is-a-record-of-statements.md)).
"""
RELEASE = """
## `silver/release`: which deliveries count

One row per delivery that passed its critical expectations. Statements of a delivery that is not here are read by
nobody ([ADR 0005](../adr/0005-a-release-is-the-gate-and-the-cursor.md)).
"""
ORDERS = """
## `silver/erasure_order`: what is to be erased

One row per record whose erasure is ordered and not done: as long as it is here, nothing is made from the record's
statements ([erase](../how-to/erase.md)).
"""
TOMBSTONES = """
## `silver/tombstone`: what was erased

Append only. One row per row that was erased by law; it holds nothing that the row said.
"""
QUARANTINE = """
## Quarantine: rejected rows

`quarantine/<department>.<resource>`, append only, one row per rejected row.
"""
RESOLUTION = """
## `quarantine/resolution`: which of them are settled

Append only, made with the first row that is settled. A rejected row waits as long as it is not here.
"""
GOLD = """
## Gold: the one files

`gold/person_file` and `gold/enterprise_file`, one row per subject, merged; the change data feed is on ([ADR
0008](../adr/0008-a-one-file-is-a-row-with-a-struct-per-attribute.md)). Each declared attribute is a column of the
same name:
"""
GOLD_TYPES = """
The attributes and the types of their values:
"""
LINKS = """
## `gold/link_candidate`: persons without a usable number

One row per present record that is about a person and has no number; written anew whenever person files are
assembled.
"""
BRIDGES = """
## `gold/person_bridge`, `gold/enterprise_bridge`: earlier numbers

One row per earlier number and record that states it; those that are not `used` lead nowhere
([ADR 0096](../adr/0096-earlier-numbers-are-bridged-where-files-are-made.md)).
"""
LICENCES = """
## `gold/licence`: how each licence stands

One row per licence, merged from the licence log; nobody's name, number or printed number ([ADR
0037](../adr/0037-licences-are-issued-from-what-was-released.md)).
"""
QUALITY = """
## `gold/quality`: outcome of every expectation

Append only, counts and no values.
"""
TABLES = """
## All tables
"""


def _attribute() -> str:
    """Return the type of an attribute of a value of type T."""
    told = {name: kind.simpleString() for name, kind in (assembly.TOLD_BY | assembly.WHY).items()}
    return f"struct<value:T,{','.join(f'{name}:{kind}' for name, kind in told.items())}>"


GOLD_COLUMNS: tuple[Column, ...] = (
    ("subject_id", "string", "internal id of the subject"),
    ("number_type", "string", "citizen, hmt_resident, foreigner or credit_code"),
    ("number", "string", "the number the subject is known by"),
    (
        "<attribute>",
        _attribute(),
        "the value that won, the record it came from, and why it won; null: nobody states one",
    ),
    (
        "contradictions",
        assembly.CONTRADICTIONS.simpleString(),
        "what other resources say otherwise, as text, and why they lost",
    ),
    (
        "agreements",
        assembly.AGREEMENTS.simpleString(),
        "which other resources state a value as the file has it, and where",
    ),
    ("relations", assembly.TIES.simpleString(), "ties to other subjects, as records state them"),
    ("identifiers", assembly.IDENTIFIERS.simpleString(), "numbers of the subject, each with who stated it first"),
    ("_digest", "string", "SHA-256 over the whole file, hex"),
)
LINK_COLUMNS: tuple[Column, ...] = (
    ("table", "string", "table of the record"),
    ("column", "string", "its column in which the number is missing"),
    ("resource", "string", "resource that states it"),
    ("record", "string", "the record's `_key` in silver"),
    ("delivery", "string", "delivery that brought it"),
    ("row_no", "bigint", "row of the delivery"),
    ("observed_on", "date", "day since when it is true"),
    ("known", "map<string,string>", "the record's other values, as text"),
)


def page() -> str:
    """Return the page."""
    found = catalog.load()
    declarations = found.declarations
    a_resource, a_table = next(iter(found.resources.values())), next(iter(declarations.tables.values()))
    return made(
        "The lake",
        INTRODUCTION,
        TABLES,
        table(("table", "what"), _tables(found.resources.values(), declarations)),
        BRONZE,
        columns(_own(bronze.schema(a_resource))),
        SILVER,
        columns(_own(conform.silver_schema(a_table))),
        RELEASE,
        columns(described(steps.RELEASE)),
        ORDERS,
        columns(described(erasing.ORDER)),
        TOMBSTONES,
        columns(described(erasing.TOMBSTONE)),
        QUARANTINE,
        columns(described(conform.QUARANTINE)),
        RESOLUTION,
        columns(described(resolution.RESOLUTION)),
        GOLD,
        columns(GOLD_COLUMNS),
        GOLD_TYPES,
        table(("one file", "attribute", "`value` is a"), _attributes(declarations.files.values())),
        LINKS,
        columns(LINK_COLUMNS),
        BRIDGES,
        columns(described(bridge_list.LISTED)),
        LICENCES,
        columns(described(licence_statistics.SCHEMA)),
        QUALITY,
        columns(described(verdicts.RESULTS)),
    )


def columns(found: Iterable[Column]) -> str:
    """Return a table of columns."""
    rows = [(code(name), code(kind.replace(",", ", ").replace(":", ": ")), meaning) for name, kind, meaning in found]
    return table(("column", "type", "meaning"), rows)


def described(schema: StructType) -> list[Column]:
    """Return the columns of a schema with what their comments say."""
    return [(each.name, each.dataType.simpleString(), each.metadata.get("comment", "")) for each in schema.fields]


def attribute_types(file: OneFile) -> dict[str, str]:
    """Return for each attribute the type of its value."""
    return {a.name: types.spark_type(a.type, a.precision, a.scale).simpleString() for a in file.attributes}


def _own(schema: StructType) -> list[Column]:
    """Return the columns of a schema that are ours."""
    return [column for column in described(schema) if column[0].startswith("_")]


def _tables(resources: Iterable[Resource], declarations: Declarations) -> list[tuple[str, str]]:
    found = []
    for resource in resources:
        found.append((names.bronze(resource.id), f"{resource.title} ({resource.title_en}), as received"))
        found.append((names.quarantine(resource.id), "its rejected rows"))
    found += [(names.silver(t.name), f"{t.label}: {t.grain}") for t in declarations.tables.values()]
    found += [(names.RELEASE, "deliveries that count"), (names.RESOLUTION, "rejected rows that are settled")]
    found += [(names.ERASURE_ORDER, "records to be erased"), (names.TOMBSTONE, "rows that were erased")]
    found += [(names.gold(kind), f"{file.label}: {file.about}") for kind, file in declarations.files.items()]
    found += [(names.bridge(kind), f"earlier numbers of each {kind}") for kind in declarations.files]
    found += [(names.LINK_CANDIDATES, "person records without a usable number")]
    found += [(names.LICENCE, "how each licence stands, for statistics")]
    found += [(names.QUALITY, "outcome of every expectation")]
    return [(code(name), what) for name, what in sorted(found)]


def _attributes(files: Iterable[OneFile]) -> list[tuple[str, str, str]]:
    return [(code(file.kind), code(name), code(kind)) for file in files for name, kind in attribute_types(file).items()]
