"""From the present statements to one file per subject: frames in, one frame out.

One shuffle by subject brings together what is said of it; then each bucket of subjects is made into files outside of
the engine, column by column (`pipelines.filing`). Tables of different columns travel in one frame, whose slots
they share.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import partial, reduce

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.pandas.types import to_arrow_schema, to_arrow_type
from pyspark.sql.types import ArrayType, DataType, IntegerType, MapType, StructField, StructType

from pipelines import columnwise, filing, identity, pen, types
from pipelines.bridging import NONE, Bridges
from pipelines.filing import Branch, Plan
from pipelines.lake import engine, literal_rows
from pipelines.pen import WRITTEN, Design, Written
from schemas import feeds
from schemas.model import Attribute, Declarations, OneFile, Relation, Table


def _struct(**kinds: DataType) -> StructType:
    return StructType([StructField(name, kind) for name, kind in kinds.items()])


TOLD_BY: dict[str, DataType] = {
    "resource": types.STRING,
    "department": types.STRING,
    "record": types.STRING,
    "delivery": types.STRING,
    "row_no": types.LONG,
    "observed_on": types.DATE,
}
WHY: dict[str, DataType] = {"rank": IntegerType(), "reason": types.STRING}
CONTRADICTIONS = ArrayType(_struct(attribute=types.STRING, value=types.STRING, **TOLD_BY, **WHY))
TIES = ArrayType(
    _struct(
        relation=types.STRING,
        other_kind=types.STRING,
        other_number_type=types.STRING,
        other_number=types.STRING,
        other_name=types.STRING,
        since=types.DATE,
        until=types.DATE,
        details=MapType(types.STRING, types.STRING),
        **TOLD_BY,
    )
)
AGREEMENTS = ArrayType(_struct(attribute=types.STRING, **TOLD_BY))
BESIDE_ATTRIBUTES = ("contradictions", "agreements", "relations", "identifiers")
IDENTIFIERS = ArrayType(_struct(type=types.STRING, number=types.STRING, resource=types.STRING, observed_on=types.DATE))


ROWS_A_TASK = 150_000
_ENDS = _struct(_earlier=types.STRING, _present=types.STRING)


def one_files(
    present: Mapping[str, DataFrame],
    file: OneFile,
    declarations: Declarations,
    beside: Sequence[str] = (),
    bridges: Bridges = NONE,
) -> DataFrame | None:
    """Assemble the one files of the subjects that the records are about.

    Args:
        present: for each table of `schemas.feeds.subject_columns` the present records, a row each, as silver
            has them; a table that nothing was delivered for is left out.
        file: what a file holds.
        declarations: all tables and relations.
        beside: further columns of all records that part them, each part giving files of its own.
        bridges: records that name a subject by an earlier number are about who has the present one.

    Returns:
        One row per subject (and part): the columns of `beside`, `subject_id`, `number_type`, `number`,
        one struct per attribute, `contradictions`, `agreements`, `relations`, `identifiers`, `_digest`
        (SHA-256 over all of it but `beside`); None when there are no records at all.
    """
    bucket = _bucket(present, file, declarations, beside, bridges)
    if bucket is None:
        return None
    rows, plan, schema = bucket
    return _parted(rows, bridges.of(file.kind)).mapInArrow(partial(filing.in_task, plan=plan), schema)


def parts(statements: int | None) -> int | None:
    """Return into how many tasks so many statements are parted; None: as many as the engine takes for everything.

    A task has all of its rows in hand: the more there are, the longer it takes to pick out those of a subject.
    """
    return None if statements is None or statements <= ROWS_A_TASK else -(-statements // ROWS_A_TASK)


def written_in_tasks(
    present: Mapping[str, DataFrame], file: OneFile, declarations: Declarations, bridges: Bridges,
    into: tuple[Design, int | None],
) -> list[Written]:  # fmt: skip
    """Assemble as `one_files` does; the tasks that make the files write them into the table's folder at once.

    Args:
        into: what the table asks of its data files, and in how many tasks they are made, as `parts` says.

    Returns:
        What was written, and is in no version of the table yet.
    """
    bucket = _bucket(present, file, declarations, (), bridges)
    if bucket is None:
        return []
    rows, plan, _ = bucket
    design, parts = into
    with engine(f"write the {file.kind} files"):
        told = _parted(rows, bridges.of(file.kind), parts).mapInArrow(
            partial(_make_and_write, plan=plan, design=design), WRITTEN
        )
        return [Written(**each) for each in told.toArrow().to_pylist()]


def _make_and_write(batches: Iterable[pa.RecordBatch], plan: Plan, design: Design) -> Iterator[pa.RecordBatch]:
    return pen.in_task(filing.in_task(batches, plan), design)


def one_files_here(
    present: Mapping[str, DataFrame],
    file: OneFile,
    declarations: Declarations,
    beside: Sequence[str] = (),
    bridges: Bridges = NONE,
) -> DataFrame | None:
    """Assemble as `one_files` does, at once and in this process: for so few records that they are soon here."""
    bucket = _bucket(present, file, declarations, beside, bridges)
    if bucket is None:
        return None
    rows, plan, schema = bucket
    return rows.sparkSession.createDataFrame(filing.files(_fetched(rows), plan), schema)


def files_here(
    present: Mapping[str, pa.Table], file: OneFile, declarations: Declarations, bridges: Bridges = NONE
) -> pa.Table:
    """Assemble as `one_files` does, without the engine, of records that are in hand; none where there are none."""
    arrow = to_arrow_schema(schema_of(file), timezone="UTC")
    branches = _branches(present, file, declarations)
    if not sum(len(present[branch.table]) for branch in branches):
        return arrow.empty_table()
    parts = []
    for place, branch in enumerate(branches):
        told = _told_here(present[branch.table], branch, file, declarations)
        columns = {
            filing.BRANCH: columnwise.constant(place, pa.int32(), len(told)),
            filing.NUMBER: told[branch.subject],
        }
        columns |= {name: told[name] for name in (filing.SEQ, *filing.LINEAGE.values())}
        columns |= {slot: told[column].cast(_arrow_type(branch, column, declarations))
                    for column, slot in branch.slots.items()}  # fmt: skip
        parts.append(pa.table(columns))
    rows = pa.concat_tables(parts, promote_options="default")
    return (
        filing.part_by_part(rows, _plan(branches, file, declarations, (), arrow, bridges))
        if len(rows)
        else arrow.empty_table()
    )


def _fetched(rows: DataFrame) -> pa.Table:
    with engine("read what files are made of"):
        return rows.toArrow()


def attribute_type(attribute: Attribute) -> StructType:
    """Return what a file says of an attribute: its value, where that comes from, and why it won."""
    return _struct(value=types.spark_type(attribute.type, attribute.precision, attribute.scale), **TOLD_BY, **WHY)


def schema_of(file: OneFile, beside: Sequence[StructField] = ()) -> StructType:
    """Return the columns of files."""
    own: dict[str, DataType] = dict.fromkeys(("subject_id", "number_type", "number"), types.STRING)
    own |= {attribute.name: attribute_type(attribute) for attribute in file.attributes}
    own |= {
        "contradictions": CONTRADICTIONS,
        "agreements": AGREEMENTS,
        "relations": TIES,
        "identifiers": IDENTIFIERS,
        "_digest": types.STRING,
    }
    return StructType([*beside, *_struct(**own).fields])


def _parted(rows: DataFrame, ends: Mapping[str, str], parts: int | None = None) -> DataFrame:
    """Bring all records of a subject to the same task, under whatever number they name it."""
    count = () if parts is None else (parts,)
    if not ends:
        return rows.repartition(*count, filing.NUMBER)
    led = f.broadcast(literal_rows(rows.sparkSession, [*ends.items()], _ENDS))
    joined = rows.join(led, f.col(filing.NUMBER) == f.col("_earlier"), "left").drop("_earlier")
    return joined.repartition(*count, f.coalesce("_present", filing.NUMBER)).drop("_present")


def _bucket(
    present: Mapping[str, DataFrame],
    file: OneFile,
    declarations: Declarations,
    beside: Sequence[str],
    bridges: Bridges,
) -> tuple[DataFrame, Plan, StructType] | None:
    """Return a row per record and subject that it names, what they are made into, and its columns."""
    branches = _branches(present, file, declarations)
    if not branches:
        return None
    slots = {slot: kind for each in branches for slot, kind in _kinds(each, declarations).items()}
    frames = []
    for table in dict.fromkeys(branch.table for branch in branches):
        told = {
            place: (branch, _is_told(branch, file, declarations))
            for place, branch in enumerate(branches)
            if branch.table == table
        }
        frames.append(_rows(present[table], told, slots, beside))
    every = reduce(DataFrame.unionAll, frames)
    schema = schema_of(file, [every.schema[name] for name in beside])
    arrow = to_arrow_schema(schema, timezone="UTC")
    return every, _plan(branches, file, declarations, beside, arrow, bridges), schema


def _branches(tables: Container[str], file: OneFile, declarations: Declarations) -> tuple[Branch, ...]:
    """Return what of some tables is about such subjects."""
    return tuple(
        Branch(table, column, _slots(declarations.tables[table], column, file, declarations))
        for table, columns in feeds.subject_columns(file, declarations).items()
        if table in tables
        for column in columns
    )


def _plan(
    branches: tuple[Branch, ...], file: OneFile, declarations: Declarations, beside: Sequence[str], schema: pa.Schema,
    bridges: Bridges,
) -> Plan:  # fmt: skip
    ways = tuple(feeds.ways(file.kind, declarations))
    return Plan(file, branches, ways, tuple(beside), schema, identity.numbers(bridges, file.kind))


def _rows(
    rows: DataFrame, told: Mapping[int, tuple[Branch, Column]], slots: Mapping[str, str], beside: Sequence[str]
) -> DataFrame:
    """Return the rows of a table that are about its subjects: it is read once, however many of its columns name one.

    Args:
        told: the branches of the table by their place, and which rows are of each.
        slots: the columns of the bucket that values travel in, each with its type.
    """
    about = [
        f.when(is_told, f.struct(f.lit(place).alias(filing.BRANCH), f.col(branch.subject).alias(filing.NUMBER)))
        for place, (branch, is_told) in told.items()
    ]
    each = rows.withColumn("_about", f.explode(f.array_compact(f.array(*about))))
    branch_of = f.col("_about")[filing.BRANCH]

    def value(slot: str, kind: str) -> Column:
        found = f.lit(None).cast(kind)
        for place, (branch, _) in told.items():
            column = next((column for column, taken in branch.slots.items() if taken == slot), None)
            if column is not None:
                found = f.when(branch_of == place, f.col(column)).otherwise(found)
        return found

    values = (value(slot, kind).alias(slot) for slot, kind in slots.items())
    return each.select(*beside, "_about.*", filing.SEQ, *filing.LINEAGE.values(), *values)


def _is_told(branch: Branch, file: OneFile, declarations: Declarations) -> Column:
    """Tell the rows that are about the subject of a branch: all that name it, or those alone that tie it to another."""
    is_named = f.col(branch.subject).isNotNull()
    return is_named if _is_recorded(branch, file) else is_named & _ties(branch, file, declarations)


def _told_here(rows: pa.Table, branch: Branch, file: OneFile, declarations: Declarations) -> pa.Table:
    """Return the rows that `_is_told` tells."""
    named = rows.filter(pc.is_valid(rows[branch.subject]))
    if _is_recorded(branch, file):
        return named
    found = columnwise.constant(False, pa.bool_(), len(named))
    for relation, other in _tied(branch, file, declarations):
        tied = pc.is_valid(named[other])
        for column, values in relation.when.items():
            text = columnwise.text(named[column].combine_chunks())
            tied = pc.and_(tied, pc.is_in(text, pa.array([*values], pa.string())))
        found = pc.or_(found, tied)
    return named.filter(found)


def _is_recorded(branch: Branch, file: OneFile) -> bool:
    """Say whether a table gives such subjects attributes, and does not only tie them to others."""
    return branch.subject in feeds.attribute_columns(file).get(branch.table, ())


def _tied(branch: Branch, file: OneFile, declarations: Declarations) -> list[tuple[Relation, str]]:
    """Return the relations that rows of a branch state, each with the column that names the other."""
    ways = feeds.ways(file.kind, declarations)
    return [(r, other) for r, (_, mine, _, other, _, _) in ways if (r.table, mine) == (branch.table, branch.subject)]


def _slots(table: Table, subject: str, file: OneFile, declarations: Declarations) -> dict[str, str]:
    """Return the columns of a table that are asked for about the subject of one of its columns, each with its slot."""
    wanted = [s.column for a in file.attributes for s in a.sources if (s.table, s.subject) == (table.name, subject)]
    for relation, (_, mine, _, other, _, other_name) in feeds.ways(file.kind, declarations):
        if (relation.table, mine) == (table.name, subject):
            named = (other, other_name, relation.since, relation.until, *relation.details, *relation.when)
            wanted += [column for column in named if column]
    taken: dict[str, int] = {}
    slots = {}
    for name in dict.fromkeys(wanted):
        kind = _spark_type(table, name)
        taken[kind] = taken.get(kind, 0) + 1
        slots[name] = f"_{kind}_{taken[kind]}"
    return slots


def _kinds(branch: Branch, declarations: Declarations) -> dict[str, str]:
    table = declarations.tables[branch.table]
    return {slot: _spark_type(table, column) for column, slot in branch.slots.items()}


def _spark_type(table: Table, name: str) -> str:
    column = table.column(name)
    return types.spark_type(column.type, column.precision, column.scale).simpleString()


def _arrow_type(branch: Branch, name: str, declarations: Declarations) -> pa.DataType:
    column = declarations.tables[branch.table].column(name)
    return to_arrow_type(types.spark_type(column.type, column.precision, column.scale), timezone="UTC")


def _ties(branch: Branch, file: OneFile, declarations: Declarations) -> Column:
    """Tell the rows that tie the subject of a column to another."""
    found = f.lit(False)
    for relation, other in _tied(branch, file, declarations):
        tied = f.col(other).isNotNull()
        for column, values in relation.when.items():
            tied &= f.col(column).isin(list(values))
        found |= tied
    return found
