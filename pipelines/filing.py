"""The files of a bucket of subjects: all that is said of them in, one file each out, as Arrow columns. Pure.

Whoever runs it - the engine's tasks for very many, the process itself for few - hands over every row that is
about a subject of the bucket, so that nothing has to be known of any other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import columnwise, digests, identity, survivorship
from pipelines.columnwise import Spelled, constant, flat, join, json_fields, json_object, json_of
from pipelines.identity import Numbers
from schemas import feeds
from schemas.model import Attribute, OneFile, Relation

BRANCH = "_branch"
NUMBER = "_number"
LINEAGE = {
    "resource": "_resource",
    "department": "_department",
    "record": "_key",
    "delivery": "_delivery",
    "row_no": "_row_no",
    "observed_on": "_valid_from",
}
SEQ = "_seq"
WITHOUT_END = np.iinfo(np.int64).max
AT_ONCE = 30_000
"""Rows of a bucket that are made into files at one time: with more of them much time goes into getting memory."""
HANDED_BACK_AT_ONCE = 10_000


@dataclass(frozen=True)
class Branch:
    """Rows of one table that are about the subject that one of its columns names.

    `slots` says in which column of the bucket a column of the table travels: tables share these, for a row is of one.
    """

    table: str
    subject: str
    slots: Mapping[str, str]


@dataclass(frozen=True)
class Plan:
    """What a bucket is made into.

    `ways`: the relations in the directions that start at such a subject. `beside`: columns that part the subjects.
    `schema`: of the files. `numbers`: which present ones earlier ones lead to.
    """

    file: OneFile
    branches: tuple[Branch, ...]
    ways: tuple[tuple[Relation, feeds.Way], ...]
    beside: tuple[str, ...]
    schema: pa.Schema
    numbers: Numbers

    def branch(self, table: str, subject: str) -> int:
        """Return the place of a branch; -1 where nothing was delivered for it."""
        found = (place for place, each in enumerate(self.branches) if (each.table, each.subject) == (table, subject))
        return next(found, -1)


def files(rows: pa.Table, plan: Plan) -> pa.Table:
    """Return one file per subject (and part), as `plan.schema` has them.

    Args:
        rows: one per record and subject that it names: the columns of `plan.beside`, `BRANCH`, `NUMBER`, `SEQ`,
            those that `LINEAGE` names, and the slots of the branches.
    """
    bucket = _Bucket(rows, plan)
    told: dict[str, tuple[pa.Array, Spelled]] = {}
    others = []
    ended_on = None
    for attribute in sorted(plan.file.attributes, key=lambda each: each.name != plan.file.ended_on):
        said = _said(bucket, attribute)
        judged = survivorship.judge(said, bucket.records, bucket.count, ended_on)
        if attribute.name == plan.file.ended_on:
            ended_on = _days(said.value, judged.first)
        told[attribute.name] = _winners(bucket, attribute, said, judged)
        others.append(_others(bucket, attribute, said, judged))
    told |= _of_others(bucket, others)
    told["relations"] = _relations(bucket)
    told |= identity.told(
        bucket.subjects[NUMBER].combine_chunks(), plan.file.kind, bucket.of, bucket.named, bucket.records.lineage,
        plan.numbers, bucket.kind("identifiers"),
    )  # fmt: skip
    content = {name: told[name][1] for name in sorted(told)}
    made = {name: columns[0] for name, columns in told.items()} | {"_digest": digests.of_content(content)}
    made |= {name: bucket.subjects[name].combine_chunks() for name in plan.beside}
    return pa.table([made[name] for name in plan.schema.names], schema=plan.schema)


def part_by_part(rows: pa.Table, plan: Plan) -> pa.Table:
    """Return what `files` does, in no order; what is held meanwhile does not grow with the subjects. Rows there are."""
    return pa.concat_tables([files(part, plan) for part in _parted(rows, plan)])


def in_task(batches: Iterable[pa.RecordBatch], plan: Plan) -> Iterator[pa.RecordBatch]:
    """Make the files of a bucket in one of the engine's tasks, which hands over its rows in batches."""
    mine = [*batches]
    if mine:
        rows = pa.Table.from_batches(mine)
        plan = replace(plan, numbers=plan.numbers.among(_named(rows, plan), plan.file.kind))
        for part in _parted(rows, plan):
            yield from files(part, plan).to_batches(max_chunksize=HANDED_BACK_AT_ONCE)


def _named(rows: pa.Table, plan: Plan) -> dict[str, pa.ChunkedArray]:
    """Return by kind of subject the numbers that rows name, and maybe what else travels in the same columns."""
    columns = {plan.file.kind: {NUMBER}}
    for relation, (_, mine, _, other, other_kind, _) in plan.ways:
        branch = plan.branch(relation.table, mine)
        if branch >= 0:
            columns.setdefault(other_kind, set()).add(plan.branches[branch].slots[other])
    return {kind: pa.chunked_array([c for name in names for c in rows[name].chunks], pa.string())
            for kind, names in columns.items()}  # fmt: skip


def _parted(rows: pa.Table, plan: Plan) -> Iterator[pa.Table]:
    """Yield the rows in parts that are soon done with, all of a subject in the same."""
    count = -(-len(rows) // AT_ONCE)
    number = plan.numbers.present(rows[NUMBER].combine_chunks(), plan.file.kind)
    place = number.dictionary_encode().indices.to_numpy() % count
    for part in range(count):
        yield rows.take(pa.array(np.flatnonzero(place == part)))


class _Bucket:
    """The rows of a bucket, and the subjects they are about: `count` of them, `of` says whom a row is about.

    `named` is the number that a row itself says, which may be an earlier one.
    """

    def __init__(self, rows: pa.Table, plan: Plan) -> None:
        self.plan = plan
        self._columns = {name: rows[name].combine_chunks() for name in rows.column_names}
        self.named = self._columns[NUMBER]
        self._columns[NUMBER] = plan.numbers.present(self.named, plan.file.kind)
        rows = rows.set_column(rows.column_names.index(NUMBER), NUMBER, self._columns[NUMBER])
        keys = [*plan.beside, NUMBER]
        code = np.zeros(len(rows), np.int64)
        for name in keys:
            places, distinct = columnwise.codes(self.column(name))
            code = code * max(1, len(distinct)) + places
        _, first, self.of = np.unique(code, return_index=True, return_inverse=True)
        self.subjects = rows.select(keys).take(pa.array(first))
        self.count = len(first)
        self._branch = self.column(BRANCH).to_numpy()

    def column(self, name: str) -> pa.Array:
        return self._columns[name]

    @cached_property
    def records(self) -> survivorship.Records:
        lineage = {name: self.column(column) for name, column in LINEAGE.items()}
        days = lineage["observed_on"].cast(pa.int32()).to_numpy().astype(np.int64)
        seq, row_no = self.column(SEQ).to_numpy(), lineage["row_no"].to_numpy()
        return survivorship.Records(days, seq, row_no, lineage)

    @cached_property
    def told_by(self) -> pa.Array:
        """Where each row comes from, as JSON fields."""
        return json_fields([(name, flat(values)) for name, values in self.records.lineage.items()])

    def is_of(self, department: str | None) -> np.ndarray:
        """Say of each row whether a department stated it."""
        places, departments = self._departments
        is_it: np.ndarray = np.array([name == department for name in departments.to_pylist()], bool)[places]
        return is_it

    @cached_property
    def _departments(self) -> tuple[np.ndarray, pa.Array]:
        return columnwise.codes(self.records.lineage["department"])

    def rows_of(self, branch: int) -> np.ndarray:
        return np.flatnonzero(self._branch == branch)

    def values(self, branch: int, column: str, rows: np.ndarray) -> pa.Array:
        return self.column(self.plan.branches[branch].slots[column]).take(pa.array(rows))

    def lineage(self, rows: pa.Array) -> list[pa.Array]:
        return [self.records.lineage[name].take(rows) for name in survivorship.LINEAGE]

    def kind(self, column: str) -> Any:
        """Return the Arrow type of a column of the files, of a list what is in it."""
        kind = self.plan.schema.field(column).type
        return kind.value_type if pa.types.is_list(kind) else kind


def _said(bucket: _Bucket, attribute: Attribute) -> survivorship.Said:
    kind = bucket.kind(attribute.name).field("value").type
    rows, ranks, values = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [pa.array([], kind)]
    # Of two columns of one table for the same subject the one that is declared last counts.
    for source in {(s.table, s.subject): s for s in attribute.sources}.values():
        branch = bucket.plan.branch(source.table, source.subject)
        if branch >= 0:
            mine = bucket.rows_of(branch)
            value = bucket.values(branch, source.column, mine)
            known = value.is_valid()
            rows.append(mine[known.to_numpy(zero_copy_only=False)])
            ranks.append(np.full(len(rows[-1]), source.rank))
            values.append(value.filter(known))
    record = np.concatenate(rows)
    return survivorship.Said(
        bucket.of[record],
        record,
        bucket.is_of(attribute.lead)[record],
        np.concatenate(ranks),
        pa.concat_arrays(values),
    )


def _days(value: pa.Array, first: np.ndarray) -> np.ndarray:
    """Return the last day of each subject, in days; `WITHOUT_END` where there is none."""
    ended_on = np.full(len(first), WITHOUT_END)
    has_end = first >= 0
    ended_on[has_end] = value.cast(pa.date32()).cast(pa.int32()).to_numpy()[first[has_end]]
    return ended_on


def _winners(
    bucket: _Bucket, attribute: Attribute, said: survivorship.Said, judged: survivorship.Judged
) -> tuple[pa.Array, Spelled]:
    """Return for each subject the attribute as the file shows it, and spelled as JSON; null where nothing is said."""
    nobody = judged.first < 0
    first = pa.array(judged.first, mask=nobody)
    rows = pa.array(said.record).take(first)
    value = said.value.take(first)
    rank = pa.array(said.rank.astype(np.int32)).take(first)
    reason = survivorship.REASONS.take(pa.array(judged.reason))
    arrays = [value, *bucket.lineage(rows), rank, reason]
    shown = pa.StructArray.from_arrays(arrays, fields=[*bucket.kind(attribute.name)], mask=pa.array(nobody))
    begin, text, end = flat(value)
    pieces = (text, f"{end},", bucket.told_by.take(rows), *_why(rank, reason))
    return shown, (f'{{"value":{begin}', join(*pieces), '"}')


def _why(rank: pa.Array, reason: pa.Array) -> list[Any]:
    return [',"rank":', rank.cast(pa.string()), ',"reason":"', reason]


def _others(
    bucket: _Bucket, attribute: Attribute, said: survivorship.Said, judged: survivorship.Judged
) -> dict[str, pa.Array]:
    """Return what other resources say of an attribute, as columns."""
    others = pa.array(judged.others)
    rows = pa.array(said.record[judged.others])
    return {
        "subject": pa.array(said.subject[judged.others]),
        "row": rows,
        "attribute": constant(attribute.name, pa.string(), len(others)),
        "value": columnwise.text(said.value.take(others)),
        **dict(zip(survivorship.LINEAGE, bucket.lineage(rows), strict=True)),
        "rank": pa.array(said.rank[judged.others].astype(np.int32)),
        "reason": survivorship.REASONS.take(pa.array(judged.other_reason)),
    }


def _of_others(bucket: _Bucket, others: list[dict[str, pa.Array]]) -> dict[str, tuple[pa.Array, Spelled]]:
    """Return the contradictions of each subject, and the agreements, whose value is not repeated."""
    empty = {"subject": pa.int64(), "row": pa.int64()}
    empty |= {each.name: each.type for each in bucket.kind("contradictions")}
    tables = [pa.table({name: pa.array([], of) for name, of in empty.items()}), *map(pa.table, others)]
    told = _sorted(pa.concat_tables(tables), [name for name in empty if name != "row"])
    agrees = pc.equal(told["reason"], survivorship.REASONS[survivorship.AGREES])
    parts = {"contradictions": told.filter(pc.invert(agrees)), "agreements": told.filter(agrees)}
    return {name: _said_by_others(bucket, name, part) for name, part in parts.items()}


def _said_by_others(bucket: _Bucket, name: str, told: pa.Table) -> tuple[pa.Array, Spelled]:
    kind = bucket.kind(name)
    columns = {column: told[column].combine_chunks() for column in told.column_names}
    shown = pa.StructArray.from_arrays([columns[each.name] for each in kind], fields=[*kind])
    pieces: list[Any] = ['{"attribute":', json_of(columns["attribute"])]
    pieces += [',"value":', json_of(columns["value"])] if name == "contradictions" else []
    pieces += [",", bucket.told_by.take(columns["row"])]
    pieces += [*_why(columns["rank"], columns["reason"]), '"}'] if name == "contradictions" else ["}"]
    return _lists(bucket, columns["subject"], shown, join(*pieces))


def _sorted(table: pa.Table, by: list[str]) -> pa.Table:
    return table.take(pc.sort_indices(table, sort_keys=[(name, "ascending", "at_start") for name in by]))


def _lists(bucket: _Bucket, subject: pa.Array, shown: pa.Array, json: pa.Array) -> tuple[pa.Array, Spelled]:
    of = subject.to_numpy()
    lists = columnwise.lists(of, bucket.count, shown)
    return lists, columnwise.json_lists(columnwise.lists(of, bucket.count, json))


def _relations(bucket: _Bucket) -> tuple[pa.Array, Spelled]:
    """Return the ties of each subject in a fixed order, their details as a map."""
    kind = bucket.kind("relations")
    ties = [tie for relation, way in bucket.plan.ways if (tie := _tie(bucket, relation, way)) is not None]
    most = max((len(relation.details) for relation, _ in bucket.plan.ways), default=0)
    told = pa.concat_tables([_no_tie(kind), *ties], promote_options="default")
    before = [each.name for each in kind][: kind.get_field_index("details")]
    details = [f"{part}_{place}" for place in range(most) for part in ("key", "value")]
    order = ["subject", *before, *(name for name in details if name in told.column_names), *survivorship.LINEAGE]
    told = _sorted(told, order)
    columns = {name: told[name].combine_chunks() for name in told.column_names}
    fields = [*((name, flat(columns[name])) for name in before), ("details", ("", columns["details_json"], ""))]
    shown = pa.StructArray.from_arrays([columns[each.name] for each in kind], fields=[*kind])
    json = json_object(fields, inside=bucket.told_by.take(columns["row"]))
    return _lists(bucket, columns["subject"], shown, json)


def _no_tie(kind: Any) -> pa.Table:
    """Return the columns of ties, without a row."""
    kinds = {"subject": pa.int64(), "row": pa.int64(), "details_json": pa.string()}
    kinds |= {each.name: each.type for each in kind}
    return pa.table({name: pa.array([], of) for name, of in kinds.items()})


def _tie(bucket: _Bucket, relation: Relation, way: feeds.Way) -> pa.Table | None:
    """Return the ties that records state, seen from one of the two; None where nothing was delivered."""
    name, mine, _, other, other_kind, other_name = way
    branch = bucket.plan.branch(relation.table, mine)
    if branch < 0:
        return None
    rows = bucket.rows_of(branch)
    is_tied = bucket.values(branch, other, rows).is_valid()
    for chosen, values in relation.when.items():
        is_meant = pc.is_in(columnwise.text(bucket.values(branch, chosen, rows)), pa.array(list(values)))
        is_tied = pc.and_(is_tied, is_meant)
    rows = rows[is_tied.to_numpy(zero_copy_only=False)]
    number = bucket.plan.numbers.present(bucket.values(branch, other, rows), other_kind)
    count = len(rows)

    def column(named: str | None, kind: pa.DataType) -> pa.Array:
        return bucket.values(branch, named, rows) if named else pa.nulls(count, kind)

    details = [(key, columnwise.text(bucket.values(branch, key, rows))) for key in relation.details]
    lineage = zip(survivorship.LINEAGE, bucket.lineage(pa.array(rows)), strict=True)
    made = {
        "subject": pa.array(bucket.of[rows]),
        "row": pa.array(rows),
        "relation": constant(name, pa.string(), count),
        "other_kind": constant(other_kind, pa.string(), count),
        "other_number_type": identity.number_types(number, other_kind),
        "other_number": number,
        "other_name": column(other_name, pa.string()),
        "since": column(relation.since, pa.date32()),
        "until": column(relation.until, pa.date32()),
        "details": columnwise.maps([key for key, _ in details], [values for _, values in details], count),
        "details_json": _map_json(details, count),
        **dict(lineage),
    }
    for place, (key, values) in enumerate(details):
        made |= {f"key_{place}": constant(key, pa.string(), count), f"value_{place}": values}
    return pa.table(made)


def _map_json(details: list[tuple[str, pa.Array]], count: int) -> pa.Array:
    if not details:
        return constant("{}", pa.string(), count)
    named = [join(f'"{key}":', json_of(values).fill_null("null")) for key, values in details]
    return join("{", pc.binary_join_element_wise(*named, ","), "}")
