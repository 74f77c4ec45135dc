"""What a declaration becomes: frozen values, already checked, that every other room reads.

`schemas.declarations` makes them from YAML and is the only place that may; nothing here
reads a file. Order is the order of the file, so that a page or a table has its columns as
somebody wrote them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from schemas.licence_types import LicenceType
    from schemas.service_items import Bundle, Item, MaterialKind
    from schemas.sources import Source
    from schemas.terms import Terms

COLUMN_TYPES = (
    "string", "long", "decimal", "boolean", "date", "instant", "code", "area_code",
    "citizen_number", "person_number", "credit_code", "licence_id",
)  # fmt: skip
SUBJECT_KINDS = ("person", "enterprise")
SENSITIVITIES = ("open", "ordinary", "personal", "sensitive")
SHARE_CLASSES = ("unconditional", "conditional", "not_shared")
UPDATE_CYCLES = ("real_time", "daily", "weekly", "monthly", "quarterly", "half_yearly", "yearly", "irregular")


@dataclass(frozen=True)
class Place:
    """Where a declaration was written: for errors, and for `file:line` in the reference."""

    path: str
    line: int

    def __str__(self) -> str:
        return f"{self.path}:{self.line}"


@dataclass(frozen=True)
class Column:
    """One information item of a table.

    `type` is one of `COLUMN_TYPES`; `codes` names the code list of a `code`; `precision`
    and `scale` belong to `decimal`. `minimum` and `maximum` bound numbers, inclusive.
    `not_before` and `not_after` name another date column of the row, or `received` (the
    legal day the delivery was received); the day itself is allowed. `unit` is said in the
    reference (`cent`, `square metre`). `label` is Chinese, `about` English. `earlier` are the types of earlier
    numbers (`schemas.identifiers.earlier`) that a `credit_code` may stand under.
    """

    name: str
    type: str
    about: str
    label: str
    place: Place = field(compare=False, repr=False)
    required: bool = False
    codes: str | None = None
    pattern: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    max_length: int | None = None
    not_before: str | None = None
    not_after: str | None = None
    precision: int = 18
    scale: int = 2
    unit: str | None = None
    sensitivity: str = "ordinary"
    earlier: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bridge:
    """A column with an earlier number of the subject that the column `to` names, in force since the day in `since`.

    `type` is one of `schemas.identifiers.earlier.EARLIER_TYPES`; None: a person's number. `since` None: since the row
    has been true.
    """

    earlier: str
    to: str
    type: str | None
    since: str | None


@dataclass(frozen=True)
class SubjectColumn:
    """The column that says whom a row is about: `kind` is one of `SUBJECT_KINDS`."""

    kind: str
    column: str


@dataclass(frozen=True)
class Retention:
    """How long records of a table are kept: `months` from the day in the date column `since`, by the law `basis`."""

    since: str
    months: int
    basis: str


@dataclass(frozen=True)
class Table:
    """A standard table that one or several resources fill. A row is what `grain` says.

    `key` makes a row one of its kind within a resource. `observed` names the date column
    that says since when the row has been true; None: the delivery's period says it.
    `erasure` is the law by which a department may have a record erased, None where it may not;
    `retention` None where records are kept without end.
    """

    name: str
    label: str
    grain: str
    source: str
    key: tuple[str, ...]
    subjects: tuple[SubjectColumn, ...]
    columns: tuple[Column, ...]
    place: Place = field(compare=False, repr=False)
    observed: str | None = None
    erasure: str | None = None
    retention: Retention | None = None
    bridges: tuple[Bridge, ...] = ()

    def column(self, name: str) -> Column:
        """Return the column of that name; KeyError when there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


@dataclass(frozen=True)
class Code:
    """One entry of a code list, valid from `since` until `until` (inclusive; None is open).

    `source` says where it is known from, and whose word its successor is; empty: as the whole list.
    """

    code: str
    name: str
    name_en: str
    parent: str | None
    since: date | None
    until: date | None
    successor: str | None
    synonyms: tuple[str, ...]
    source: str = ""


@dataclass(frozen=True)
class CodeList:
    """A code list with its source. A retired code stays readable: `until` says since when it is.

    `codes` may read its file when first asked; `digest` is the SHA-256 of the entries as
    written, hex.
    """

    name: str
    label: str
    about: str
    source: str
    version: str
    licence: str
    is_synthetic: bool
    digest: str
    codes: Mapping[str, Code] = field(compare=False, repr=False)
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class AttributeSource:
    """Where an attribute's value may come from: any resource that fills `table`.

    The lead department's rows win over every rank; then the lower `rank` wins, then the later
    observed day.
    """

    table: str
    column: str
    subject: str
    rank: int


@dataclass(frozen=True)
class Attribute:
    """One attribute of a one file. `type`, `codes` are those of its sources' columns.

    `lead` is a department id (数源部门), or None: a listed defect. `fresh_days` is the age
    at which a value counts as stale; None means it does not age.
    """

    name: str
    label: str
    about: str
    type: str
    codes: str | None
    precision: int
    scale: int
    lead: str | None
    fresh_days: int | None
    sensitivity: str
    sources: tuple[AttributeSource, ...]
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Relation:
    """A tie between two subjects that each row of `table` states, kept on both files.

    `one` and `other` name the table's subject columns, `*_kind` what they hold (a column that
    may hold either kind is declared once per kind). `name` is how the
    file of `one` calls the tie, `inverse` how the file of `other` does. `when` limits it to
    rows whose column holds one of the values; `since` and `until` name date columns, `one_name` and
    `other_name` the columns with the names of the two, as the record has them.
    """

    name: str
    label: str
    inverse: str
    inverse_label: str
    table: str
    one: str
    one_kind: str
    other: str
    other_kind: str
    when: Mapping[str, tuple[str, ...]]
    since: str | None
    until: str | None
    one_name: str | None
    other_name: str | None
    details: tuple[str, ...]
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class OneFile:
    """What the one file of a subject kind holds.

    `ended_on` names the attribute with the last day of the subject (death, cancellation),
    or None. Fragments laid over by `ONEFILE_DECLARATIONS` are already merged in.
    """

    kind: str
    label: str
    about: str
    attributes: tuple[Attribute, ...]
    relations: tuple[Relation, ...]
    ended_on: str | None
    place: Place = field(compare=False, repr=False)


@dataclass(frozen=True)
class Department:
    """A public body that supplies or consumes. `id` is used in resource ids and paths.

    `area` is the code of the county (6 digits), street (9) or community (12) whose people and enterprises it gets rows
    about; empty: of none.
    """

    id: str
    name: str
    name_en: str
    code: str
    level: str
    place: Place = field(compare=False, repr=False)
    area: str = ""


@dataclass(frozen=True)
class Cleaner:
    """One declared cleaner and its argument: `{date: ["dd/MM/yyyy"]}` or plain `upper` (None)."""

    name: str
    argument: object


@dataclass(frozen=True)
class ColumnMapping:
    """How a source column becomes a table column.

    Exactly one of `source` (the department's header) and `constant` is set. `lookup` maps
    known dirty values (after cleaning) to the value meant. `when` limits the mapping to rows
    that have, under each header, one of the texts (trimmed); elsewhere the column is empty.
    """

    column: str
    source: str | None
    constant: str | None
    clean: tuple[Cleaner, ...]
    lookup: Mapping[str, str]
    place: Place = field(compare=False, repr=False)
    when: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Assertions:
    """What must hold of a delivery as a whole; a failed one holds its publication back.

    Rows are counted as received; the share is quarantined / received, 0 to 1.
    """

    min_rows: int | None = None
    max_rows: int | None = None
    max_quarantined_share: float | None = None
    fresh_days: int | None = None


@dataclass(frozen=True)
class Operation:
    """A header that says what a row does to its record.

    It takes the record back (`withdraw`), has all of it erased by law (`erase`), or states it (`state`, or nothing).
    """

    header: str
    withdraw: tuple[str, ...]
    state: tuple[str, ...] = ()
    erase: tuple[str, ...] = ()


@dataclass(frozen=True)
class Resource:
    """One dataset that a department shares, and how its deliveries become rows of `table`.

    `id` is `<department>.<name>`. `format` is csv, jsonl, xml, xlsx or fixed; `encoding` utf-8 or gb18030. `path` are
    the names of the XML elements from the root to a record; `sheet` names the Excel sheet (None: the first), whose
    header begins in line `header_row` and takes `header_rows` lines.
    `empty` are texts that mean "nothing". `operation` is None where every row states its record.
    `otherwise` has, by header of a `when`, the texts in whose rows no column is meant.
    `signature_required`: an unsigned delivery is refused. `terms` is what the catalogue says of
    it; None: a draft that no other department finds. `source` is the system that it is pulled from; None: its
    department delivers it. `widths` are by header those of fixed-width fields, in characters or bytes (`widths_in`);
    `packed` "zip": several files may come in one archive.
    """

    id: str
    department: str
    name: str
    title: str
    title_en: str
    about: str
    table: str
    share_class: str
    share_basis: str
    share_condition: str | None
    update_cycle: str
    format: str
    encoding: str
    delimiter: str
    signature_required: bool
    empty: tuple[str, ...]
    columns: tuple[ColumnMapping, ...]
    ignore: tuple[str, ...]
    operation: Operation | None
    assertions: Assertions
    place: Place = field(compare=False, repr=False)
    terms: Terms | None = None
    otherwise: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    path: tuple[str, ...] = ()
    sheet: str | None = None
    header_row: int = 1
    header_rows: int = 1
    source: Source | None = field(default=None, compare=False)
    widths: Mapping[str, int] = field(default_factory=dict)
    widths_in: str = "characters"
    packed: str = ""

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers that a delivery must have, in declared order, each once."""
        used = [m.source for m in self.columns if m.source is not None]
        used += [header for m in self.columns for header in m.when]
        if self.operation is not None:
            used.append(self.operation.header)
        return tuple(dict.fromkeys(used))

    @property
    def is_erasable(self) -> bool:
        """True where single rows of its kept files can be overwritten, as each is a line of its own."""
        return self.format in ("csv", "jsonl", "fixed") and not self.packed


@dataclass(frozen=True)
class Declarations:
    """All that is declared, cross-checked. Mappings are by name or id, in a stable order."""

    tables: Mapping[str, Table]
    codes: Mapping[str, CodeList]
    files: Mapping[str, OneFile]
    departments: Mapping[str, Department]
    licences: Mapping[str, LicenceType]
    digest: str
    items: Mapping[str, Item] = field(default_factory=dict)
    bundles: Mapping[str, Bundle] = field(default_factory=dict)
    materials: Mapping[str, MaterialKind] = field(default_factory=dict)
