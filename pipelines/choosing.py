"""What a row is about, by a word of its own: whether it withdraws its record, and which columns are read from it.

A word that nobody declared is a problem of its row, named at its header. It is never taken for
one of the words that are known, nor for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import columnwise
from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.code_entries import entries
from schemas.model import CodeList, ColumnMapping, Resource, Table

UNLISTED = "not_in_list"
_AS_PLAIN = str.maketrans(WIDTH_FROM, WIDTH_TO, INVISIBLE)


class Words:
    """The deciding words of rows: as received, without their width, the blanks around them and what nobody sees."""

    def __init__(self, received: Mapping[str, pa.Array]) -> None:
        self._received = received
        self._plain: dict[str, pa.Array] = {}

    def of(self, header: str) -> pa.Array:
        """Return the word of each row under a header; null where there is none."""
        if header not in self._plain:
            self._plain[header] = columnwise.by_distinct(self._received[header], _plain)
        return self._plain[header]

    def are(self, header: str, wanted: Iterable[str]) -> pa.Array:
        """Tell the rows whose word is one of those that are wanted."""
        return pc.is_in(self.of(header), pa.array([*map(_plain, wanted)], pa.string()))


def withdrawn(resource: Resource, words: Words, count: int) -> pa.Array:
    """Tell rows that take their record back."""
    operation = resource.operation
    if operation is None:
        return columnwise.constant(False, pa.bool_(), count)
    return words.are(operation.header, operation.withdraw)


def erasing(resource: Resource, words: Words, count: int) -> pa.Array:
    """Tell rows that have all of their record erased, by law."""
    operation = resource.operation
    if operation is None or not operation.erase:
        return columnwise.constant(False, pa.bool_(), count)
    return words.are(operation.header, operation.erase)


def coded(resource: Resource, table: Table) -> dict[str, str]:
    """Return, by header, the code column that is read from it in every row: its code says what the row is about."""
    types = {column.name: column.type for column in table.columns}
    plain = [m for m in resource.columns if m.source is not None and not m.when]
    return {m.source: m.column for m in plain if m.source is not None and types[m.column] == "code"}


def text(
    mapping: ColumnMapping, received: Mapping[str, pa.Array], words: Words, read_as: Mapping[str, str], count: int
) -> pa.Array:
    """Return the text that a column is read from: null in rows that words under `when` leave out.

    Args:
        received: by header, what was delivered under it.
        read_as: what `coded` returns; those headers are left to `is_meant`.
        count: how many rows there are.
    """
    if mapping.source is None:
        found = columnwise.constant(mapping.constant, pa.string(), count)
    else:
        found = received[mapping.source]
    for header, wanted in mapping.when.items():
        if header not in read_as:
            found = pc.if_else(words.are(header, wanted), found, pa.scalar(None, pa.string()))
    return found


def is_meant(
    mapping: ColumnMapping,
    table: Table,
    read_as: Mapping[str, str],
    read: Mapping[str, pa.Array],
    codes: Mapping[str, CodeList],
) -> pa.Array | None:
    """Tell rows in which the codes under `when` let the column be read; None: it depends on no code.

    Args:
        read: the values of the code columns, by name.
    """
    found = None
    for header, wanted in mapping.when.items():
        if header in read_as:
            name = read_as[header]
            listed = entries(codes[table.column(name).codes or ""])
            mine = pc.is_in(read[name], pa.array([listed[word][1:] for word in wanted], pa.string()))
            found = mine if found is None else pc.and_(found, mine)
    return found


def unlisted(
    resource: Resource, words: Words, read_as: Mapping[str, str], count: int
) -> Iterator[tuple[str, pa.Array]]:
    """Yield headers of deciding words, with the reason for rows whose word is declared nowhere."""
    known: dict[str, list[str]] = {header: list(each) for header, each in resource.otherwise.items()}
    for mapping in resource.columns:
        for header, wanted in mapping.when.items():
            known.setdefault(header, []).extend(wanted)
    if resource.operation is not None:
        known.setdefault(resource.operation.header, []).extend(
            (*resource.operation.withdraw, *resource.operation.state, *resource.operation.erase)
        )
    reason = columnwise.constant(UNLISTED, pa.string(), count)
    for header, declared in known.items():
        if header not in read_as:
            is_known = words.are(header, (*declared, *resource.empty))
            is_strange = pc.and_(words.of(header).is_valid(), pc.invert(is_known))
            yield header, pc.if_else(is_strange, reason, pa.scalar(None, pa.string()))


def _plain(word: str) -> str:
    return word.translate(_AS_PLAIN).strip(BLANKS)
