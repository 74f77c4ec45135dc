"""Conditions as data: a small language that is parsed into a tree and never run as code.

    premises = rented and seats >= 50
    applicant.capital_cents >= 3000000 or holds(applicant, food_operation_permit)
    years_since(applicant.birth_on) >= 60 and not (spouse.name is absent)

A bare name is the answer to a question, `<party>.<attribute>` a value of a party's one file. `and` binds closer than
`or`. Constants are words, numbers, days (2026-01-31) and texts in single quotes. There are no loops, no calls
but `holds`, `years_since`, `days_since` and `days_until`, and no comparison of one name with another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from schemas.errors import SchemaError

MAX_LENGTH = 1_000
MAX_DEPTH = 20
FUNCTIONS = {"years_since": "years", "days_since": "days", "days_until": "days_left"}
OPERATORS = ("=", "!=", "<", "<=", ">", ">=", "in", "is present", "is absent", "is true")
Constant = str | Decimal | date
_TOKEN = re.compile(
    r"\s*(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}(?![0-9]))|(?P<number>-?[0-9]+(?:\.[0-9]+)?(?![0-9A-Za-z_]))"
    r"|(?P<name>[a-z][a-z0-9_]*)|(?P<text>'[^'\n]*')|(?P<sign><=|>=|!=|[=<>(),.]))"
)
_KEYWORDS = ("and", "or", "not", "in", "is")


class BadCondition(SchemaError):
    """A condition cannot be read; the place in it is told."""

    def __init__(self, at: int, found: str, wanted: str) -> None:
        super().__init__(f"at character {at + 1} of the condition: found {found}; wanted {wanted}")
        self.found, self.wanted = f"{found} at character {at + 1} of the condition", wanted


@dataclass(frozen=True)
class Subject:
    """What a test looks at.

    `kind`: `answer` (of the question `name`), `value` (attribute `name` of `party`), `years`, `days`, `days_left`
    (since or until that attribute, or that answer where `party` is empty), `licence` (of the type `name`, which `party`
    holds).
    """

    kind: str
    party: str
    name: str

    def __str__(self) -> str:
        named = f"{self.party}.{self.name}" if self.party else self.name
        if self.kind == "licence":
            return f"holds({self.party}, {self.name})"
        called = {kind: name for name, kind in FUNCTIONS.items()}.get(self.kind)
        return f"{called}({named})" if called else named


@dataclass(frozen=True)
class Test:
    """One question put to the facts. `is true` and `is …` have no constants; `in` has one or more; others have one."""

    __test__ = False  # no test of pytest's

    subject: Subject
    operator: str
    constants: tuple[Constant, ...]

    def __str__(self) -> str:
        return self._text

    @cached_property
    def _text(self) -> str:
        said = [f"'{each}'" if _needs_quotes(each) else str(each) for each in self.constants]
        if self.operator == "is true":
            return str(self.subject)
        if self.operator == "in":
            return f"{self.subject} in ({', '.join(said)})"
        return " ".join((str(self.subject), self.operator, *said))


@dataclass(frozen=True)
class Not:
    """True where its part is false."""

    part: Condition

    def __str__(self) -> str:
        return f"not ({self.part})"


@dataclass(frozen=True)
class All:
    """True where every part is."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " and ".join(f"({part})" if isinstance(part, Some) else str(part) for part in self.parts)


@dataclass(frozen=True)
class Some:
    """True where a part is."""

    parts: tuple[Condition, ...]

    def __str__(self) -> str:
        return " or ".join(map(str, self.parts))


Condition = Test | Not | All | Some


def parse(text: str) -> Condition:
    """Read a condition; raise BadCondition where it is none."""
    if len(text) > MAX_LENGTH:
        raise BadCondition(MAX_LENGTH, f"{len(text)} characters", f"at most {MAX_LENGTH}")
    reader = _Reader(list(_tokens(text)))
    found = reader.some(0)
    if reader.kind != "end":
        raise BadCondition(reader.place, f"{reader.text!r}", "'and', 'or', or the end")
    return found


def tests(condition: Condition) -> Iterator[Test]:
    """Yield every test of a condition, from left to right."""
    if isinstance(condition, Test):
        yield condition
    elif isinstance(condition, Not):
        yield from tests(condition.part)
    else:
        for part in condition.parts:
            yield from tests(part)


def _needs_quotes(constant: Constant) -> bool:
    is_word = isinstance(constant, str) and re.fullmatch("[a-z][a-z0-9_]*", constant) and constant not in _KEYWORDS
    return isinstance(constant, str) and not is_word


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    at, end = 0, len(text.rstrip())
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            start = at + len(text[at:]) - len(text[at:].lstrip())
            raise BadCondition(start, f"{text[start]!r}", "a name, a number, a day, a 'text', or a sign like >=")
        yield found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)
        at = found.end()
    yield "end", "the end", end


class _Reader:
    """Goes through the tokens, one rule of the grammar a method."""

    def __init__(self, tokens: list[tuple[str, str, int]]) -> None:
        self._tokens = tokens
        self._at = 0

    @property
    def kind(self) -> str:
        return self._tokens[self._at][0]

    @property
    def text(self) -> str:
        return self._tokens[self._at][1]

    @property
    def place(self) -> int:
        return self._tokens[self._at][2]

    def take(self, text: str) -> bool:
        """Go on when the token is this word or sign."""
        is_it = self.text == text and self.kind in ("name", "sign")
        self._at += is_it
        return is_it

    def expect(self, text: str) -> None:
        if not self.take(text):
            raise BadCondition(self.place, f"{self.text!r}", f"{text!r}")

    def some(self, depth: int) -> Condition:
        if depth > MAX_DEPTH:
            raise BadCondition(self.place, "brackets nested without end", f"at most {MAX_DEPTH} levels")
        parts = [self.all(depth)]
        while self.take("or"):
            parts.append(self.all(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def all(self, depth: int) -> Condition:
        parts = [self.one(depth)]
        while self.take("and"):
            parts.append(self.one(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self, depth: int) -> Condition:
        if self.take("not"):
            if depth > MAX_DEPTH:
                raise BadCondition(self.place, "'not' nested without end", f"at most {MAX_DEPTH} levels")
            return Not(self.one(depth + 1))
        if self.take("("):
            inner = self.some(depth + 1)
            self.expect(")")
            return inner
        return self.test()

    def test(self) -> Test:
        subject = self.subject()
        for sign in ("=", "!=", "<=", ">=", "<", ">"):
            if self.take(sign):
                return Test(subject, sign, (self.constant(),))
        if self.take("in"):
            self.expect("(")
            found = [self.constant()]
            while self.take(","):
                found.append(self.constant())
            self.expect(")")
            return Test(subject, "in", tuple(dict.fromkeys(found)))
        if self.take("is"):
            return Test(subject, f"is {self.presence()}", ())
        return Test(subject, "is true", ())

    def presence(self) -> str:
        for word in ("present", "absent"):
            if self.take(word):
                return word
        raise BadCondition(self.place, f"{self.text!r}", "'present' or 'absent'")

    def subject(self) -> Subject:
        name = self.name("a question, a party or a function")
        if name == "holds" and self.take("("):
            party = self.name("a party")
            self.expect(",")
            licence = self.name("a licence type")
            self.expect(")")
            return Subject("licence", party, licence)
        if name in FUNCTIONS and self.take("("):
            inner = self.subject()
            if inner.kind not in ("answer", "value"):
                raise BadCondition(self.place, "a function of a function", "a day")
            self.expect(")")
            return Subject(FUNCTIONS[name], inner.party, inner.name)
        if self.take("."):
            return Subject("value", name, self.name("an attribute"))
        return Subject("answer", "", name)

    def name(self, wanted: str) -> str:
        if self.kind != "name" or self.text in _KEYWORDS:
            raise BadCondition(self.place, f"{self.text!r}", wanted)
        self._at += 1
        return self._tokens[self._at - 1][1]

    def constant(self) -> Constant:
        kind, text, place = self._tokens[self._at]
        if kind not in ("day", "number", "text", "name") or (kind == "name" and text in _KEYWORDS):
            raise BadCondition(place, f"{text!r}", "a word, a number, a day or a 'text'")
        self._at += 1
        if kind == "number":
            return Decimal(text)
        if kind == "day":
            try:
                return date.fromisoformat(text)
            except ValueError:
                raise BadCondition(place, f"the day {text!r}", "a day that there is") from None
        return text[1:-1] if kind == "text" else text
