"""The score of a home: how much of what was planted it found, and how much of what it found was there."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

from catalog.model import Catalogue
from samples import truth
from samples.errors import NotACity
from samples.scoring import earlier, ties, winners
from samples.scoring.findings import Finding, Found, found
from samples.scoring.shares import Share, total

GOOD = 0.99
"""Recall and precision that each kind of detectable defect must reach."""


@dataclass(frozen=True)
class KindScore:
    """A kind of defect: how many were planted, found, and how many findings of its reasons were none."""

    kind: str
    planted: int
    found: int
    false_alarms: int

    @property
    def recall(self) -> float:
        """The share of the planted that was found."""
        return self.found / self.planted

    @property
    def precision(self) -> float:
        """The share of what was found that was planted; 1 where nothing was found."""
        told = self.found + self.false_alarms
        return self.found / told if told else 1.0


@dataclass(frozen=True)
class Score:
    """All of it. `missing` are deliveries that the home has no receipt of, `miscounted` those with other counts.

    `winners` and `true` are by kind of one file and attribute.
    """

    kinds: tuple[KindScore, ...]
    missing: tuple[str, ...]
    miscounted: tuple[str, ...]
    winners: Mapping[tuple[str, str], Share]
    true: Mapping[tuple[str, str], Share]

    @property
    def is_good(self) -> bool:
        """Every delivery was answered as it must be, every kind found, every value the declared ranking's winner."""
        kinds = all(min(kind.recall, kind.precision) >= GOOD for kind in self.kinds)
        return kinds and not self.missing and not self.miscounted and total(self.winners).share == 1.0


def score(home: Path, city: Path, catalogue: Catalogue) -> Score:
    """Hold a home that took a city's deliveries in against the city's truth.

    Raises:
        NotACity: the folder has no truth, or the home took nothing in.
    """
    folder = city / truth.FOLDER
    if not (folder / "defects.csv").exists():
        raise NotACity(str(city), "truth/defects.csv")
    if not (home / "keys" / "trust.json").exists():
        raise NotACity(str(home), "keys/trust.json")
    told = found(home, catalogue)
    deliveries = list(_read(folder / "deliveries.csv"))
    winning: dict[tuple[str, str], Share] = {}
    true: dict[tuple[str, str], Share] = {}
    for kind, file in catalogue.declarations.files.items():
        shown = winners.shown(home / "lake", file)
        winning |= _shares(kind, shown, winners.winners(home / "lake", file, catalogue.declarations))
        true |= _shares(kind, shown, _true(folder / f"{kind}_files.csv"))
    true |= ties.shares(home / "lake", catalogue.declarations.files, _true(folder / "relations.csv"))
    true |= earlier.shares(home / "lake", catalogue.declarations.files, _true(folder / "earlier_numbers.csv"))
    return Score(
        kinds=tuple(_kinds(folder, told, deliveries)),
        missing=tuple(d["id"] for d in deliveries if d["id"] not in told.receipts),
        miscounted=tuple(d["id"] for d in deliveries if d["id"] in told.receipts and not _counts_agree(d, told)),
        winners=winning,
        true=true,
    )


def _counts_agree(delivery: Mapping[str, str], told: Found) -> bool:
    receipt = told.receipts[delivery["id"]]
    counts = ("received", "accepted", "quarantined", "duplicates")
    return receipt.status == delivery["status"] and all(getattr(receipt, n) == int(delivery[n]) for n in counts)


def _kinds(folder: Path, told: Found, deliveries: list[dict[str, str]]) -> Iterator[KindScore]:
    planted: dict[str, set[Finding]] = defaultdict(set)
    for row in _read(folder / "defects.csv"):
        if row["is_detectable"] == "1" and row["delivery"] in told.receipts:
            planted[row["kind"]].add((row["delivery"], int(row["row"]), row["expected"]))
    mine = {d["id"] for d in deliveries}
    every = set().union(*planted.values()) if planted else set()
    alarms = [finding for finding in told.rows if finding[0] in mine and finding not in every]
    for kind, wanted in sorted(planted.items()):
        reasons = {reason for _, _, reason in wanted}
        false = sum(reason in reasons for _, _, reason in alarms)
        yield KindScore(kind, len(wanted), len(wanted & told.rows), false)
    refused = {d["id"] for d in deliveries if d["status"] == "refused"}
    said = {name for name, receipt in told.receipts.items() if receipt.status == "refused" and name in mine}
    if refused:
        yield KindScore("delivery_cut", len(refused), len(refused & said), len(said - refused))


def _true(path: Path) -> pa.Table:
    with path.open(encoding="utf-8", newline="") as file:
        types = dict.fromkeys(next(csv.reader(file)), pa.string())
    options = pa_csv.ConvertOptions(column_types=types, strings_can_be_null=True, quoted_strings_can_be_null=False)
    return pa_csv.read_csv(path, convert_options=options)


def _shares(kind: str, shown: pa.Table, wanted: pa.Table) -> dict[tuple[str, str], Share]:
    """Compare attribute by attribute; a subject that only one of the two has counts with each value it has."""
    place = pc.index_in(wanted["number"], value_set=shown["number"].combine_chunks())
    absent = np.setdiff1d(np.arange(len(shown)), np.asarray(place.drop_null()))
    found = {}
    for name in wanted.column_names[1:]:
        if name not in shown.column_names:
            continue
        here, there = shown[name].take(place), wanted[name]
        equal = pc.sum(pc.fill_null(pc.equal(here, there), False)).as_py() or 0
        some = pc.sum(pc.or_(here.is_valid(), there.is_valid())).as_py() or 0
        more = len(absent) - shown[name].take(pa.array(absent)).null_count
        found[kind, name] = Share(equal, some + more)
    return found


def _read(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
