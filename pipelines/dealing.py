"""Deals the rows of a resource out by area: one look through all of them for any number of grants.

Counties, streets and communities each have the rows about their own. What has changed for which of them is found by
holding a line for each row and area (a hash) against the lines of the time before; then the rows that changed, and
all rows of areas that are new, are written once, a folder an area. The lines of the time before are kept in `staging`;
where they are lost, or of another time than a grant's table, all of that grant's rows are compared.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as f

from onefile.files import make_folder, write_whole
from pipelines.lake import engine

FOLDER = Path("staging", "dealing")
KEY, PREFIX, LINE = "_key", "_prefix", "_line"
_SUBJECT, _MADE = "_subject", "made.json"


def placed(rows: DataFrame, subjects: Column, areas: DataFrame, prefixes: Collection[str]) -> DataFrame:
    """Return rows with `_prefix`: once for each of the prefixes with which the area of a subject of theirs begins.

    Args:
        subjects: the internal ids that a row names, as an array.
        areas: a row per `subject_id` with its `area`.
    """
    wanted = areas.sparkSession.createDataFrame([(each,) for each in sorted(prefixes)], f"{PREFIX} string")
    begins = f.array(*(f.substring("area", 1, length) for length in sorted({len(each) for each in prefixes})))
    lying = areas.select(f.col("subject_id").alias(_SUBJECT), f.explode(f.array_distinct(begins)).alias(PREFIX))
    lying = lying.join(f.broadcast(wanted), PREFIX, "left_semi")
    named = rows.select(KEY, f.explode(subjects).alias(_SUBJECT)).join(lying, _SUBJECT).select(KEY, PREFIX).distinct()
    return rows.join(named, KEY)


@dataclass(frozen=True)
class Dealt:
    """Rows that were dealt out, in a folder that is gone afterwards."""

    spark: SparkSession
    folder: Path

    def rows(self, prefix: str) -> DataFrame | None:
        """Return the rows of an area that are to be put: those that changed, or all; None: there are none."""
        return self._part("rows", prefix)

    def changed(self, prefix: str) -> DataFrame | None:
        """Return the `_key` of each row of an area that came, changed or went since; None: none did."""
        return self._part("changed", prefix)

    def _part(self, of: str, prefix: str) -> DataFrame | None:
        place = self.folder / of / f"{PREFIX}={prefix}"
        return self.spark.read.parquet(str(place)) if place.is_dir() else None


def known_to(home: Path, name: str) -> dict[str, str]:
    """Return by prefix what rows were made from when they were dealt out the last time: those that lines are kept of.

    What an earlier release left says not of which prefixes it is, so that it is of none.
    """
    try:
        made = json.loads((_place(home, name) / _MADE).read_bytes())
        return dict.fromkeys(map(str, made["prefixes"]), str(made["made_from"]))
    except (OSError, ValueError, KeyError, TypeError):
        return {}


@contextmanager
def dealt(
    home: Path, rows: DataFrame, name: str, prefixes: Collection[str], whole: Collection[str], now: str
) -> Iterator[Dealt]:  # fmt: skip
    """Deal rows out; the lines are kept for the next time once the block ends well.

    Args:
        rows: as `placed` gives them for the prefixes.
        name: what is dealt, of which columns.
        prefixes: all for which rows are dealt out now; those of which no lines are kept (`known_to`) are dealt whole.
        whole: those besides of which all rows are wanted: the grants that begin, and those whose tables were made from
            something else than the rows were the last time.
        now: what the rows are made from.
    """
    place = _place(home, name)
    before, making = place / "lines", place / "making"
    unknown = set(prefixes) - known_to(home, name).keys()
    known = sorted(set(prefixes) - unknown)
    shutil.rmtree(making, ignore_errors=True)
    make_folder(making)
    try:
        with engine(f"deal out {name}"):
            line = f.sha2(f.to_json(f.struct(*(each for each in rows.columns if each != PREFIX))), 256)
            rows.select(KEY, PREFIX, line.alias(LINE)).write.parquet(str(making / "lines"))
            _changed(rows, making, before, known).write.partitionBy(PREFIX).parquet(str(making / "changed"))
            _wanted(rows, making, {*whole, *unknown}).write.partitionBy(PREFIX).parquet(str(making / "rows"))
        yield Dealt(rows.sparkSession, making)
        (place / _MADE).unlink(missing_ok=True)
        shutil.rmtree(before, ignore_errors=True)
        (making / "lines").rename(before)
        write_whole(place / _MADE, json.dumps({"made_from": now, "prefixes": sorted(prefixes)}).encode())
    finally:
        shutil.rmtree(making, ignore_errors=True)


def sweep(home: Path, names: Collection[str]) -> None:
    """Remove the lines of what is dealt out no more."""
    kept = {_place(home, name).name for name in names}
    for folder in (home / FOLDER).iterdir() if (home / FOLDER).is_dir() else ():
        if folder.name not in kept:
            shutil.rmtree(folder, ignore_errors=True)


def _place(home: Path, name: str) -> Path:
    return home / FOLDER / hashlib.sha256(name.encode()).hexdigest()[:32]


def _changed(rows: DataFrame, making: Path, before: Path, known: Sequence[str]) -> DataFrame:
    """Return key and prefix of what came, changed or went, of the prefixes of which lines are kept."""
    now = rows.sparkSession.read.parquet(str(making / "lines"))
    if not known:
        return now.limit(0).select(KEY, PREFIX)
    old = rows.sparkSession.read.parquet(str(before)).withColumnRenamed(LINE, "_old")
    is_known = f.col(PREFIX).isin(known)
    other = old.where(is_known).join(now.where(is_known), [KEY, PREFIX], "full_outer")
    other = other.where(~f.col(LINE).eqNullSafe(f.col("_old")))
    return other.select(KEY, PREFIX)


def _wanted(rows: DataFrame, making: Path, whole: Collection[str]) -> DataFrame:
    changed = rows.sparkSession.read.schema(f"{KEY} string, {PREFIX} string").parquet(str(making / "changed"))
    mine = rows.sparkSession.createDataFrame([(each,) for each in sorted(whole)], f"{PREFIX} string")
    some = rows.join(f.broadcast(mine), PREFIX, "left_semi")
    rest = rows.join(f.broadcast(mine), PREFIX, "left_anti")
    return some.unionByName(rest.join(f.broadcast(changed), [KEY, PREFIX], "left_semi"))
