"""A house for tests: departments deliver drawn rows to a home of its own, and the steps take them in.

Declarations may be narrowed to a few columns: what the flow does with them is the same, and
Spark plans it in a fraction of the time.
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from pyspark.sql import DataFrame

import catalog
from catalog.model import Catalogue
from inbox import making
from onefile import settings
from onefile.cli import main
from pipelines import finished, gold, names, publish, receiving, steps
from pipelines.finished import Outcome
from pipelines.workshop import Workshop
from schemas.model import Attribute, Column, OneFile, Relation
from tests.drawn import cells

KINDS = ("person", "enterprise")


def narrowed(columns: Mapping[str, Sequence[str]], whole: Catalogue | None = None) -> Catalogue:
    """Return the built-in catalogue, or another, with these tables only, and of each only these columns."""
    whole = catalog.load() if whole is None else whole
    tables = {
        name: replace(
            table,
            columns=tuple(_narrowed_column(c, columns[name]) for c in table.columns if c.name in columns[name]),
            bridges=tuple(b for b in table.bridges if {b.earlier, b.to, b.since} - {None} <= {*columns[name]}),
        )
        for name, table in whole.declarations.tables.items()
        if name in columns
    }
    resources = {
        r.id: replace(r, columns=tuple(m for m in r.columns if m.column in columns[r.table]))
        for r in whole.resources.values()
        if r.table in columns
    }
    files = {kind: _narrowed_file(file, columns) for kind, file in whole.declarations.files.items()}
    licences = {name: kind for name, kind in whole.declarations.licences.items() if kind.table in columns}
    declarations = replace(whole.declarations, tables=tables, files=files, licences=licences)
    return replace(whole, declarations=declarations, resources=resources)


class House:
    """A home, and the instant that it is there. Who makes one has the `spark` fixture: the steps use that session."""

    def __init__(self, home: Path, catalogue: Catalogue, declarations: Path | None = None) -> None:
        self.home = home
        self.catalogue = catalogue
        self.environ = {
            "ONEFILE_HOME": str(home),
            "ONEFILE_LANG": "en",
            "ONEFILE_DECLARATIONS": str(declarations or ""),
        }
        self.shop: Workshop
        self.on("2026-11-01")

    def declare(self, catalogue: Catalogue) -> None:
        """Let other declarations be those of today."""
        self.catalogue = catalogue
        self.shop.__dict__["catalogue"] = catalogue

    def on(self, day: str) -> None:
        """Let it be eight o'clock of a day."""
        self.environ["ONEFILE_NOW"] = f"{day}T08:00:00+08:00"
        self.shop = Workshop(settings.read(self.environ))
        self.shop.__dict__["catalogue"] = self.catalogue

    def onefile(self, *arguments: str | Path) -> int:
        """Run the command in this process, so that it has this process's engine; return its exit code."""
        with patch.dict(os.environ, self.environ):  # takes back what Airflow's home sets, too
            return main.run([str(argument) for argument in arguments])

    def deliver(self, resource: str, period: str, drawing: str, delivery: str) -> str:
        """Put a delivery into the inbox; the drawing's columns are the department's headers, others are empty."""
        declared = self.shop.resource(resource)
        drawn, rows = cells(drawing)
        given = [dict(zip(drawn, row, strict=True)) for row in rows]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / f"rows.{declared.format}"
            file.write_bytes(content(given, declared.headers, declared.format).encode(declared.encoding))
            return making.make(self.home, declared, [file], period=period, id=delivery).manifest.id

    def settle(self) -> dict[str, Outcome]:
        """Receive, land and settle what waits, resource by resource as the DAGs do; the outcomes by delivery."""
        receiving.receive(self.shop)
        found = {}
        for resource in self.shop.resources:
            for delivery in finished.pending(self.shop, resource):
                steps.land(self.shop, delivery)
                found[delivery] = steps.settle(self.shop, delivery)
        return found

    def take_in(self) -> dict[str, Outcome]:
        """Settle what waits, and bring the one files and the serving database up to it."""
        found = self.settle()
        for kind in KINDS:
            steps.assemble(self.shop, kind)
            self.publish(kind, self.shop.settings.database_url)
        return found

    def publish(self, kind: str, url: str, version: int | None = None) -> None:
        publish.publish(self.shop.spark, self.shop.lake.place, url, kind, self.shop.at, version=version)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Return all rows of a table of the lake, sorted; none where there is no such table."""
        return _collected(self.shop.lake.read(table)) if self.shop.lake.exists(table) else []

    def files(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the one files that gold has, by number."""
        return {row["number"]: row for row in self.rows(names.gold(kind))}

    def rebuilt(self, kind: str) -> dict[str, dict[str, Any]]:
        """Return the one files as they come out when all are made anew, by number."""
        made = gold.build(self.shop.lake, self.catalogue.declarations.files[kind], self.catalogue.declarations)
        return {} if made is None else {row["number"]: row for row in _collected(made)}

    def versions(self) -> dict[str, int]:
        """Return the newest version of every table of the lake."""
        logs = (self.home / "lake").glob("*/*/_delta_log")
        return {
            str(log.parent.relative_to(self.home / "lake")): max(int(path.stem) for path in log.glob("*.json"))
            for log in logs
        }


def shop_house(home: Path, declarations: Path) -> House:
    """Return a house of the shops that the declarations declare (`tests.declared.SHOP`), and of nothing else."""
    whole = catalog.load((declarations,))
    columns = {"shop": [column.name for column in whole.declarations.tables["shop"].columns]}
    return House(home, narrowed(columns, whole), declarations)


def broken(house: House, capsys: pytest.CaptureFixture[str]) -> dict[str, int]:
    """Return what `onefile lake check` finds: rows by rule."""
    capsys.readouterr()
    code = house.onefile("lake", "check", "--json")
    told = json.loads(capsys.readouterr().out)
    assert code == (1 if told else 0)
    return {each["rule"]: each["rows"] for each in told}


def content(rows: Sequence[Mapping[str, str | None]], headers: Sequence[str], form: str) -> str:
    """Return rows as a file that a department would write: CSV or JSON Lines."""
    if form == "jsonl":
        return "".join(json.dumps({h: row.get(h) for h in headers}, ensure_ascii=False) + "\n" for row in rows)
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(headers)
    writer.writerows([row.get(h) or "" for h in headers] for row in rows)
    return text.getvalue()


def _collected(frame: DataFrame) -> list[dict[str, Any]]:
    rows = (row.asDict(recursive=True) for row in frame.collect())
    return sorted(rows, key=lambda row: json.dumps(row, sort_keys=True, default=str))


def _narrowed_column(column: Column, kept: Sequence[str]) -> Column:
    return column if column.not_before in kept else replace(column, not_before=None)


def _narrowed_file(file: OneFile, columns: Mapping[str, Sequence[str]]) -> OneFile:
    attributes = [_narrowed_attribute(attribute, columns) for attribute in file.attributes]
    kept = tuple(a for a in attributes if a.sources)
    tied = (r for r in file.relations if {*_named(r)} <= {*columns.get(r.table, ())})
    relations = tuple(_narrowed_relation(relation, columns[relation.table]) for relation in tied)
    ended_on = file.ended_on if file.ended_on in {a.name for a in kept} else None
    return replace(file, attributes=kept, relations=relations, ended_on=ended_on)


def _narrowed_relation(relation: Relation, kept: Sequence[str]) -> Relation:
    one, other = (name if name in kept else None for name in (relation.one_name, relation.other_name))
    return replace(relation, one_name=one, other_name=other)


def _narrowed_attribute(attribute: Attribute, columns: Mapping[str, Sequence[str]]) -> Attribute:
    return replace(attribute, sources=tuple(s for s in attribute.sources if s.column in columns.get(s.table, ())))


def _named(relation: Relation) -> list[str]:
    times = [name for name in (relation.since, relation.until) if name is not None]
    return [relation.one, relation.other, *times, *relation.details, *relation.when]
