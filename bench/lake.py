"""How fast the lake is: `python -m bench.lake [--people N] [--json FILE]`, a made-up city in a folder of its own.

    --people N        people of the city; a tenth as many enterprises (default 100,000)
    --memory M        memory of the engine (default 4g, as of the product)
    --json FILE       write the figures there, with the machine and the versions
    --postgres        publish to PostgreSQL as well (a server of its own, where it is installed)
    --every N         one record in so many changes (default 100)
    --keep FOLDER     keep the home there as it is before the changed day
    --kept FOLDER     measure the changed day alone, in a copy of a home that was kept

Same changes in a lake ten times larger: `--kept` with ten times the `--every`.

Measured: the first load, stage by stage, beside Spark's floor and DuckDB; publication beside the databases' own bulk
load; a day in which one record in a hundred changed beside a bare append and MERGE of the same rows; memory by stage.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench import lake_bare as bare
from bench import lake_duck as duck
from bench import lake_log as work_in
from bench.lake_home import CHANGED_DAY, EVERY, FIRST_DAY, deliver_changes, deliver_city, workshop
from bench.measuring import Counted, Line, Memory, Report, apart, bytes_read, counted, timed
from pipelines import bridges, finished, gold, names, publish, receiving, steps
from pipelines.gold_here import Feed
from pipelines.lake import Lake
from pipelines.statements import Statements
from pipelines.workshop import Workshop
from schemas import feeds

KINDS = ("person", "enterprise")
FLOOR, DAY, BULK, SHARE = 1.6, 1.5, 0.5, 0.05
FULL = "bench-full-build.json"
EVERY_STAGE = 1_000_000
"""So many stages the engine keeps the figures of."""


@dataclass
class Run:
    """What the stages share."""

    folder: Path
    report: Report
    memory: Memory
    shop: Workshop
    full: Counted = field(default_factory=Counted)
    """What the engine did for the full build, and for nothing that it is held against."""

    def build(self, name: str, work: Callable[[], int]) -> float:
        """Measure a stage of the full build."""
        before = counted(self.shop.spark)
        seconds = self.stage(name, work)
        self.full += counted(self.shop.spark) - before
        return seconds

    def other(self, name: str, work: Callable[..., Any], *given: Any) -> Any:
        """Do what we are held against, in a process of its own; return what it returns."""
        self.memory.stage = name
        return apart(work, *given)

    def stage(self, name: str, work: Callable[[], int], beside: Line | None = None) -> float:
        """Measure a stage that returns how many rows it was about; return its seconds.

        What was written before is on the disk by then, so that nobody waits for what another one did.
        """
        self.memory.stage = name
        os.sync()
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
    parser.add_argument("--memory", default="4g")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--every", type=int, default=EVERY)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--kept", type=Path)
    options = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="onefile-bench-"))
    os.environ["PYSPARK_SUBMIT_ARGS"] = f"--conf spark.ui.retainedStages={EVERY_STAGE} pyspark-shell"
    memory = Memory()
    memory.start()
    report = Report({"program": "bench.lake", **{name: str(value) for name, value in vars(options).items() if value}})
    try:
        if options.kept:
            shutil.copytree(options.kept, folder / "home", symlinks=True)
        run = Run(folder, report, memory, workshop(folder / "home", FIRST_DAY, options.memory))
        if not options.kept:
            first_load(run, options.people)
            publication(run, is_postgres=options.postgres)
            (run.shop.home / FULL).write_text(json.dumps(asdict(run.full)))
        if options.keep:
            shutil.copytree(run.shop.home, options.keep, symlinks=True)
        changed_day(run, options.memory, options.every)
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
    run.build("bronze: rows as received", lambda: _land(shop, waiting))
    settled = run.build("silver, quarantine, expectations, receipts", lambda: _settle(shop, waiting))
    rows = sum(finished.outcome(shop.delivery(d)[0]).received for d in waiting)
    asked = [(d, r, shop.declarations.tables[r.table]) for d, r in map(shop.delivery, waiting)]
    took = run.other("DuckDB: deliveries", duck.read_all, asked, run.folder / "duck")
    run.report.add(Line("DuckDB: read, cast, one row a record", took, rows))
    run.report.say("settling beside DuckDB's reading", f"{settled / took:.1f} x")
    for kind in KINDS:
        _assembly(run, kind)


def _assembly(run: Run, kind: str) -> None:
    """Gold of a kind: cold as a run makes it, warm into a scratch lake, the floor, DuckDB; winners compared."""
    shop, file = run.shop, run.shop.declarations.files[kind]
    before = run.full
    run.build(f"{kind}: gold, first in the session", lambda: _made(shop, kind))
    run.report.say(f"{kind}: engine while making gold", asdict(run.full - before))
    scratch = run.folder / "scratch"

    def floor() -> int:
        bare.floor(shop.lake, file, shop.declarations, scratch / f"floor-{time.monotonic_ns()}")
        return 0

    run.stage(f"{kind}: Spark's floor, first", floor)
    least = Line("Spark's floor", run.stage(f"{kind}: Spark's floor, warm", floor), wanted=f"(wanted: at most {FLOOR})")

    def again() -> int:
        now = bridges.sought(shop.lake, shop.declarations).now
        feed = Feed(Statements(shop.lake), file, shop.declarations)
        gold.make_all(Lake(shop.spark, str(scratch / f"gold-{time.monotonic_ns()}")), feed, now, {"release": 0})
        return 0

    run.stage(f"{kind}: assembly, warm, written to a new table", again, least)
    tables = [t for t in feeds.subject_columns(file, shop.declarations) if shop.lake.exists(names.silver(t))]
    files = {table: bare.files_of(shop.lake, names.silver(table)) for table in tables}
    out = run.folder / "duck" / f"{kind}-files.parquet"
    ends = bridges.of_lake(shop.lake, shop.declarations).now.of(kind)

    ducks = run.other(f"{kind}: DuckDB", duck.assembled_twice, files, file, shop.declarations, ends, out)
    if isinstance(ducks, str):
        run.report.say(f"{kind}: DuckDB could not", ducks)
    else:
        for name, seconds in zip(("first", "second"), ducks, strict=True):
            run.report.add(Line(f"{kind}: DuckDB, {name}", seconds))
        run.report.say(f"{kind}: attributes whose winners differ from DuckDB's", _differing(run, kind, out))
    shutil.rmtree(scratch)


def _differing(run: Run, kind: str, out: Path) -> dict[str, int]:
    """Count for each attribute the subjects for which gold and DuckDB's file do not say the same."""
    lake, file = run.shop.lake, run.shop.declarations.files[kind]
    texts = [f"CAST({a.name}.value AS STRING) AS {a.name}" for a in file.attributes]
    flat = run.folder / "duck" / f"{kind}-gold"
    lake.read(names.gold(kind)).selectExpr("number", *texts).write.parquet(str(flat))
    return dict(run.other("DuckDB: comparing", duck.differing, flat, out, [a.name for a in file.attributes]))


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
            bulk, rows = run.other(
                f"{engine}'s own bulk load",
                bare.loaded,
                url,
                None if engine == "PostgreSQL" else run.folder / "bare.db",
            )
            run.report.add(Line(f"{engine}'s own bulk load of the same rows", bulk, rows))
            run.report.say(
                f"{engine}: pace of publication beside it (wanted: at least {BULK})", f"{bulk / seconds:.2f} x"
            )


def changed_day(run: Run, memory: str, every: int) -> None:
    """A day in which one record in so many changed, beside a bare append and MERGE of the very rows."""
    first = run.shop
    deliveries = {d.manifest.resource: d for r in first.resources for d in first.received(r)}
    shop = run.shop = workshop(first.home, CHANGED_DAY, memory)
    kept = {table: bare.copied(shop.lake, table, run.folder / "bare" / table) for table in _kept_tables(shop)}
    changed = sum(deliver_changes(shop.home, shop.resource(r), d, every) for r, d in deliveries.items())
    receiving.receive(shop)
    waiting = [d for r in shop.resources for d in finished.pending(shop, r)]
    took: dict[str, float] = {}
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

    lake = Path(shop.lake.root)
    before, read, commits = counted(shop.spark), bytes_read(), work_in.commits(lake)
    seconds = run.stage(f"a day with one record in {every} changed: all steps", day)
    did = counted(shop.spark) - before
    run.report.say("the day's seconds by step", {name: round(value, 1) for name, value in took.items()})
    run.report.say("the day's engine work", asdict(did))
    run.report.say("bytes that this process read meanwhile", bytes_read() - read)
    full, wrote = Counted(**json.loads((shop.home / FULL).read_text())), work_in.written(lake, commits)
    built = work_in.written(lake, {}, commits)
    run.report.say("rows and bytes written: the full build, the day", [asdict(built), asdict(wrote)])
    shares = (did.rows_shuffled / max(full.rows_shuffled, 1), wrote.rows / built.rows, wrote.size / built.size)
    run.report.say(
        f"rows shuffled, rows written, bytes written of the full build's (wanted: at most {SHARE})",
        [round(s, 3) for s in shares],
    )
    least = _bare_day(run, waiting, versions, kept)
    run.report.say(f"the day beside that (wanted: at most {DAY})", f"{seconds / least:.2f} x")


def _bare_day(run: Run, waiting: list[str], versions: dict[str, int], kept: dict[str, Path]) -> float:
    """Append the day's rows to copies of bronze and silver, merge its files into copies of gold; return the seconds."""
    shop, rows = run.shop, {}
    for table in (t for t in kept if not t.startswith("gold/")):
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
    """Name the tables whose rows a day brings: bronze, silver by table, the files."""
    silver = {names.silver(table) for table in shop.declarations.tables}
    files = {names.gold(kind) for kind in KINDS}
    return [t for t in shop.lake.tables() if t.startswith("bronze/") or t in silver | files]


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


if __name__ == "__main__":
    main()
