"""Values of a drawn row by type: what a column holds of which nothing but its declaration is known."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from samples.city import keys, patterns, told, words
from samples.city.chance import Ints
from samples.city.city import City
from samples.city.columns import Column, codes, decimals, figures, joined, listed, whole
from samples.city.numbers import AREAS
from schemas.model import CodeList
from schemas.model import Column as Declared

Maker = Callable[[City, Declared, Mapping[str, CodeList], tuple[str, Ints]], Column]
"""From a column and a table's name with keys of its rows to values: another key, mostly another value."""

_ADDRESSES = ("address", "location", "place", "site")
_KINDS = 40
_CENTS, _UNITS = 100_000_000, 1000
_STEP = 10_000
_FIRST = datetime.fromisoformat("2024-01-01T08:00:00+08:00")


def _string(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    name = f"{table}.{column.name}"
    if column.pattern:
        bound = min(patterns.capacity(column.pattern), 1 << 50)
        return patterns.texts(column.pattern, city.chance.below(name, key, bound))
    if any(part in _ADDRESSES for part in column.name.split("_")):
        made = told.address(city.chance, key + (1 << 43), city.chance.below(name, key, len(AREAS)), has_flat=False)
    elif column.name.endswith(("_name", "name")):
        made = joined(
            words.PREFECTURE, listed(words.ROADS, city.chance.below(name, key, len(words.ROADS))), column.label
        )
    elif "phone" in column.name:
        made = told.phone(city.chance, key + (1 << 44))
    else:
        made = joined(column.label, figures(1 + city.chance.below(name, key, _KINDS)))
    return pc.utf8_slice_codeunits(made, 0, column.max_length) if column.max_length else made


def _number(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    """Draw between the declared bounds, else up to a usual figure: a million yuan, a thousand of anything else."""
    table, key = keyed
    scale = 10**column.scale if column.type == "decimal" else 1
    is_money = column.unit is not None and "cent" in column.unit and column.type == "long"
    least = column.minimum or 0
    most = column.maximum if column.maximum is not None else least + (_CENTS if is_money else _UNITS)
    step = _STEP if is_money and most - least > _STEP else 1
    units = city.chance.below(f"{table}.{column.name}", key, max(1, (most - least) * scale // step + 1))
    value = least * scale + units * step
    return decimals(value, column.precision, column.scale) if column.type == "decimal" else whole(value)


def _code(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    """Draw a code; those that a list has first are the usual ones."""
    table, key = keyed
    found = [code.code for code in keys.current(lists[column.codes or ""], column)]
    weights = [1.0 / (place + 1) for place in range(len(found))]
    return listed(found, city.chance.weighted(f"{table}.{column.name}", key, weights))


def _area(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    found = keys.areas(column)
    return listed(found, city.chance.below(f"{table}.{column.name}", key, len(found)))


def _boolean(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    return pa.array(city.chance.share(f"{table}.{column.name}", key, 0.5))


def _instant(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    hours = city.chance.below(f"{table}.{column.name}", key, 8760).tolist()
    return pa.array([_FIRST + timedelta(hours=hour) for hour in hours], pa.timestamp("us", "UTC"))


def _person(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    return codes(city.people.number[city.chance.below(f"{table}.{column.name}", key, city.sizes[0])])


def _credit_code(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    table, key = keyed
    return codes(city.firms.code[city.chance.below(f"{table}.{column.name}", key, city.sizes[1])])


def _licence_id(city: City, column: Declared, lists: Mapping[str, CodeList], keyed: tuple[str, Ints]) -> Column:
    """Return nothing: who issues a licence gives it its identifier."""
    return pa.nulls(len(np.asarray(keyed[1])), pa.string())


MAKERS: Mapping[str, Maker] = {
    "string": _string,
    "long": _number,
    "decimal": _number,
    "boolean": _boolean,
    "instant": _instant,
    "code": _code,
    "area_code": _area,
    "citizen_number": _person,
    "person_number": _person,
    "credit_code": _credit_code,
    "licence_id": _licence_id,
}
"""How a value of each type is made; dates are made by `samples.city.dates`."""
