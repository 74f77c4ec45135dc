"""What a home found in the deliveries it took in: read from its receipts and its lake, never from the truth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from catalog.model import Catalogue
from onefile.verify.receipt import Receipt, open_receipt
from onefile.verify.trust import read_trust
from pipelines import names, peek
from samples.city.chance import Ints

DUPLICATE = "duplicate"

Finding = tuple[str, int, str]
"""A delivery, a row of it and a reason code, or `duplicate`."""


@dataclass(frozen=True)
class Found:
    """The receipts by delivery, and everything that was said of single rows."""

    receipts: Mapping[str, Receipt]
    rows: frozenset[Finding]


def found(home: Path, catalogue: Catalogue) -> Found:
    """Read the verified receipts, and the rows that are neither in silver nor in quarantine: the duplicates."""
    trust = read_trust((home / "keys" / "trust.json").read_bytes())
    opened = (open_receipt(path.read_bytes(), trust) for path in sorted((home / "receipts").glob("*.json")))
    receipts = {receipt.delivery: receipt for receipt in opened}
    rows = {(r.delivery, item.row, item.reason) for r in receipts.values() for item in r.rejected}
    for resource in sorted({r.resource for r in receipts.values() if r.resource}):
        rows |= _duplicates(home / "lake", resource, catalogue.resource(resource).table)
    return Found(receipts, frozenset(rows))


def _duplicates(lake: Path, resource: str, table: str) -> set[Finding]:
    received = _rows(lake, names.bronze(resource), None)
    kept = [_rows(lake, names.silver(table), resource), _rows(lake, names.quarantine(resource), None)]
    gone = set()
    for delivery, rows in received.items():
        left = np.setdiff1d(rows, np.concatenate([part.get(delivery, rows[:0]) for part in kept]))
        gone |= {(delivery, row, DUPLICATE) for row in left.tolist()}
    return gone


def _rows(lake: Path, name: str, resource: str | None) -> dict[str, Ints]:
    """Return the row numbers in a table by delivery, of one resource where that is asked for."""
    columns = ["_delivery", "_row_no", *(["_resource"] if resource else [])]
    table = peek.rows(lake, name, columns)
    if table is None:
        return {}
    if resource is not None:
        table = table.filter(pc.equal(table["_resource"], resource))
    encoded = table["_delivery"].combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.combine_chunks()
    place, numbers = np.asarray(encoded.indices), np.asarray(table["_row_no"])
    return {delivery: numbers[place == n] for n, delivery in enumerate(encoded.dictionary.to_pylist())}
