"""Tables in bulk: for each grant by batch that a share holds, a Delta table of its fields of its rows, and of no other.

Nothing is filtered at reading: what a grant does not give is in none of the files. A delivery adds a version, which
tells by its change feed what came, changed and went. What was granted, read or erased otherwise begins a new
*generation*: another table in another folder, and the old one is gone with all its versions. A run that is killed, or
comes again, changes nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import shutil
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import StructField, StructType

from catalog import grants, shares
from catalog.entries import entries
from catalog.requests import Rows, read_rows
from catalog.sharing_store import Case
from onefile.files import lock
from pipelines import commit_check, names, numbers, peek, present, publish, types
from pipelines.declared import DeclarationChanged
from pipelines.lake import CHANGE_FEED, Lake, TableDesign, engine, quoted
from pipelines.record_state import RECORD, State, Wish, finds, own, require_read, touched, wished
from pipelines.workshop import Workshop
from schemas.model import Table
from schemas.serving import migration, projections
from schemas.serving.connection import looking, writing
from schemas.serving.projections import FOLDER, Projection

SECRET = "shared-records"  # the name of a secret
KEY, GONE, AREA = "_record", "_gone", "area"
KEPT_HOURS = 168
"""For how long a version that is over can still be read: a week."""
PLAIN = {"delta.enableDeletionVectors": "false", "delta.enableRowTracking": "false"}
_ANY = "SELECT 1 FROM share UNION ALL SELECT 1 FROM share_projection LIMIT 1"


@dataclass(frozen=True)
class Projected:
    """What became of a grant's table: its generation and version now; 0 and -1: it is gone."""

    grant_id: str
    generation: int
    version: int


@dataclass(frozen=True)
class _Target:
    """A grant, what of its resource is to be held, and which rows."""

    grant_id: str
    wish: Wish
    limited_to: str
    area_version: str

    @property
    def rows(self) -> Rows:
        return read_rows(self.limited_to)


def is_due(shop: Workshop) -> bool:
    """Say whether a table in bulk may be other than it is; starts no engine."""
    is_any = finds(shop, _ANY)
    if not is_any:
        return is_any is None
    targets, held = _targets(shop)
    state = State(shop)
    return targets.keys() != held.keys() or any(not _is_same(shop, each, held[name], state)
                                                for name, each in targets.items())  # fmt: skip


def project(shop: Workshop) -> list[Projected]:
    """Bring the table of every grant that a share holds up to what holds, and take out what no share holds any more.

    Raises:
        EngineFailed: Spark failed; that table is as it was.
        DeclarationChanged: a resource was read by other declarations than today's; all other tables are brought.
    """
    migration.upgrade(shop.settings.database_url)
    shop.keys.ensure((), (SECRET,), shop.at)
    with lock(shop.home / "locks" / "project-shares.lock"):
        targets, held = _targets(shop)
        state, waiting = State(shop), list[DeclarationChanged]()
        done = [_drop(shop, name) for name in sorted(held.keys() - targets.keys())]
        for name, target in targets.items():
            last = held.get(name)
            if last is None or not _is_same(shop, target, last, state):
                try:
                    done.append(_project(shop, target, last, state))
                except DeclarationChanged as changed:
                    waiting.append(changed)
        _sweep(shop, targets.keys())
    for unread in waiting:
        raise unread
    return done


def projected(rows: DataFrame, fields: Sequence[str], salt: str) -> DataFrame:
    """Return the granted fields of rows that hold, under a key that says nothing and is another for every grant."""
    key = f.substring(f.sha2(f.concat(f.lit(salt), f.col("_key")), 256), 1, 32)
    return rows.select(key.alias(KEY), *(f.col(name) for name in fields))


def within(rows: DataFrame, subjects: Column, areas: DataFrame, prefix: str) -> DataFrame:
    """Keep the rows that name a subject whose area is known and begins so.

    Args:
        subjects: the internal ids that a row names, as an array.
        areas: a row per `subject_id` with its `area`.
    """
    inside = areas.where(f.col("area").startswith(prefix)).select(f.col("subject_id").alias("_subject"))
    named = rows.select("_key", f.explode(subjects).alias("_subject")).join(inside, "_subject", "left_semi")
    return rows.join(named.select("_key").distinct(), "_key", "left_semi").select(*rows.columns)


def differing(before: DataFrame, after: DataFrame) -> DataFrame:
    """Return the rows that came or changed, as they are now, and those that went, of which `_gone` is true."""
    fields = [name for name in after.columns if name != KEY]
    old = before.select(KEY, f.struct(*fields).alias("_old"))
    new = after.select(KEY, f.struct(*fields).alias("_new"))
    other = old.join(new, KEY, "full_outer").where(~f.col("_old").eqNullSafe(f.col("_new")))
    return other.select(KEY, *(f.col("_new")[name].alias(name) for name in fields), f.col("_new").isNull().alias(GONE))


def _targets(shop: Workshop) -> tuple[dict[str, _Target], dict[str, Projection]]:
    """Return what is to be held, and what is held, by grant."""
    known, on = entries(shop.catalogue), shop.legal_day(shop.at)
    with looking(shop.settings.database_url) as connection:
        wanted, held = shares.wanted(connection, known, on), projections.projections(connection)
    return {name: _target(shop, case, grants.may_give(case, known[case.entry_id], on))
            for name, case in wanted.items()}, held  # fmt: skip


def _target(shop: Workshop, case: Case, fields: tuple[str, ...]) -> _Target:
    limited_to = str(case.wants["rows"])
    found = {kind: commit_check.newest(str(shop.home / "lake"), names.gold(kind))
             for kind in shop.declarations.files}  # fmt: skip
    versions = json.dumps(found, sort_keys=True) if read_rows(limited_to).kind == "area" else ""
    return _Target(case.id, wished(shop, case.entry_id, fields), limited_to, versions)


def _is_same(shop: Workshop, target: _Target, last: Projection, state: State) -> bool:
    now = (target.limited_to, target.area_version)
    is_there = (shop.home / FOLDER / last.place).is_dir()
    return is_there and now == (last.limited_to, last.area_version) and state.is_same(target.wish, last)


def _is_continued(shop: Workshop, target: _Target, last: Projection, state: State) -> bool:
    """Say whether the table that there is may go on: nothing that its older versions have must be out of reach."""
    if not (shop.home / FOLDER / last.place).is_dir() or target.limited_to != last.limited_to:
        return False
    return state.is_continued(target.wish, last) and not (
        state.orders != last.order_version and _is_ordered(shop, target.wish.resource.id)
    )


def _is_ordered(shop: Workshop, resource_id: str) -> bool:
    found = peek.rows(shop.home / "lake", names.ERASURE_ORDER, ["_resource"])
    return found is not None and resource_id in found["_resource"].to_pylist()


def _project(shop: Workshop, target: _Target, last: Projection | None, state: State) -> Projected:
    require_read(shop, target.wish.resource)
    is_continued = last is not None and _is_continued(shop, target, last, state)
    lake = Lake(shop.spark, str(shop.home / FOLDER))
    if last is not None and is_continued:
        generation = last.generation
        _renew(shop, lake, target, last, state)
    else:
        generation = 1 if last is None else last.generation + 1
        _begin(shop, lake, target, projections.place(target.grant_id, generation), state)
    wish = target.wish
    made = Projection(
        target.grant_id, generation, wish.resource.id, wish.fields, target.limited_to, wish.declared, state.lake_table,
        state.release, state.orders, state.erased[wish.resource.id], target.area_version, publish.instant(shop.at),
    )  # fmt: skip
    require_read(shop, wish.resource)  # else it was begun to be read again meanwhile
    with writing(shop.settings.database_url) as connection:
        projections.keep(connection, made)
    _clear(shop, target.grant_id, but=made.place)
    return Projected(target.grant_id, generation, lake.version(made.place))


def _begin(shop: Workshop, lake: Lake, target: _Target, place: str, state: State) -> None:
    """Make a table anew, whatever a run that was killed left in its folder."""
    shutil.rmtree(shop.home / FOLDER / place, ignore_errors=True)
    rows = _rows(shop, target, state, None)
    schema = _schema(target.wish)
    lake.create(place, schema, TableDesign(f"granted rows of {target.wish.resource.id}", {},
                                           properties=CHANGE_FEED | PLAIN))  # fmt: skip
    if rows is not None:
        lake.append(place, rows, f"project:{place}")


def _renew(shop: Workshop, lake: Lake, target: _Target, last: Projection, state: State) -> None:
    """Add a version to the table where something is other than it has it."""
    place, wish = last.place, target.wish
    found = touched(shop, wish, last, state) if target.area_version == last.area_version else None
    if found == []:
        return
    keys = None if found is None else reduce(DataFrame.unionByName, found).distinct()
    after, before = _rows(shop, target, state, keys), lake.read(place)
    if keys is not None:
        mine = projected(keys.select(f.col(RECORD).alias("_key")), (), _salt(shop, target.grant_id))
        before = before.join(f.broadcast(mine), KEY, "left_semi").select(*before.columns)
    changes = differing(before, before.limit(0) if after is None else after)
    with engine(f"compare the rows of {target.grant_id}"):
        is_other = not changes.isEmpty()
    if is_other:
        lake.merge(place, changes, f"t.{KEY} = s.{KEY}", _clauses(wish.fields), {"release": state.release})
        lake.vacuum(place, KEPT_HOURS)


def _rows(shop: Workshop, target: _Target, state: State, keys: DataFrame | None) -> DataFrame | None:
    """Return the rows of a grant as they hold, or those of some records (`keys`); None: nothing was ever stated."""
    wish, limit = target.wish, target.rows
    stated = present.statements(shop.lake, wish.table.name, state.release)
    department = shop.declarations.departments[wish.resource.department]
    if stated is None or (limit.kind == "level" and department.level != limit.value):
        return None
    mine = own(stated, wish)
    if keys is not None:
        mine = mine.join(f.broadcast(keys), f.col("_key") == f.col(RECORD), "left_semi").select(*mine.columns)
    rows = present.present(mine)
    if limit.kind == "area":
        rows = within(rows, numbers.subject_ids(_judged(shop, wish.table)), _areas(shop), limit.prefix)
    return projected(rows, wish.fields, _salt(shop, target.grant_id))


def _judged(shop: Workshop, table: Table) -> Table:
    """Return a table with the subjects by whose area its rows are granted: whose row it is, where that states one."""
    attributes = (each for file in shop.declarations.files.values() for each in file.attributes if each.name == AREA)
    states = any(source.table == table.name for each in attributes for source in each.sources)
    return replace(table, subjects=table.subjects[:1]) if states else table


def _areas(shop: Workshop) -> DataFrame:
    """Return the areas of subjects, as their one files have them."""
    nobody = shop.lake.spark.createDataFrame([], "subject_id string, area string")
    tables = [shop.lake.read(each) for kind in shop.declarations.files
              if shop.lake.exists(each := names.gold(kind))]  # fmt: skip
    found = [table.select("subject_id", f.col(f"{AREA}.value").alias(AREA)) for table in tables
             if AREA in table.columns]  # fmt: skip
    return reduce(DataFrame.unionByName, found, nobody)


def _salt(shop: Workshop, grant_id: str) -> str:
    return hmac.new(shop.keys.secret(SECRET), grant_id.encode(), hashlib.sha256).hexdigest()


def _schema(wish: Wish) -> StructType:
    columns = {column.name: column for column in wish.table.columns}
    fields = [types.field(KEY, types.STRING, "key of the row, for this grant alone", True)]
    for name in wish.fields:
        column = columns[name]
        kind = types.spark_type(column.type, column.precision, column.scale)
        fields.append(StructField(name, kind, True, {"comment": column.about}))
    return StructType(fields)


def _clauses(fields: Sequence[str]) -> str:
    columns = [quoted(name) for name in (KEY, *fields)]
    sets = ", ".join(f"t.{name} = s.{name}" for name in columns)
    return (
        f"WHEN MATCHED AND s.{GONE} THEN DELETE WHEN MATCHED THEN UPDATE SET {sets} "
        f"WHEN NOT MATCHED AND NOT s.{GONE} THEN INSERT ({', '.join(columns)}) "
        f"VALUES ({', '.join(f's.{name}' for name in columns)})"
    )


def _drop(shop: Workshop, grant_id: str) -> Projected:
    """Take out the table of a grant that no share holds, or that gives nothing any more."""
    with writing(shop.settings.database_url) as connection:
        projections.drop(connection, grant_id)
    shutil.rmtree(shop.home / FOLDER / grant_id, ignore_errors=True)
    return Projected(grant_id, 0, -1)


def _clear(shop: Workshop, grant_id: str, *, but: str) -> None:
    """Remove the generations that are over: from here on nobody is told of their files."""
    for folder in (shop.home / FOLDER / grant_id).glob("g*"):
        if folder != shop.home / FOLDER / but:
            shutil.rmtree(folder)


def _sweep(shop: Workshop, grant_ids: Collection[str]) -> None:
    """Remove what a run that was killed left of grants that are not held any more."""
    root: Path = shop.home / FOLDER
    for folder in root.iterdir() if root.is_dir() else ():
        if folder.name not in grant_ids:
            shutil.rmtree(folder)


__all__ = ["KEPT_HOURS", "Projected", "is_due", "project"]
