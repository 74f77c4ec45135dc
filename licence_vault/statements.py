"""Drafts from what departments have stated: rows of a table as the flow hands them over, each with where it came from.

Columns of the table, and of the statement: `_resource`, `_department`, `_delivery`, `_row_no`,
`_seq`, `_key`, `_valid_from`, `_withdrawn`. A row of a withdrawal has the values that were stated last.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from licence_vault.drafts import Draft, Origin, Refused, drafts
from schemas.licence_types import LicenceType
from schemas.model import Table

STATEMENT = ("_resource", "_department", "_delivery", "_row_no", "_seq", "_key", "_valid_from", "_withdrawn")
WITHDRAWN = "withdrawn"
"""Raw state of a licence whose record its department took back: suspended, until it is stated again."""
_ENDED = ("revoked", "annulled", "cancelled", "lapsed", "transferred", "superseded")


def stated_drafts(kind: LicenceType, table: Table, rows: Iterable[Mapping[str, Any]]) -> Iterator[Draft | Refused]:
    """Yield a draft, or why there is none, for each statement, in order.

    Only the department that issues licences of the type makes any; another one's statement is
    refused with `not_issuer`. A withdrawal makes no end of its own: a record that is taken back
    leaves its licence suspended, and one that had ended as it was.
    """
    for number, row in enumerate(rows, 1):
        origin = _origin(row)
        if row["_department"] != kind.issuer:
            yield Refused(number, "not_issuer", None, origin, kind.name)
            continue
        (made,) = drafts(kind, table, (row,))
        if isinstance(made, Refused):
            yield replace(made, number=number, origin=origin, type_name=kind.name)
        elif row["_withdrawn"] and made.state not in _ENDED:
            told_on: date = row["_valid_from"]
            yield replace(made, state="suspended", raw_state=WITHDRAWN, since_on=told_on, origin=origin)
        else:
            yield replace(made, origin=origin)


def _origin(row: Mapping[str, Any]) -> Origin:
    return Origin(row["_resource"], row["_delivery"], row["_row_no"], row["_valid_from"], row["_seq"], row["_key"])
