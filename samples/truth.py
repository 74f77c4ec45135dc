"""What is true in a city, in files beside its deliveries, for whoever holds results against it."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv

from catalog.model import Catalogue
from samples import true_bridges, true_ties
from samples.city import told
from samples.city.chance import Ints
from samples.city.city import City
from samples.city.columns import codes, days, listed
from samples.delivering import Delivered
from samples.true_files import true_files

FOLDER = "truth"
COUNTS = (
    "resource", "id", "period", "received", "accepted", "quarantined", "duplicates", "status", "handed_over_on",
)  # fmt: skip
DEFECTS = ("resource", "delivery", "row", "column", "kind", "is_detectable", "expected")
_CHUNK_ROWS = 100_000


def tell(
    folder: Path, about: Mapping[str, object], city: City, catalogue: Catalogue, delivered: Sequence[Delivered]
) -> None:
    """Write who there is at the end, what was delivered with what must become of it, every defect and true file.

    Args:
        folder: is made.
        about: what the city was made from, for `city.json`.
    """
    folder.mkdir()
    (folder / "city.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    _write(folder / "deliveries.csv", COUNTS, ([getattr(d, name) for name in COUNTS] for d in delivered))
    planted = (
        (d.resource, d.id, defect.row, defect.column, defect.kind, int(defect.is_detectable), defect.expected or "")
        for d in delivered
        for defect in d.defects
    )
    _write(folder / "defects.csv", DEFECTS, planted)
    people = np.setdiff1d(np.arange(len(city.people)), city.gone.get("population", np.zeros(0, dtype=np.int64)))
    _write_table(folder / "people.csv", people, lambda rows: _people(city, rows))
    _write_table(folder / "enterprises.csv", np.arange(len(city.firms)), lambda rows: _firms(city, rows))
    _write_files(folder, city, catalogue, delivered)


def _people(city: City, rows: Ints) -> pa.Table:
    columns = {
        "number": codes(city.people.number[rows]),
        "name": told.name(city, rows),
        "sex": listed(("1", "2"), city.people.sex[rows] - 1),
        "birth_on": days(city.people.birth[rows]),
        "died_on": days(city.people.died[rows]),
        "address": told.home(city, rows),
    }
    return pa.table(columns)


def _firms(city: City, rows: Ints) -> pa.Table:
    columns = {
        "code": codes(city.firms.code[rows]),
        "name": told.firm(city, rows),
        "legal_representative": told.name(city, city.firms.head[rows]),
        "cancelled_on": days(city.firms.cancelled[rows]),
        "address": told.firm_address(city, rows),
    }
    return pa.table(columns)


def _write_files(folder: Path, city: City, catalogue: Catalogue, delivered: Sequence[Delivered]) -> None:
    """Write the true file of every subject: a table a kind, a column an attribute."""
    resources = [catalogue.resource(resource) for resource in sorted({d.resource for d in delivered})]
    for kind, file in catalogue.declarations.files.items():
        schema = pa.schema([(name, pa.string()) for name in ("number", *(a.name for a in file.attributes))])
        with pa_csv.CSVWriter(folder / f"{kind}_files.csv", schema) as writer:
            for table in true_files(city, catalogue, resources, kind):
                writer.write_table(table)
    with pa_csv.CSVWriter(folder / "relations.csv", true_ties.SCHEMA) as writer:
        for table in true_ties.true_ties(city, catalogue, resources):
            writer.write_table(table)
    with pa_csv.CSVWriter(folder / "earlier_numbers.csv", true_bridges.SCHEMA) as writer:
        for table in true_bridges.true_bridges(city, catalogue, resources):
            writer.write_table(table)


def _write(path: Path, head: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _write_table(path: Path, rows: Ints, table: Callable[[Ints], pa.Table]) -> None:
    with pa_csv.CSVWriter(path, table(rows[:0]).schema) as writer:
        for start in range(0, len(rows), _CHUNK_ROWS):
            writer.write_table(table(rows[start : start + _CHUNK_ROWS]))
