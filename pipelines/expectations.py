"""Great Expectations suites made from the declarations: nobody writes an expectation by hand.

What a row-level rule refuses is in quarantine already. These suites hold the outcome against
the declaration once more, by a tool of its own, and say how complete it is.
"""

from __future__ import annotations

from collections.abc import Mapping

import great_expectations.expectations as gxe
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.row_conditions import Column as RowColumn

from schemas.identifiers.earlier import EARLIER_TYPES
from schemas.model import Assertions, CodeList, Column, OneFile, Table

NOT_WITHDRAWN = RowColumn("_withdrawn") == False  # noqa: E712 - builds a condition
CRITICAL, INFO = FailureSeverity.CRITICAL, FailureSeverity.INFO
# A longer list is checked when a row is read; as an expectation it would only fill pages.
LONGEST_SET = 300


def silver(table: Table, codes: Mapping[str, CodeList]) -> list[Expectation]:
    """Return what must hold of a delivery's accepted statements: one row each, columns as silver has them."""
    found: list[Expectation] = [
        gxe.ExpectColumnValuesToNotBeNull(column="_key", severity=CRITICAL),
        gxe.ExpectColumnValuesToNotBeNull(column="_valid_from", severity=CRITICAL),
        gxe.ExpectCompoundColumnsToBeUnique(column_list=["_key", "_valid_from"], severity=CRITICAL),
    ]
    for column in table.columns:
        found += _of_column(column, codes)
    return found


def delivery(assertions: Assertions) -> list[Expectation]:
    """Return what is asserted of a delivery as a whole: one row, `received`, `quarantined_share` and `age_days`."""
    bounds = {
        "received": (assertions.min_rows, assertions.max_rows),
        "quarantined_share": (None, assertions.max_quarantined_share),
        "age_days": (None, assertions.fresh_days),
    }
    return [
        gxe.ExpectColumnValuesToBeBetween(column=column, min_value=low, max_value=high, severity=CRITICAL)
        for column, (low, high) in bounds.items()
        if low is not None or high is not None
    ]


def gold(file: OneFile) -> list[Expectation]:
    """Return what must hold of all one files of a kind; attributes are columns with their values."""
    found: list[Expectation] = [
        gxe.ExpectColumnValuesToNotBeNull(column="subject_id", severity=CRITICAL),
        gxe.ExpectColumnValuesToBeUnique(column="subject_id", severity=CRITICAL),
        gxe.ExpectColumnValuesToNotBeNull(column="number", severity=CRITICAL),
        gxe.ExpectColumnValuesToBeInSet(column="number_type", value_set=NUMBER_TYPES[file.kind], severity=CRITICAL),
    ]
    found += [gxe.ExpectColumnValuesToNotBeNull(column=a.name, mostly=0.0, severity=INFO) for a in file.attributes]
    return found


NUMBER_TYPES = {"person": ["citizen", "hmt_resident", "foreigner"], "enterprise": ["credit_code", *EARLIER_TYPES]}


def _of_column(column: Column, codes: Mapping[str, CodeList]) -> list[Expectation]:
    found: list[Expectation] = []
    if column.required:
        found.append(
            gxe.ExpectColumnValuesToNotBeNull(column=column.name, severity=CRITICAL, row_condition=NOT_WITHDRAWN)
        )
    if column.pattern is not None:
        found.append(gxe.ExpectColumnValuesToMatchRegex(column=column.name, regex=column.pattern, severity=CRITICAL))
    if column.minimum is not None or column.maximum is not None:
        found.append(
            gxe.ExpectColumnValuesToBeBetween(
                column=column.name, min_value=column.minimum, max_value=column.maximum, severity=CRITICAL
            )
        )
    if column.codes is not None and len(codes[column.codes].codes) <= LONGEST_SET:
        allowed = sorted(codes[column.codes].codes)
        found.append(gxe.ExpectColumnValuesToBeInSet(column=column.name, value_set=allowed, severity=CRITICAL))
    return found
