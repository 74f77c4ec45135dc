"""Reads a mapping file strictly: what it says, and every fault with its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath

from catalog.days import is_form
from catalog.mapping import BUILT_IN, CATALOGUE, FORMATS, NESTED, Field, ForeignMapping, Lookup, Nested, Tree
from catalog.mapping_words import CLOSED, COMMON, fold
from catalog.paths import Path, read_path
from catalog.steps import STEPS, Step
from schemas.errors import Problems, one_of
from schemas.reading import Fields, Value, read

_FIELD = (
    "from", "all", "join", "with", "constant", "clean", "values", "contains", "table", "else", "dates", "strip",
    "split", "required",
)  # fmt: skip
_TEXT_FORMATS = ("csv", "json", "jsonl", "xml")
COMMON_TABLE = "common"
DECLARED = "declared"
"""The source of our own entries and items: nobody else may have its name."""


def load(name_or_path: str, targets: tuple[str, ...] = CATALOGUE) -> ForeignMapping:
    """Read a mapping: a file, or one that comes with the project, by name.

    Args:
        targets: the fields of ours that it may fill, of `catalog.mapping.CATALOGUE` or `ITEMS`.

    Raises:
        DeclarationsRefused: with every problem, its file and line.
    """
    built_in_path = BUILT_IN / f"{name_or_path}.yml"
    path = built_in_path if "/" not in name_or_path and built_in_path.is_file() else FilePath(name_or_path)
    problems = Problems()
    value = read(path, path.name, problems)
    found = _mapping(value, targets) if value is not None else None
    problems.raise_if_any()
    if found is None:
        raise ValueError("a mapping that was read without a problem is there")
    return found


def built_in(of: str = "") -> list[str]:
    """Return the names of the mappings that come with the project: of catalogues, or of `items`."""
    return sorted(path.stem for path in BUILT_IN.glob("*.yml") if path.stem.startswith("items_") == (of == "items"))


@dataclass(frozen=True)
class _Tables:
    inline: Mapping[str, Mapping[str, str]]
    lookups: Mapping[str, Lookup]


def _mapping(value: Value, targets: tuple[str, ...]) -> ForeignMapping:
    fields = value.fields(
        ("name", "format", "id", "fields"),
        ("records", "encoding", "delimiter", "skip_lines", "tables", "classes", "skip"),
    )
    name = fields.text("name")
    if name and (not name.replace("_", "").isalnum() or name == DECLARED):
        fields.values["name"].refuse(f"the name {name!r}", f"letters, digits and '_', and not {DECLARED!r}: that is us")
    form = fields.choice("format", FORMATS)
    tables = _tables(fields)
    found = {}
    for target, key, entry in fields.entries("fields"):
        if target not in targets:
            key.refuse(f"the field {target!r}", one_of(targets, target))
        found[target] = _nested(target, entry, tables) if entry.has("each") else _field(target, entry, tables)
    title = "title" if "title" in targets else "name"
    if "fields" in fields.values and title not in found:
        fields.values["fields"].refuse(f"no field {title!r}", f"{title}: {{from: …}}")
    return ForeignMapping(
        name, form, _maybe_path(fields, "records"), _ids(fields), found, _encoding(fields, form),
        _delimiter(fields, form), fields.whole("skip_lines", 0) or 0, tables.lookups, _tree(fields),
        _skips(fields),
    )  # fmt: skip


def _encoding(fields: Fields, form: str) -> str:
    found = fields.choice("encoding", ("utf-8", "gb18030", "utf-16"), "utf-8")
    if "encoding" in fields.values and form not in _TEXT_FORMATS:
        fields.values["encoding"].refuse(f"an encoding of {form}", f"none: only of {', '.join(_TEXT_FORMATS)}")
    return found


def _delimiter(fields: Fields, form: str) -> str:
    value = fields.get("delimiter")
    if value is None:
        return ","
    found = value.text_or_empty()
    if form != "csv" or len(found) != 1 or found in '"\r\n':
        value.refuse(f"the delimiter {found!r} of {form}", "one character, of csv only")
        return ","
    return found


def path(value: Value) -> Path | None:
    """Read a path; tell what is none."""
    found = read_path(value.text())
    if found is None:
        value.refuse(
            f"the path {value.text()!r}", "names with dots between, like org.name, names[0], extras[key=cycle].value"
        )
    return found


def _maybe_path(fields: Fields, key: str) -> Path | None:
    return path(fields.values[key]) if key in fields.values else None


def _paths(value: Value) -> tuple[Path, ...]:
    items = value.items() if value.kind == "seq" else [value]
    return tuple(found for item in items if (found := path(item)) is not None)


def _ids(fields: Fields) -> tuple[tuple[Path, ...], ...]:
    value = fields.get("id")
    if value is None:
        return ()
    if value.kind == "seq" and any(item.kind == "seq" for item in value.items()):
        return tuple(_paths(item) for item in value.items())
    return (_paths(value),)


def _tables(fields: Fields) -> _Tables:
    inline: dict[str, Mapping[str, str]] = {}
    lookups: dict[str, Lookup] = {}
    for name, key, entry in fields.entries("tables"):
        if name == COMMON_TABLE:
            key.refuse("a table 'common'", "another name: it is the table of common words")
        elif entry.has("records"):
            found = _all_paths(entry, ("records", "key", "value"))
            if found is not None:
                lookups[name] = Lookup(*found)
        else:
            inline[name] = {theirs: ours.text() for theirs, _, ours in entry.entries()}
    return _Tables(inline, lookups)


def _all_paths(value: Value, keys: tuple[str, ...]) -> list[Path] | None:
    fields = value.fields(keys)
    found = [each for key in keys if (each := _maybe_path(fields, key)) is not None]
    return found if len(found) == len(keys) else None


def _tree(fields: Fields) -> Tree | None:
    value = fields.get("classes")
    found = _all_paths(value, ("records", "code", "name", "parent")) if value is not None else None
    return Tree(*found) if found is not None else None


def _skips(fields: Fields) -> tuple[tuple[Field, tuple[str, ...]], ...]:
    value = fields.get("skip")
    if value is None:
        return ()
    entries = value.items() if value.kind == "seq" else [value]
    skips = []
    for entry in entries:
        skip = entry.fields(("from", "words"), ("clean",))
        steps = _steps(skip)
        skips.append((Field(_paths(skip.values["from"]) if "from" in skip.values else (), steps=steps),
                      tuple(fold(word) for word in skip.texts("words", may_be_single=True))))  # fmt: skip
    return tuple(skips)


def _nested(target: str, value: Value, tables: _Tables) -> Nested | Field:
    allowed = NESTED.get(target)
    if allowed is None:
        value.refuse(f"a list of records for {target!r}", f"'each' under {one_of(NESTED)} only")
        return Field(())
    fields = value.fields(("each", "label"), tuple(name for name in allowed if name != "label"))
    each = _maybe_path(fields, "each")
    found = {name: _field("", fields.values[name], tables) for name in allowed if name in fields.values}
    return Nested(each, found) if each is not None else Field(())


def _field(target: str, value: Value, tables: _Tables) -> Field:
    fields = value.fields((), _FIELD)
    takes = [key for key in ("from", "all", "join", "constant") if key in fields.values]
    if len(takes) != 1:
        said = f"both {takes[0]!r} and {takes[1]!r}" if takes else "neither 'from' nor 'constant'"
        value.refuse(said, "exactly one of 'from', 'all', 'join' and 'constant'")
    take = {"all": "all", "join": "join"}.get(takes[0] if takes else "", "first")
    paths = _paths(fields.values[takes[0]]) if takes and takes[0] != "constant" else ()
    if "with" in fields.values and take != "join":
        fields.values["with"].refuse("'with' without 'join'", "'with' beside 'join' only")
    values, lookup = _words(target, fields, tables)
    return Field(
        paths=paths,
        take=take,
        joiner=fields.values["with"].text_or_empty() if "with" in fields.values else " ",
        constant=_closed(target, fields, "constant"),
        steps=(*_steps(fields), *_old_steps(fields)),
        values={fold(theirs): ours for theirs, ours in values.items()},
        contains={fold(t): o.text() for t, _, o in fields.entries("contains") if _is_ours(target, o)},
        lookup=lookup,
        otherwise=_closed(target, fields, "else"),
        dates=_dates(fields),
        is_required=fields.flag("required"),
    )


def _is_ours(target: str, value: Value) -> bool:
    allowed = CLOSED.get(target)
    if allowed is not None and value.kind == "str" and value.text() not in allowed:
        value.refuse(f"{value.text()!r}", one_of(allowed, value.text()))
        return False
    return True


def _closed(target: str, fields: Fields, key: str) -> str | None:
    if key not in fields.values:
        return None
    found = fields.text(key)
    _is_ours(target, fields.values[key])
    return found


def _words(target: str, fields: Fields, tables: _Tables) -> tuple[dict[str, str], str | None]:
    """Return the words that a field knows, and the code table of the file that it looks into."""
    found: dict[str, str] = {}
    lookup = None
    for name in fields.texts("table", may_be_single=True):
        if name == COMMON_TABLE and target in COMMON:
            found |= COMMON[target]
        elif name in tables.inline:
            found |= tables.inline[name]
        elif name in tables.lookups:
            lookup = name
        else:
            known = (*tables.inline, *tables.lookups, *([COMMON_TABLE] if target in COMMON else []))
            fields.values["table"].refuse(f"the table {name!r}", one_of(known, name))
    allowed = CLOSED.get(target)
    for theirs, _, ours in fields.entries("values"):
        meant = ours.text()
        found[theirs] = meant
        if allowed is not None and meant not in allowed:
            ours.refuse(f"{meant!r} for {theirs!r}", one_of(allowed, meant))
    wrong = [meant for meant in found.values() if allowed is not None and meant not in allowed]
    if wrong and "table" in fields.values and "values" not in fields.values:
        fields.values["table"].refuse(f"{wrong[0]!r} in the table", one_of(allowed or (), wrong[0]))
    return found, lookup


def _dates(fields: Fields) -> tuple[str, ...]:
    found = fields.texts("dates", may_be_single=True)
    for form in found:
        if not is_form(form):
            fields.values["dates"].refuse(
                f"the form {form!r}", "a form of days with yyyy, MM or M, and dd or d: dd/MM/yyyy"
            )
    return tuple(form for form in found if is_form(form))


def _old_steps(fields: Fields) -> Iterable[Step]:
    """Read `split` and `strip`, which may stand beside `from` for short."""
    if "split" in fields.values:
        value = fields.values["split"]
        separators = value.texts() if value.kind == "seq" else (value.text_or_empty(),)
        yield Step("split", tuple(separator for separator in separators if separator))
    if "strip" in fields.values:
        yield Step("strip", fields.values["strip"].text_or_empty())


def _steps(fields: Fields) -> tuple[Step, ...]:
    return tuple(step for item in fields.items("clean") if (step := _step(item)) is not None)


def _step(value: Value) -> Step | None:
    name, argument = value.text() if value.kind == "str" else "", None
    if value.kind == "map":
        entries = value.entries()
        if len(entries) != 1:
            value.refuse(f"{len(entries)} steps in one entry", "one, like {after: 条件：}")
            return None
        name, _, argument = entries[0]
    if name not in STEPS:
        value.refuse(f"the step {name or value.shown()!r}", one_of(STEPS, name))
        return None
    if (STEPS[name].argument == "none") != (argument is None):
        value.refuse(f"the step {name!r} {'with' if argument else 'without'} an argument", STEPS[name].example)
        return None
    return Step(name, _argument(name, argument)) if argument is not None else Step(name, None)


def _argument(name: str, value: Value) -> object:
    kind = STEPS[name].argument
    if kind == "texts":
        found = value.items() if value.kind == "seq" else [value]
        return tuple(text for item in found if (text := item.text_or_empty()))
    if kind == "map":
        return {old: new.text_or_empty() for old, _, new in value.entries()}
    if kind == "path":
        return path(value) or read_path("*")
    if kind == "part":
        items = value.items()
        if len(items) != 2:
            value.refuse(f"{len(items)} arguments of 'part'", STEPS[name].example)
            return ("-", 0)
        return (items[0].text_or_empty() or "-", items[1].whole())
    return value.text_or_empty()
