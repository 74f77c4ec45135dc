"""The first declaration of a file: types, keys and code lists guessed from its values, each guess with its figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.masking import masked
from catalog.model import Catalogue
from inbox.looking import Look, look, quoted
from schemas.identifiers.enterprises import credit_fault
from schemas.identifiers.persons import person_fault
from schemas.model import CodeList

NOTHING = ("-", "--", "—", "无", "NULL", "null", "N/A", "n/a", "空")
PATTERNS = {
    "yyyy-MM-dd": r"\d{4}-\d\d-\d\d",
    "yyyy/MM/dd": r"\d{4}/\d\d/\d\d",
    "yyyy/M/d": r"\d{4}/\d\d?/\d\d?",
    "yyyy-M-d": r"\d{4}-\d\d?-\d\d?",
    "yyyyMMdd": r"(19|20)\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])",
    "yyyy年M月d日": r"\d{4}年\d\d?月\d\d?日",
    "yyyy.M.d": r"\d{4}\.\d\d?\.\d\d?",
    "dd/MM/yyyy": r"\d\d/\d\d/\d{4}",
    "yyyy-MM-dd HH:mm:ss": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "yyyy/M/d H:mm:ss": r"\d{4}/\d\d?/\d\d? \d\d?:\d\d:\d\d",
}
MOSTLY = 0.95
_WIDE = {code + 0xFEE0: code for code in range(0x21, 0x7F)} | {0x3000: 0x20}
_SINCE = re.compile("更新|变更|核准|修改|update", re.IGNORECASE)
_NAMES, _PHONES = (
    re.compile("姓名|名字$|负责人|代表人|人$|人员$|户主|配偶|亲属|医师$|教师$|联系人"),
    re.compile("电话|手机|phone", re.IGNORECASE),
)
_COUNTED = re.compile("日期|时间|日$|date", re.IGNORECASE)
_MONEY = re.compile("(?=.*[0-9])(?=.*(元|人民币|[¥￥$]))[0-9,.()百千万亿元圆整人民币美港欧日英镑新台澳加 ¥￥$]{2,40}")
_NUMBERED = re.compile("号$|号码|编号|编码|代码|code$|no$|id$", re.IGNORECASE)
_AHEAD = re.compile("至|止|到期|期满|截|预计|计划|expir|until", re.IGNORECASE)
_NUMBER = re.compile("[0-9]{6}")
_MOST_OF_A_LIST, _MOST_OF_OWN = 200, 15


@dataclass(frozen=True)
class Guess:
    """What a column seems to be: `options` beside its type, the cleaners, and why."""

    header: str
    column: str
    type: str
    options: str
    clean: str
    why: str


def drafted(path: Path, declared: Catalogue, department: str, name: str | None) -> str:
    """Return the YAML of a table and of a resource for a file, with a comment on each guess.

    Raises:
        NotDeliverable, FileBroken: the file cannot be read.
    """
    seen = look(path)
    called = name or re.sub("[^a-z0-9]+", "_", path.stem.lower()).strip("_") or "things"
    called = called if called[0].isalpha() else f"t_{called}"
    known = _known(declared)
    guesses: list[Guess] = []
    counted = [header for header in seen.headers if _is_counter(seen, header)]
    for place, header in enumerate(seen.headers, 1):
        if header in counted:
            continue
        guess = _guess(header, known.get(header, ""), _values(seen, header), declared)
        is_free = guess.column and guess.column not in {each.column for each in guesses}
        is_apt = guess.type == "long" or not guess.column.endswith("_cents")
        guesses.append(guess if is_free and is_apt else replace(guess, column=f"c{place:02}"))
    return (
        "\n".join([*_table(called, seen, guesses), "", *_resource(called, department, seen, guesses, counted)]) + "\n"
    )


def _known(declared: Catalogue) -> dict[str, str]:
    """Return for headers and labels that are declared somewhere what the column is called there."""
    found = {c.label: c.name for table in declared.declarations.tables.values() for c in table.columns}
    mapped = [m for r in declared.resources.values() for m in r.columns if m.source]
    return found | {m.source: m.column for m in mapped if m.source and not m.column.endswith("_currency")}


def _values(seen: Look, header: str) -> list[str]:
    texts = ((row.get(header) or "").translate(_WIDE).strip() for row in seen.rows)
    return [text for text in texts if text and text not in NOTHING]


def _guess(header: str, column: str, values: Sequence[str], declared: Catalogue) -> Guess:
    kind, options, clean, why = _kind(header, values, declared.declarations.codes)
    grade = _grade(header, kind)
    example = masked(values[0], grade if grade == "sensitive" else "personal") if values else "nothing"
    figures = f"{len(values):,} there, {len(set(values)):,} different, like {example}"
    sensitivity = f", sensitivity: {grade}" if grade != "ordinary" else ""
    return Guess(header, column, kind, options + sensitivity, clean, f"{figures}{why}")


def _grade(header: str, kind: str) -> str:
    if kind == "person_number" or _PHONES.search(header):
        return "sensitive"
    return "personal" if _NAMES.search(header) else "ordinary"


def _kind(header: str, values: Sequence[str], lists: Mapping[str, CodeList]) -> tuple[str, str, str, str]:
    """Return type, its options, cleaners and a remark."""
    if not values:
        return "string", "", "[trim]", ": no value to guess from"
    if _share(values, lambda text: person_fault(text.upper()) is None) >= MOSTLY:
        return "person_number", "", "[width, trim, upper, citizen_18]", ": the check characters fit"
    if _share(values, lambda text: credit_fault(text.upper()) is None) >= MOSTLY:
        return "credit_code", "", "[width, trim, upper]", ": the check characters fit"
    found = _code_list(header, set(values), lists)
    if found is not None:
        return "code", f", codes: {found}", "[width, trim]", f": all of them in the list {found}"
    if _COUNTED.search(header) and _share(values, lambda text: bool(re.fullmatch("[2-7][0-9]{4}", text))) >= MOSTLY:
        return "date", _bound(header), "[width, trim, date: [excel]]", ": days as Excel counts them"
    patterns = _patterns(values)
    if patterns:
        return "date", _bound(header), f"[width, trim, date: [{', '.join(patterns)}]]", ""
    return _figure_or_text(header, values)


def _bound(header: str) -> str:
    """Return what holds for a day by its header: one that may lie ahead is not held against the receipt."""
    return "" if _AHEAD.search(header) else ", not_after: received"


def _figure_or_text(header: str, values: Sequence[str]) -> tuple[str, str, str, str]:
    if _PHONES.search(header):
        return "string", ", max_length: 60", "[width, trim]", ": a telephone, by its header"
    if all(re.fullmatch("-?(0|[1-9][0-9]{0,14})", text) for text in values):
        return "long", "", "[width, trim]", ": whole numbers; say the unit in the column's name"
    if all(re.fullmatch(r"-?[0-9]{1,12}(\.[0-9]{1,8})?", text) for text in values) and not _has_leading_zero(values):
        scale = max(len(text.partition(".")[2]) for text in values)
        return "decimal", f", precision: 18, scale: {scale}", "[width, trim]", ": say the unit in the column's name"
    if _share(values, lambda text: bool(_MONEY.fullmatch(text))) >= MOSTLY:
        return (
            "long",
            ", min: 0, unit: cent",
            "[money: {give: amount_cents}]",
            ": amounts; name it …_cents, and add a column with give: currency where others are met",
        )
    if _NAMES.search(header):
        return "string", ", max_length: 60", "[name]", ": a person's name, by its header"
    different = sorted(set(values))
    longest = max(map(len, values))
    length = f", max_length: {next(most for most in (20, 60, 200, 1000, 10_000, 2 * longest) if most >= 2 * longest)}"
    if (
        len(different) <= _MOST_OF_OWN
        and len(values) >= 5 * len(different)
        and longest <= 20
        and not _NUMBER.search("".join(different))
    ):
        return "string", length, "[width, trim]", ": few different ones; a code list of its own? " + " ".join(different)
    if all(re.fullmatch("[0-9A-Za-z-]+", text) for text in values):
        return "string", length, "[width, trim, upper]", ": a number or sign"
    return "string", length, "[trim, collapse]", ""


def _has_leading_zero(values: Sequence[str]) -> bool:
    return any(re.match("0[0-9]", text) for text in values)


def _share(values: Sequence[str], is_so: Callable[[str], bool]) -> float:
    return sum(map(is_so, values)) / len(values)


def _code_list(header: str, values: set[str], lists: Mapping[str, CodeList]) -> str | None:
    """Return the shortest list that has all values as codes, names or synonyms; figures alone need its label too."""
    if len(values) > _MOST_OF_A_LIST or max(map(len, values)) > 40:
        return None
    are_figures = all(text.isdigit() for text in values)
    fitting = []
    for name, code_list in lists.items():
        is_named = code_list.label in header or header in code_list.label
        if are_figures and not is_named:
            continue
        words = {word for code in code_list.codes.values() for word in (code.code, code.name, *code.synonyms)}
        if values <= words:
            fitting.append((not is_named, len(words), name))
    return min(fitting)[2] if fitting else None


def _patterns(values: Sequence[str]) -> list[str]:
    """Return the fewest patterns, the most common first, that read nearly all values; none where they do not."""
    left, found = list(values), []
    while left:
        best = max(PATTERNS, key=lambda name: sum(bool(re.fullmatch(PATTERNS[name], text)) for text in left))
        rest = [text for text in left if not re.fullmatch(PATTERNS[best], text)]
        if len(rest) == len(left):
            break
        found.append(best)
        left = rest
    return found if len(left) <= (1 - MOSTLY) * len(values) else []


def _table(name: str, seen: Look, guesses: Sequence[Guess]) -> Iterator[str]:
    yield f"# tables/{name}.yml: a first guess from {len(seen.rows):,} rows; correct it, and take this line out"
    yield f"name: {name}"
    yield "label: 待定  # what a row is, in Chinese"
    yield "grain: one row per …  # say what"
    yield "source: …  # which register, by which law"
    key = _key(seen, guesses)
    yield f"key: [{key or '…'}]" + ("" if key else "  # no column is there in every row and different in each")
    kinds = {"person_number": "person", "credit_code": "enterprise"}
    subjects = {kinds[guess.type]: guess.column for guess in reversed(guesses) if guess.type in kinds}
    if subjects:
        yield f"subject: {{{', '.join(f'{kind}: {column}' for kind, column in sorted(subjects.items()))}}}"
    since = next((guess.column for guess in guesses if guess.type == "date" and _SINCE.search(guess.header)), None)
    yield f"observed: {since}" if since else "# observed: no column says since when; the delivery's period does"
    yield "columns:"
    for guess in guesses:
        required = ", required: true" if guess.column == key else ""
        label = " ".join(guess.header.split())
        yield f"  # {label}: {' '.join(guess.why.split())}"
        yield f"  {guess.column}: {{type: {guess.type}{required}{guess.options}, label: {quoted(label)}, about: …}}"


def _is_counter(seen: Look, header: str) -> bool:
    """Say whether a column only counts the rows."""
    texts = [row.get(header) for row in seen.rows]
    return len(texts) > 1 and texts == [str(number) for number in range(1, len(texts) + 1)]


def _key(seen: Look, guesses: Sequence[Guess]) -> str | None:
    rows = len(seen.rows)
    own = []
    for guess in guesses:
        texts = [row.get(guess.header) for row in seen.rows]
        if rows and all(texts) and len(set(texts)) == rows and guess.type not in ("date", "decimal", "code"):
            own.append(guess)
    return min(own, key=lambda guess: not _NUMBERED.search(guess.header)).column if own else None


def _resource(
    name: str, department: str, seen: Look, guesses: Sequence[Guess], counted: Sequence[str]
) -> Iterator[str]:
    yield f"# resources/{department}/{name}.yml"
    yield f"name: {name}"
    yield f"department: {department}"
    yield "title: 待定"
    yield "title_en: …"
    yield "about: …"
    yield f"table: {name}"
    yield "share: {class: conditional, basis: …, condition: …}  # by which law, for whom"
    yield "update_cycle: monthly"
    yield f"format: {seen.format}"
    yield from (f"{option}: {value}" for option, value in seen.options.items())
    met = {text for row in seen.rows for text in row.values()} & set(NOTHING)
    if met:
        yield f"empty: [{', '.join(sorted(f'{chr(34)}{text}{chr(34)}' for text in met))}]"
    yield "columns:"
    yield from (f"  {guess.column}: {{from: {quoted(guess.header)}, clean: {guess.clean}}}" for guess in guesses)
    if counted:
        yield f"ignore: [{', '.join(map(quoted, counted))}]  # counts the rows"
    yield "assertions: {min_rows: 1, max_quarantined_share: 0.1}"
