"""Reads a column's declared cleaners: known names, arguments of the right form, types they fit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from schemas.cleaners import CLEANERS, MONEY_GIVES, MONEY_UNITS, CleanerKind
from schemas.errors import one_of
from schemas.model import Cleaner, CodeList, Column
from schemas.patterns import date_fault
from schemas.reading import Value

CURRENCY_LIST = "currency"


def read_cleaners(items: list[Value], column: Column | None, codes: Mapping[str, CodeList]) -> tuple[Cleaner, ...]:
    """Read the cleaners of a mapping onto `column` (None where the column itself is unknown)."""
    found: list[Cleaner] = []
    for item in items:
        cleaner = _read(item)
        if cleaner is None:
            continue
        _check_place(item, cleaner, found, column)
        _check_currency(item, cleaner, codes)
        found.append(cleaner)
    return tuple(found)


def _read(value: Value) -> Cleaner | None:
    """Read `upper` or `{date: [yyyy/M/d]}`."""
    if value.kind == "map":
        entries = value.entries()
        if len(entries) != 1:
            value.refuse(f"{len(entries)} cleaners in one entry", "one, like {date: [yyyy/M/d]}")
            return None
        name, key, argument = entries[0]
        kind = _kind(name, key)
    else:
        name, key, argument = value.text(), value, None
        kind = _kind(name, key) if value.kind == "str" else None
    if kind is None:
        return None
    if kind.argument == "none" and argument is not None:
        argument.refuse(f"an argument of {name!r}", f"it alone: {kind.example}")
        return None
    if kind.argument != "none" and argument is None:
        value.refuse(f"{name!r} without its argument", kind.example)
        return None
    return Cleaner(name, _ARGUMENTS[kind.argument](argument) if argument is not None else None)


def _kind(name: str, key: Value) -> CleanerKind | None:
    if name == "lookup":
        key.refuse("'lookup' among the cleaners", "it beside 'clean': {from: …, clean: […], lookup: {…}}")
    elif name not in CLEANERS:
        key.refuse(f"the cleaner {name!r}", one_of(CLEANERS, name))
    return CLEANERS.get(name)


def _check_place(item: Value, cleaner: Cleaner, before: list[Cleaner], column: Column | None) -> None:
    kind = CLEANERS[cleaner.name]
    if before and CLEANERS[before[-1].name].is_last:
        item.refuse(f"{cleaner.name!r} after {before[-1].name!r}", f"{before[-1].name!r} as the last cleaner")
    if column is None:
        return
    serves = kind.serves
    if cleaner.name == "money" and isinstance(cleaner.argument, Mapping):
        serves = ("code",) if cleaner.argument.get("give") == "currency" else ("long",)
    if serves and column.type not in serves:
        item.refuse(f"{cleaner.name!r} on {column.name!r} of type {column.type!r}", f"it on {' or '.join(serves)} only")


def _check_currency(item: Value, cleaner: Cleaner, codes: Mapping[str, CodeList]) -> None:
    named = cleaner.argument.get("default_currency") if isinstance(cleaner.argument, Mapping) else None
    if named is not None and CURRENCY_LIST in codes and named not in codes[CURRENCY_LIST].codes:
        item.refuse(f"the default currency {named!r}", one_of(codes[CURRENCY_LIST].codes, named))


def _text(value: Value) -> str:
    """Read a text that may be white space."""
    found = value.text_or_empty()
    if not found and value.kind == "str":
        value.refuse("an empty text", "at least one character")
    return found


def _texts(value: Value) -> tuple[str, ...]:
    return value.texts(may_be_single=True)


def _patterns(value: Value) -> tuple[str, ...]:
    found = value.texts(may_be_single=True)
    for pattern in found:
        fault = date_fault(pattern)
        if fault:
            value.refuse(f"the date pattern {pattern!r}", fault)
    if not found:
        value.refuse("no date pattern", "at least one, like yyyy/M/d")
    return found


def read_map(value: Value) -> Mapping[str, str]:
    """Read a mapping of text to text, at least one."""
    found = {name: entry.text_or_empty() for name, _, entry in value.entries()}
    if not found and value.kind == "map":
        value.refuse("an empty mapping", 'at least one entry, like {"from": "to"}')
    return found


def _unit(value: Value) -> Mapping[str, str]:
    factor = value.fields(("factor",)).get("factor")
    if factor is None:
        return {}
    digits = factor.number()
    if Decimal(digits) <= 0:
        factor.refuse(digits, "a factor above 0")
    return {"factor": digits}


def _money(value: Value) -> Mapping[str, str]:
    fields = value.fields(("give",), ("default_unit", "default_currency"))
    found = {"give": fields.choice("give", MONEY_GIVES)}
    if "default_unit" in fields.values:
        found["default_unit"] = fields.choice("default_unit", MONEY_UNITS)
    if "default_currency" in fields.values:
        found["default_currency"] = fields.text("default_currency")
    return found


_ARGUMENTS: Mapping[str, Callable[[Value], object]] = {
    "text": _text,
    "texts": _texts,
    "patterns": _patterns,
    "map": read_map,
    "unit": _unit,
    "money": _money,
}
