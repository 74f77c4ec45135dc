"""How fast the lake is: `python -m bench.lake [--people N] [--json FILE]`, a made-up city in a folder of its own.

    --people N        people of the city; a tenth as many enterprises (default 100,000)
    --memory M        memory of the engine (default 6g)
    --json FILE       write the figures there, with the machine and the versions
    --postgres        publish to PostgreSQL as well (a server of its own, where it is installed)

Measured: the first load, stage by stage, beside Spark's floor and DuckDB; publication beside the databases' own bulk
load; a day in which one record in a hundred changed beside a bare append and MERGE of the same rows; memory by stage.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path

import duckdb
from sqlalchemy import Connection, create_engine, select
from sqlalchemy.schema import CreateIndex, CreateTable

from bench import lake_bare as bare
from bench import lake_duck as duck
from bench.lake_home import CHANGED_DAY, FIRST_DAY, deliver_changes, deliver_city, workshop
from bench.measuring import Line, Memory, Report, counted, timed
from pipelines import bridges, finished, gold, names, present, publish, receiving, steps
from pipelines.lake import Lake
from pipelines.workshop import Workshop
from schemas import feeds
from schemas.serving.connection import looking
from schemas.serving.tables import IDENTIFIER, SUBJECT

KINDS = ("person", "enterprise")
FLOOR, DAY, BULK, SHARE = 1.6, 1.5, 0.5, 0.05
EVERY_STAGE = 1_000_000
"""So many stages the engine keeps the figures of."""


@dataclass
class Run:
    """What the stages share."""

    folder: Path
    report: Report
    memory: Memory
    shop: Workshop
    took: dict[str, float] = field(default_factory=dict)

    def stage(self, name: str, work: Callable[[], int], beside: Line | None = None) -> float:
        """Measure a stage that returns how many rows it was about; return its seconds."""
        self.memory.stage = name
        began = time.perf_counter()
        rows = work()
        seconds = time.perf_counter() - began
        ratio = seconds / beside.seconds if beside else 0.0
        self.report.add(
            Line(name, seconds, rows, beside.name if beside else "", ratio, beside.wanted if beside else "")
        )
        return seconds


def main() -> None:
    """Run all, print a table, write JSON where asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--memory", default="6g")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf spark.ui.retainedStages={EVERY_STAGE} pyspark-shell"
    memory = Memory()
    memory.start()
    report = Report({"program": "bench.lake", "people": options.people, "memory": options.memory})
    try:
        shop = workshop(folder / "home", FIRST_DAY, options.memory)
        run = Run(folder, report, memory, shop)
        first_load(run, options.people)
        publication(run, is_postgres=options.postgres)
        changed_day(run, options.memory)
    finally:
        memory.stop()
        shutil.rmtree(folder)
    report.say("most memory held, GB, by stage", {name: round(peak / 1e9, 1) for name, peak in memory.peaks.items()})
    if options.json:
        report.write(options.json)


def first_load(run: Run, people: int) -> None:
    """From the departments' files to gold, each stage beside DuckDB doing it on the same files."""
    home, shop = run.shop.home, run.shop
    print(f"A city of {people:,} people")
    run.stage("made-up city, delivered", lambda: len([*deliver_city(home, people).resources]))
    run.stage("engine started", lambda: 0 * bool(shop.spark))
    run.stage("the door: files checked, counted, hashed", lambda: _rows(receiving.receive(shop)))
    waiting = [d for r in shop.resources for d in finished.pending(shop, r)]
    run.stage("bronze: rows as received", lambda: _land(shop, waiting))
    settled = run.stage("silver, quarantine, expectations, receipts", lambda: _settle(shop, waiting))
    rows = sum(finished.outcome(shop.delivery(d)[0]).received for d in waiting)
    took: dict[str, float] = {}
    for delivery, resource in map(shop.delivery, waiting):
        with timed(took, "duck"):
            duck.read(delivery, resource, shop.declarations.tables[resource.table], run.folder / "duck")
    run.report.add(Line("DuckDB: read, cast, one row a record", took["duck"], rows))
    run.report.say("settling beside DuckDB's reading", f"{settled / took['duck']:.1f} x")
    for kind in KINDS:
        _assembly(run, kind)


def _assembly(run: Run, kind: str) -> None:
    """Gold of a kind: cold as a run makes it, warm into a scratch lake, the floor, DuckDB; winners compared."""
    shop, file = run.shop, run.shop.declarations.files[kind]
    before = counted(shop.spark)
    run.stage(f"{kind}: gold, first in the session", lambda: _made(shop, kind))
    run.report.say(f"{kind}: engine while making gold", asdict(counted(shop.spark) - before))
    scratch = run.folder / "scratch"

    def floor() -> int:
        bare.floor(shop.lake, file, shop.declarations, scratch / f"floor-{time.monotonic_ns()}")
        return 0

    run.stage(f"{kind}: Spark's floor, first", floor)
    least = Line("Spark's floor", run.stage(f"{kind}: Spark's floor, warm", floor), wanted=f"(wanted: at most {FLOOR})")

    def again() -> int:
        stated = gold.statements(shop.lake, file, shop.declarations)
        now = bridges.known(lambda table: present.statements(shop.lake, table), shop.declarations).now
        gold.make_all(Lake(shop.spark, str(scratch / "gold")), stated, file, shop.declarations, now, {"release": 0})
        return 0

    run.stage(f"{kind}: assembly, warm, written to a new table", again, least)
    tables = [t for t in feeds.subject_columns(file, shop.declarations) if shop.lake.exists(names.silver(t))]
    files = {table: bare.files_of(shop.lake, names.silver(table)) for table in tables}
    out = run.folder / "duck" / f"{kind}-files.parquet"
    ends = bridges.of_lake(shop.lake, shop.declarations).now.of(kind)

    def ducks() -> int:
        duck.assembled(files, file, shop.declarations, ends, out)
        return 0

    run.stage(f"{kind}: DuckDB, first", ducks)
    run.stage(f"{kind}: DuckDB, second", ducks)
    run.report.say(f"{kind}: attributes whose winners differ from DuckDB's", _differing(run, kind, out))
    shutil.rmtree(scratch)


def _differing(run: Run, kind: str, out: Path) -> dict[str, int]:
    """Count for each attribute the subjects for which gold and DuckDB's file do not say the same."""
    lake, file = run.shop.lake, run.shop.declarations.files[kind]
    texts = [f"CAST({a.name}.value AS STRING) AS {a.name}" for a in file.attributes]
    flat = run.folder / "duck" / f"{kind}-gold"
    lake.read(names.gold(kind)).selectExpr("number", *texts).write.parquet(str(flat))
    found = {}
    with duckdb.connect() as base:
        for attribute in (a.name for a in file.attributes):
            sql = (
                f"SELECT count(*) FROM read_parquet('{flat}/*.parquet') g "
                f"FULL JOIN read_parquet('{out}') d USING (number) "
                f"WHERE g.{attribute} IS DISTINCT FROM d.{attribute}.value"
            )
            (count,) = base.execute(sql).fetchone() or (0,)
            if count:
                found[attribute] = int(count)
    return found


def publication(run: Run, *, is_postgres: bool) -> None:
    """Every file into a new serving database, beside the database's own bulk load of the same rows."""
    shop = run.shop
    with ExitStack() as open_until:
        urls = {"SQLite": shop.settings.database_url}
        if is_postgres:
            from bench.counter_home import postgresql

            urls["PostgreSQL"] = open_until.enter_context(postgresql(run.folder / "pg"))
        for engine, url in urls.items():
            seconds = run.stage(f"publication: {engine}", lambda url=url: _publish(shop, url))
            subjects, identifiers = _published(url)
            began = time.perf_counter()
            if engine == "SQLite":
                bare.load_sqlite(run.folder / "bare.db", _schema(), subjects, identifiers)
            else:
                bare.load_postgresql(url, subjects, identifiers)
            bulk = time.perf_counter() - began
            run.report.add(Line(f"{engine}'s own bulk load of the same rows", bulk, len(subjects)))
            run.report.say(
                f"{engine}: pace of publication beside it (wanted: at least {BULK})", f"{bulk / seconds:.2f} x"
            )


def changed_day(run: Run, memory: str) -> None:
    """A day in which one record in a hundred changed, beside a bare append and MERGE of the very rows."""
    first = run.shop
    deliveries = {d.manifest.resource: d for r in first.resources for d in first.received(r)}
    shop = run.shop = workshop(first.home, CHANGED_DAY, memory)
    full = counted(shop.spark)
    kept = {table: bare.copied(shop.lake, table, run.folder / "bare" / table) for table in _kept_tables(shop)}
    changed = sum(deliver_changes(shop.home, shop.resource(r), d) for r, d in deliveries.items())
    receiving.receive(shop)
    waiting = [d for r in shop.resources for d in finished.pending(shop, r)]
    before, took = counted(shop.spark), {}
    versions = {kind: shop.lake.version(names.gold(kind)) for kind in KINDS}

    def day() -> int:
        with timed(took, "land"):
            _land(shop, waiting)
        with timed(took, "settle"):
            _settle(shop, waiting)
        for kind in KINDS:
            with timed(took, f"gold {kind}"):
                steps.assemble(shop, kind)
        with timed(took, "publish"):
            _publish(shop, shop.settings.database_url)
        return changed

    seconds = run.stage("a day with 1 % changed: all steps", day)
    did = counted(shop.spark) - before
    run.report.say("the day's seconds by step", {name: round(value, 1) for name, value in took.items()})
    run.report.say("the day's engine work", asdict(did))
    shares = (did.rows_shuffled / max(full.rows_shuffled, 1), did.rows_written / max(full.rows_written, 1))
    run.report.say(
        f"rows shuffled, written of the full build's (wanted: at most {SHARE})", [round(s, 3) for s in shares]
    )
    least = _bare_day(run, waiting, versions, kept)
    run.report.say(f"the day beside that (wanted: at most {DAY})", f"{seconds / least:.2f} x")


def _bare_day(run: Run, waiting: list[str], versions: dict[str, int], kept: dict[str, Path]) -> float:
    """Append the day's statements to copies of silver, merge its files into copies of gold; return the seconds."""
    shop, rows = run.shop, {}
    for table in (t for t in kept if t.startswith("silver/")):
        mine = shop.lake.read(table)
        rows[table] = bare.kept_rows(mine.where(mine["_delivery"].isin(waiting)), run.folder / "rows" / table)
    for kind, version in versions.items():
        table = names.gold(kind)
        now, then = shop.lake.read(table), shop.lake.read(table, version)
        changed = now.join(then.select("subject_id", "_digest"), ["subject_id", "_digest"], "left_anti")
        rows[table] = bare.kept_rows(changed.select(*now.columns), run.folder / "rows" / table)

    def work() -> int:
        for table, folder in kept.items():
            (bare.merge if table.startswith("gold/") else bare.append)(rows[table], folder)
        return sum(frame.count() for frame in rows.values())

    return run.stage("bare append and MERGE of the same rows", work)


def _kept_tables(shop: Workshop) -> list[str]:
    return [t for t in shop.lake.tables() if t.startswith("silver/") or t in {names.gold(kind) for kind in KINDS}]


def _rows(arrivals: list[object]) -> int:
    return len(arrivals)


def _land(shop: Workshop, waiting: list[str]) -> int:
    for delivery in waiting:
        steps.land(shop, delivery)
    return sum(file.rows for d in waiting for file in shop.delivery(d)[0].manifest.files)


def _settle(shop: Workshop, waiting: list[str]) -> int:
    return sum(steps.settle(shop, delivery).received for delivery in waiting)


def _made(shop: Workshop, kind: str) -> int:
    steps.assemble(shop, kind)
    return int(shop.lake.read(names.gold(kind)).count())


def _publish(shop: Workshop, url: str) -> int:
    return sum(publish.publish(shop.spark, shop.lake.place, url, kind, shop.at).upserted for kind in KINDS)


def _published(url: str) -> tuple[bare.Rows, bare.Rows]:
    """Return the rows of files and of their numbers, in an order that no load was made for."""
    with looking(url) as connection:
        return _all(connection, SUBJECT), _all(connection, IDENTIFIER)


def _all(connection: Connection, table: object) -> bare.Rows:
    return [tuple(row) for row in connection.execute(select(table))]


def _schema() -> list[str]:
    """Return the statements that make the two tables and their indexes in SQLite."""
    dialect = create_engine("sqlite://").dialect
    made = [CreateTable(t) for t in (SUBJECT, IDENTIFIER)]
    indexes = [CreateIndex(i) for t in (SUBJECT, IDENTIFIER) for i in t.indexes]
    return [str(each.compile(dialect=dialect)) for each in (*made, *indexes)]


if __name__ == "__main__":
    main()
