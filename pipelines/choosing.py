"""What a row is about, by a word of its own: whether it withdraws its record, and which columns are read from it.

A word that nobody declared is a problem of its row, named at its header. It is never taken for
one of the words that are known, nor for none.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from pyspark.sql import Column
from pyspark.sql import functions as f

from pipelines.characters import BLANKS, INVISIBLE, WIDTH_FROM, WIDTH_TO
from pipelines.code_entries import entries
from schemas.model import CodeList, ColumnMapping, Resource, Table

UNLISTED = "not_in_list"
_AS_PLAIN = str.maketrans(WIDTH_FROM, WIDTH_TO, INVISIBLE)


def withdrawn(resource: Resource, called: Mapping[str, str]) -> Column:
    """Tell rows that take their record back. `called` are the frame's columns by header."""
    operation = resource.operation
    if operation is None:
        return f.lit(False)
    return f.coalesce(_is_one_of(_word(called[operation.header]), operation.withdraw), f.lit(False))


def erasing(resource: Resource, called: Mapping[str, str]) -> Column:
    """Tell rows that have all of their record erased, by law. `called` are the frame's columns by header."""
    operation = resource.operation
    if operation is None or not operation.erase:
        return f.lit(False)
    return f.coalesce(_is_one_of(_word(called[operation.header]), operation.erase), f.lit(False))


def coded(resource: Resource, table: Table) -> dict[str, str]:
    """Return, by header, the code column that is read from it in every row: its code says what the row is about."""
    types = {column.name: column.type for column in table.columns}
    plain = [m for m in resource.columns if m.source is not None and not m.when]
    return {m.source: m.column for m in plain if m.source is not None and types[m.column] == "code"}


def text(mapping: ColumnMapping, called: Mapping[str, str], read_as: Mapping[str, str]) -> Column:
    """Return the text that a column is read from: null in rows that words under `when` leave out.

    Args:
        read_as: what `coded` returns; those headers are left to `is_meant`.
    """
    found = f.lit(mapping.constant) if mapping.source is None else f.col(f"`{called[mapping.source]}`")
    for header, wanted in mapping.when.items():
        if header not in read_as:
            found = f.when(_is_one_of(_word(called[header]), wanted), found)
    return found


def is_meant(mapping: ColumnMapping, table: Table, read_as: Mapping[str, str], codes: Mapping[str, CodeList]) -> Column:
    """Tell rows of typed values (`_value_<name>`) in which the codes under `when` let the column be read."""
    found = f.lit(True)
    for header, wanted in mapping.when.items():
        if header in read_as:
            name = read_as[header]
            listed = entries(codes[table.column(name).codes or ""])
            meant = [listed[word][1:] for word in wanted]
            found = found & f.coalesce(f.col(f"_value_{name}").isin(meant), f.lit(False))
    return found


def unlisted(resource: Resource, called: Mapping[str, str], read_as: Mapping[str, str]) -> Iterator[tuple[str, Column]]:
    """Yield headers of deciding words, with the reason for rows whose word is declared nowhere."""
    known: dict[str, list[str]] = {header: list(words) for header, words in resource.otherwise.items()}
    for mapping in resource.columns:
        for header, wanted in mapping.when.items():
            known.setdefault(header, []).extend(wanted)
    if resource.operation is not None:
        known.setdefault(resource.operation.header, []).extend(
            (*resource.operation.withdraw, *resource.operation.state, *resource.operation.erase)
        )
    for header, words in known.items():
        if header not in read_as:
            word = _word(called[header])
            is_known = _is_one_of(word, (*words, *resource.empty))
            yield header, f.when(word.isNotNull() & ~is_known, UNLISTED)


def _word(column: str) -> Column:
    """Return a word without its width, the blanks around it and what nobody sees."""
    return f.btrim(f.translate(f.col(f"`{column}`"), WIDTH_FROM + INVISIBLE, WIDTH_TO), f.lit(BLANKS))


def _is_one_of(word: Column, wanted: Iterable[str]) -> Column:
    return word.isin(_plain(list(wanted)))


def _plain(words: Sequence[str]) -> list[str]:
    return [word.translate(_AS_PLAIN).strip(BLANKS) for word in words]
