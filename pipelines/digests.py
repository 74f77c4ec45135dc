"""The digest of each one file: SHA-256 over what it holds, as JSON; columns in the order of their names. Pure.

That an attribute is declared before another one says nothing about anybody.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import columnwise
from pipelines.columnwise import Spelled

DIGEST = "_digest"


def of_content(content: Mapping[str, Spelled]) -> pa.Array:
    """Return the digests of files in hex, of their columns as JSON; null ones are left out."""
    texts = columnwise.json_object([(name, content[name]) for name in sorted(content)])
    return pa.array([hashlib.sha256(text).hexdigest() for text in _bytes(texts)], pa.string())


def of_files(files: pa.Table) -> pa.Array:
    """Return the digests that files should have by what their columns hold."""
    told = [name for name in files.column_names if not name.startswith("_")]
    return of_content({name: ("", columnwise.json_whole(_spelled(files[name].combine_chunks())), "") for name in told})


def in_task(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Yield in one of the engine's tasks the subjects (`subject_id`) whose files are not what their digest says."""
    for batch in batches:
        files = pa.Table.from_batches([batch])
        is_other = pc.fill_null(pc.not_equal(files[DIGEST].combine_chunks(), of_files(files)), True)
        yield from files.select(["subject_id"]).filter(is_other).to_batches()


def _spelled(values: pa.Array) -> pa.Array:
    """Return an attribute with its instants as a digest has them, to the millisecond; anything else as it is."""
    kind = values.type
    if not pa.types.is_struct(kind) or not any(pa.types.is_timestamp(field.type) for field in kind):
        return values
    texts = [
        pc.utf8_slice_codeunits(columnwise.json_of(each), 1, -1) if pa.types.is_timestamp(each.type) else each
        for each in values.flatten()
    ]
    names = [field.name for field in kind]
    return pa.StructArray.from_arrays(texts, names=names, mask=pc.is_null(values))


def _bytes(texts: pa.Array) -> Iterator[memoryview]:
    """Yield the bytes of each text, none copied."""
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    held = memoryview(data)
    return (held[begin:end] for begin, end in pairwise(ends.tolist()))
