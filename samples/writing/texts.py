"""Typed columns become the texts of a department's file, header by header."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from inbox.header import columns
from samples.city.chance import Chance, Flags, Ints
from samples.city.columns import Column, figures, without
from samples.errors import CannotWrite
from samples.writing import forms
from samples.writing.forms import Form
from schemas.model import CodeList, ColumnMapping, Declarations, Operation, Resource, Table

USUAL, EMPTY_WORDS = 0.9, 0.03
"""Share of values written in the usual way, and of missing ones for which a word like `-` stands."""


@dataclass(frozen=True)
class Rows:
    """The rows to be written: their typed columns, a key that makes their wording, and which take an entry back.

    `is_first` says that they are the resource's first delivery, so that nothing in it is a change.
    """

    columns: Mapping[str, Column]
    keys: Ints
    withdrawn: Flags
    is_first: bool

    def __len__(self) -> int:
        return len(self.keys)


class Writer:
    """Writes rows of one resource. The same rows with the same keys give the same texts."""

    def __init__(self, resource: Resource, declarations: Declarations, chance: Chance) -> None:
        self.resource = resource
        self.table: Table = declarations.tables[resource.table]
        self._codes = declarations.codes
        self._chance = chance
        self.mappings: dict[str, list[ColumnMapping]] = {}
        for mapping in resource.columns:
            if mapping.source is not None:
                self.mappings.setdefault(mapping.source, []).append(mapping)
        self.conditions = {header for mapping in resource.columns for header in mapping.when}

    def texts(self, rows: Rows) -> dict[str, Column]:
        """Return the texts by header, in the order of the file; null where nothing is written.

        Raises:
            CannotWrite: a value has no text that would be read back.
        """
        return {header: self._header(header, rows) for header in columns(self.resource)}

    def is_money(self, header: str) -> bool:
        """Say whether amounts with their currencies stand under a header."""
        mappings = self.mappings.get(header, [])
        return bool(mappings) and all("money" in {c.name for c in m.clean} for m in mappings)

    def _header(self, header: str, rows: Rows) -> Column:
        if self.resource.operation is not None and header == self.resource.operation.header:
            return self._operation(self.resource.operation, rows)
        if header in self.mappings:
            if self.is_money(header):
                return self._emptied(header, self._money(header, rows), rows)
            if header in self.conditions:
                return self._condition(header, rows)
            made = [self._mapping(mapping, rows) for mapping in self.mappings[header]]
            return self._emptied(header, pc.coalesce(*made), rows)
        if header in self.conditions:
            return self._condition(header, rows)
        return figures(rows.keys % (1 << 32) + 1) if header.endswith("号") else _nothing(len(rows))

    def _mapping(self, mapping: ColumnMapping, rows: Rows) -> Column:
        values = rows.columns[mapping.column]
        ways = forms.forms(mapping, self.table.column(mapping.column), self._codes)
        return self._chosen(mapping.source or "", [_written(values, way) for way in ways] or [values], rows)

    def _chosen(self, header: str, ways: Sequence[Column], rows: Rows) -> Column:
        """Choose the first way mostly, one of the others else."""
        if len(ways) == 1:
            return ways[0]
        draw = self._chance.of(f"{self.resource.id}/{header}", rows.keys)
        other = 1 + ((draw - USUAL) / (1 - USUAL) * (len(ways) - 1)).astype(np.int64)
        return pc.choose(pa.array(np.where(draw < USUAL, 0, other)), *ways)

    def _money(self, header: str, rows: Rows) -> Column:
        by_gift: dict[str, ColumnMapping] = {}
        for mapping in self.mappings[header]:
            by_gift[_money_of(mapping)["give"]] = mapping
        amount = rows.columns[by_gift["amount_cents"].column]
        argument = _money_of(by_gift["amount_cents"])
        named = by_gift.get("currency")
        default = argument.get("default_currency", "CNY")
        currency = rows.columns[named.column] if named else pa.repeat(pa.scalar(default), len(rows))
        pairs = pa.StructArray.from_arrays([amount, currency], ["amount", "currency"])
        usual, other = (
            _distinct_pairs(pairs, partial(_amount, place, argument, self._codes["currency"])) for place in (0, 1)
        )
        return without(self._chosen(header, [usual, other], rows), np.asarray(amount.is_null()))

    def _condition(self, header: str, rows: Rows) -> Column:
        """Write what other mappings depend on: a wording that their `when` names, where they have a value."""
        own = self.mappings.get(header, [])
        text = self._mapping(own[0], rows) if own else _nothing(len(rows))
        for mapping in self.resource.columns:
            if header in mapping.when:
                wanted = self._allowed(header, own, mapping.when[header], rows)
                text = pc.if_else(rows.columns[mapping.column].is_valid(), wanted, text)
        return text

    def _allowed(self, header: str, own: list[ColumnMapping], allowed: Sequence[str], rows: Rows) -> Column:
        if not own:
            return pa.repeat(pa.scalar(allowed[0], pa.string()), len(rows))
        mapping = own[0]
        code_list = self._codes[self.table.column(mapping.column).codes or ""]

        def wording(code: str) -> str:
            for text in allowed:
                entry = code_list.codes[code]
                if mapping.lookup.get(text) == code or text in (entry.code, entry.name, *entry.synonyms):
                    return text
            return ""

        text = _written(rows.columns[mapping.column], wording)
        needed = [m.column for m in self.resource.columns if m.when.get(header) == tuple(allowed)]
        for column in needed:
            if pc.any(pc.and_(rows.columns[column].is_valid(), pc.equal(text, ""))).as_py():
                raise CannotWrite(self.resource.id, header, f"no text under 'when' says what {column} goes with")
        return text

    def _operation(self, operation: Operation, rows: Rows) -> Column:
        states = operation.state or ("",)
        kept = states[0] if rows.is_first else states[min(1, len(states) - 1)]
        return pc.if_else(pa.array(rows.withdrawn), pa.scalar(operation.withdraw[0]), pa.scalar(kept))

    def _emptied(self, header: str, texts: Column, rows: Rows) -> Column:
        """Write for some of the missing values a word that means "nothing"."""
        if not texts.null_count:
            return texts
        words = self.resource.empty
        draw = self._chance.of(f"{self.resource.id}/{header}/empty", rows.keys)
        place = np.where(draw < EMPTY_WORDS, (draw / EMPTY_WORDS * len(words)).astype(np.int64), -1)
        stand_in = pa.array([*words, None], pa.string()).take(pa.array(place % (len(words) + 1)))
        return pc.coalesce(texts, stand_in)


def _written(values: Column, way: Form) -> Column:
    """Write each distinct value once."""
    encoded = values.dictionary_encode()
    texts = [None if value is None else way(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _distinct_pairs(pairs: Column, way: Callable[[int, str], str]) -> Column:
    first, second = (pairs.field(place).dictionary_encode() for place in (0, 1))
    width = max(1, len(second.dictionary))
    row, column = first.indices.cast(pa.int64()), second.indices.cast(pa.int64())
    key = pc.add(pc.multiply(row, width), column).dictionary_encode()
    amounts, names = first.dictionary.to_pylist(), second.dictionary.to_pylist()
    texts = [way(amounts[place // width], names[place % width]) for place in key.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(key.indices)


def _amount(place: int, argument: Mapping[str, str], currencies: CodeList, amount: int, currency: str) -> str:
    return forms.money(argument, amount, currency, currencies)[place]


def _money_of(mapping: ColumnMapping) -> Mapping[str, str]:
    found: Any = next(cleaner.argument for cleaner in mapping.clean if cleaner.name == "money")
    return dict(found)


def _nothing(count: int) -> Column:
    return pa.nulls(count, pa.string())
