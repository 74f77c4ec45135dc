"""Drafts: what a department's record says that a licence is, before the vault gives it an identifier.

A draft is made from one row of the licence type's table; what cannot become a licence is a
`Refused` with a reason of `schemas.reasons`, never a guess.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from licence_vault.canonical import canonical
from onefile.verify.reading import MOST
from schemas.identifiers import InvalidIdentifier, credit_code, person_number
from schemas.licence_types import LicenceHolder, LicenceType
from schemas.model import Table

Json = str | int | bool
NUMBER_TYPES = {
    "citizen": ("111", "居民身份证"),
    "enterprise": ("001", "统一社会信用代码"),
    "hmt_resident": ("571", "港澳台居民居住证"),
    "foreigner": ("553", "外国人永久居留身份证"),
}
"""Code and name of a holder's number by its kind; other kinds are `990`, 其他."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds it. `number_type` is a code of the list `identity_type`."""

    kind: str
    number_type: str
    number: str = field(repr=False)
    name: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Origin:
    """The statement of a department that a draft was made from: row `row_no` of a delivery.

    `record` names the record whatever becomes of it. `told_on` is the day since when the statement
    is true, `seq` its delivery's place among all that were received.
    """

    resource: str
    delivery: str
    row_no: int
    told_on: date
    seq: int
    record: str = field(repr=False)

    @property
    def order(self) -> tuple[str, int, int]:
        """What sorts the statements about one record: the last one is the present."""
        return self.told_on.isoformat(), self.seq, self.row_no


@dataclass(frozen=True, slots=True)
class BoundOriginal:
    """A collected original that belongs to a licence: the SHA-256 of its bytes, hex, and its format."""

    digest: str
    format: str


@dataclass(frozen=True, slots=True)
class Draft:
    """One licence as its department's record has it. `record` is the row's key: with the type it is one of its kind.

    `key` is the licence's key where it is known already; `origin` is None where no delivery brought it;
    `since_else` is the day since when the state holds where the record does not say (`since_on` None).
    """

    type: LicenceType
    record: tuple[str, ...] = field(repr=False)
    state: str
    raw_state: str
    printed: str | None = field(repr=False)
    holders: tuple[Holder, ...] = field(repr=False)
    issued_on: date
    valid_from: date
    valid_until: date | None
    since_on: date | None
    fields: tuple[tuple[str, Json], ...] = field(repr=False)
    origin: Origin | None = None
    key: str | None = None
    since_else: date | None = None
    originals: tuple[BoundOriginal, ...] = ()

    def content(self) -> dict[str, object]:
        """Return all that a payload says of the record itself: equal contents are one version."""
        return {
            "state": self.state,
            "raw_state": self.raw_state,
            "printed_number": self.printed,
            "holders": [
                {"kind": h.kind, "number_type": h.number_type, "number": h.number, "name": h.name} for h in self.holders
            ],
            "issued_on": self.issued_on.isoformat(),
            "valid_from": self.valid_from.isoformat(),
            "valid_until": None if self.valid_until is None else self.valid_until.isoformat(),
            "fields": dict(self.fields),
            **({"originals": self._originals()} if self.originals else {}),
        }

    def _originals(self) -> list[dict[str, str]]:
        return [{"digest": o.digest, "format": o.format} for o in self.originals]

    def content_bytes(self) -> bytes:
        """Return the content, with the day since when it holds, in its one form."""
        return canonical({**self.content(), "since_on": None if self.since_on is None else self.since_on.isoformat()})


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that became no licence: its place in the batch (from 1), the reason, and the column it is about."""

    number: int
    reason: str
    column: str | None
    origin: Origin | None = None
    type_name: str | None = None


class _Unfit(Exception):
    """A row that can be no licence."""

    def __init__(self, reason: str, column: str | None) -> None:
        super().__init__(reason)
        self.reason, self.column = reason, column


def drafts(kind: LicenceType, table: Table, rows: Iterable[Mapping[str, object]]) -> Iterator[Draft | Refused]:
    """Yield a draft, or why there is none, for each row of the type's table, in order.

    Args:
        rows: by column; days as dates or texts YYYY-MM-DD, nothing as None or left out.
    """
    for number, row in enumerate(rows, 1):
        try:
            yield _draft(kind, table, row)
        except _Unfit as unfit:
            yield Refused(number, unfit.reason, unfit.column)


def _draft(kind: LicenceType, table: Table, row: Mapping[str, object]) -> Draft:
    raw = "" if kind.state_column is None else _required(row, kind.state_column)
    state = kind.state(raw)
    if state is None:
        raise _Unfit("not_in_list", kind.state_column)
    issued, valid_from = _day(row, kind.issued), _day(row, kind.valid_from)
    if issued is None or valid_from is None:
        raise _Unfit("required", kind.issued if issued is None else kind.valid_from)
    valid_until = None if kind.valid_until is None else _day(row, kind.valid_until)
    if valid_until is not None and valid_until < valid_from:
        raise _Unfit("before", kind.valid_until)
    holders = tuple(found for holder in kind.holders if (found := _holder(row, holder)) is not None)
    values = [(f.code, _exact(row, f.column)) for f in kind.fields]
    return Draft(
        type=kind,
        record=tuple(_required(row, column) for column in table.key),
        state=state,
        raw_state=raw,
        printed=None if kind.printed is None else _required(row, kind.printed),
        holders=holders,
        issued_on=issued,
        valid_from=valid_from,
        valid_until=valid_until,
        since_on=None if kind.since is None else _day(row, kind.since),
        fields=tuple((code, _plain(value)) for code, value in values if value is not None),
    )


def _exact(row: Mapping[str, object], column: str) -> object:
    """Return a value, once every reader of JSON reads it alike."""
    value = row.get(column)
    if isinstance(value, int) and abs(value) > MOST:
        raise _Unfit("above_max" if value > 0 else "below_min", column)
    return value


def _required(row: Mapping[str, object], column: str) -> str:
    value = row.get(column)
    if value is None or value == "":
        raise _Unfit("required", column)
    return str(_plain(value))


def _day(row: Mapping[str, object], column: str) -> date | None:
    value = row.get(column)
    if value is None or isinstance(value, date):
        return value.date() if isinstance(value, datetime) else value
    try:
        return date.fromisoformat(str(value)) if len(str(value)) == 10 else _no_day()
    except ValueError:
        raise _Unfit("not_a_date", column) from None


def _no_day() -> date:
    raise ValueError


def _holder(row: Mapping[str, object], holder: LicenceHolder) -> Holder | None:
    """Return who holds it; None where the row has no number for them."""
    text = row.get(holder.column)
    if text is None or text == "":
        return None
    name = str(row.get(holder.name_column) or "")
    try:
        if holder.kind == "enterprise":
            return Holder("enterprise", NUMBER_TYPES["enterprise"][0], credit_code(str(text)).text, name)
        number = person_number(str(text))
    except InvalidIdentifier as invalid:
        raise _Unfit(invalid.reason, holder.column) from None
    return Holder("person", NUMBER_TYPES.get(number.kind, ("990", "其他"))[0], number.text, name)


def _plain(value: object) -> Json:
    """Return a value as JSON holds it exactly: decimals and days as text."""
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date | datetime) else str(value)
