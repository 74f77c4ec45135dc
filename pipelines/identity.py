"""Who the subjects of a bucket are: their ids, and their numbers, earlier ones too, each with who stated it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import columnwise
from pipelines.bridging import Bridges
from pipelines.columnwise import Spelled, constant, flat, join
from schemas.identifiers import areas
from schemas.identifiers.earlier import TYPE_OF_LENGTH

EARLIER = pa.schema(
    [
        ("present", pa.string()),
        ("type", pa.string()),
        ("number", pa.string()),
        ("resource", pa.string()),
        ("observed_on", pa.date32()),
    ]
)


@dataclass(frozen=True)
class Numbers:
    """What bridges say, as columns: they go to many tasks.

    `ends`: by kind of subject earlier numbers, and the present one of each. `earlier`: those of the files' kind, with
    who states them since when, a row each, the oldest first.
    """

    ends: Mapping[str, tuple[pa.Array, pa.Array]]
    earlier: pa.Table

    def present(self, numbers: pa.Array, kind: str) -> pa.Array:
        """Return for each number of a kind of subject the present one that it leads to."""
        if kind not in self.ends:
            return numbers
        earlier, present = self.ends[kind]
        return pc.coalesce(present.take(pc.index_in(numbers, earlier)), numbers)

    def among(self, named: Mapping[str, pa.ChunkedArray], kind: str) -> Numbers:
        """Return what is said of some numbers of each kind of subject, for files of a kind.

        A table of all costs as much to look into as it has rows, for each bucket anew.
        """
        ends = {}
        for each in self.ends.keys() & named.keys():
            earlier, present = self.ends[each]
            is_named = pc.is_in(earlier, named[each])
            ends[each] = earlier.filter(is_named), present.filter(is_named)
        mine = [*named[kind].chunks, *(ends[kind][1:] if kind in ends else ())]
        is_mine = pc.is_in(self.earlier["present"], pa.chunked_array(mine, pa.string()))
        return Numbers(ends, self.earlier.filter(is_mine))


def numbers(bridges: Bridges, kind: str) -> Numbers:
    """Return what bridges say, for files of a kind."""
    ends = {k: (pa.array([*to], pa.string()), pa.array([*to.values()], pa.string())) for k, to in bridges.ends.items()}
    used = sorted(bridges.used(kind), key=lambda b: (b.since, b.earlier, b.told.resource))
    rows = [(b.present, b.type, b.earlier, b.told.resource, b.since) for b in used]
    columns = list(zip(*rows, strict=True)) or [()] * len(EARLIER)
    return Numbers(ends, pa.table([pa.array(c, f.type) for c, f in zip(columns, EARLIER, strict=True)], schema=EARLIER))


def number_types(numbers: pa.Array, kind: str) -> pa.Array:
    """Return the type of each accepted number, as `pipelines.numbers.number_type` does."""
    if kind == "enterprise":
        length, found = pc.utf8_length(numbers), constant("credit_code", pa.string(), len(numbers))
        for mine, name in TYPE_OF_LENGTH.items():
            found = pc.if_else(pc.fill_null(pc.equal(length, mine), False), name, found)
        return found
    is_hmt = pc.is_in(pc.utf8_slice_codeunits(numbers, 0, 6), pa.array(list(areas.HMT_AREAS)))
    return pc.if_else(pc.starts_with(numbers, "9"), "foreigner", pc.if_else(is_hmt, "hmt_resident", "citizen"))


def subject_ids(number: pa.Array, kind: str) -> pa.Array:
    """Return the id of each subject that has a number, as `pipelines.numbers.subject_id` does."""
    keys = join(f"{kind}/", number_types(number, kind), "/", number).to_pylist()
    return pa.array([f"{kind[0]}-{hashlib.sha256(key.encode()).hexdigest()[:32]}" for key in keys], pa.string())


def told(
    number: pa.Array, kind: str, of: np.ndarray, named: pa.Array, lineage: Mapping[str, pa.Array], led: Numbers,
    shape: Any,
) -> dict[str, tuple[pa.Array, Spelled]]:  # fmt: skip
    """Return the subjects' ids, numbers with type, and all numbers of each: as columns, and spelled as JSON.

    Args:
        number: of each subject.
        of: by record whose it is, a place in `number`.
        named: by record the number that it says, which may be an earlier one.
        lineage: of the records.
        shape: the struct that an identifier is: type, number, and who stated it first, since when.
    """
    number_type = number_types(number, kind)
    ids = subject_ids(number, kind)
    says_another = np.asarray(pc.not_equal(named, number.take(pa.array(of))))
    days = lineage["observed_on"].cast(pa.int32()).to_numpy()
    order = np.lexsort((columnwise.ranks(lineage["resource"]), days, says_another, of))
    first = pa.array(order[np.flatnonzero(np.diff(of[order], prepend=-1))])
    own = [number_type, number, *(lineage[name].take(first) for name in ("resource", "observed_on"))]
    rows, whose = _with_earlier(pa.table(own, [each.name for each in shape]), number, led)
    columns = [rows[each.name].combine_chunks() for each in shape]
    shown = pa.StructArray.from_arrays(columns, fields=[*shape])
    texts = [(each.name, flat(values)) for each, values in zip(shape, columns, strict=True)]
    json = columnwise.json_lists(columnwise.lists(whose, len(number), columnwise.json_object(texts)))
    plain = {"subject_id": ids, "number_type": number_type, "number": number}
    lists = columnwise.lists(whose, len(number), shown)
    return {name: (values, flat(values)) for name, values in plain.items()} | {"identifiers": (lists, json)}


def _with_earlier(own: pa.Table, number: pa.Array, led: Numbers) -> tuple[pa.Table, np.ndarray]:
    """Put behind each subject's own number its earlier ones, the oldest first; and say whose each is."""
    place = pc.index_in(led.earlier["present"], number)
    mine = led.earlier.filter(place.is_valid()).select(own.column_names).cast(own.schema)
    whose = np.concatenate([np.arange(len(number)), np.asarray(place.drop_null(), np.int64)])
    order = np.argsort(whose, kind="stable")
    return pa.concat_tables([own, mine]).take(pa.array(order)), whose[order]
