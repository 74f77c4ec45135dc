"""Tables in bulk: for each grant by batch that a share holds, a Delta table of its fields of its rows, and of no other.

Nothing is filtered at reading: what a grant does not give is in none of the files. A delivery adds a version, which
tells by its change feed what came, changed and went. What was granted, read or erased otherwise begins a new
*generation*: another table in another folder, and the old one is gone with all its versions. A run that is killed, or
comes again, changes nothing.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping, Sequence
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
from ledger.events import salt
from onefile.files import lock
from pipelines import commit_check, dealing, names, numbers, peek, present, publish, types
from pipelines.dealing import Dealt
from pipelines.declared import DeclarationChanged
from pipelines.lake import Lake, engine
from pipelines.record_state import RECORD, State, Wish, finds, own, require_read, touched, wished
from pipelines.table_design import CHANGE_FEED, TableDesign, quoted
from pipelines.workshop import Workshop
from schemas.model import Table
from schemas.serving import migration, projections
from schemas.serving.connection import looking, writing
from schemas.serving.projections import FOLDER, Projection

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
class _Deal:
    """What was dealt out to a group of grants by area, and what was known of each prefix: `dealing.known_to`."""

    dealt: Dealt
    known: Mapping[str, str]


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
    return targets.keys() != held.keys() or bool(stale(shop))


def stale(shop: Workshop) -> set[str]:
    """Return the grants whose tables are not as they have to be now, or are not there yet; starts no engine."""
    targets, held = _targets(shop)
    state = State(shop)
    return {name for name, each in targets.items()
            if name not in held or not _is_same(shop, each, held[name], state)}  # fmt: skip


def project(shop: Workshop) -> list[Projected]:
    """Bring the table of every grant that a share holds up to what holds, and take out what no share holds any more.

    Raises:
        EngineFailed: Spark failed; that table is as it was.
        DeclarationChanged: a resource was read by other declarations than today's; all other tables are brought.
    """
    migration.upgrade(shop.settings.database_url)
    shop.keys.ensure((), (names.SHARED_RECORDS,), shop.at)
    with lock(shop.home / "locks" / "project-shares.lock"):
        targets, held = _targets(shop)
        state, waiting = State(shop), list[DeclarationChanged]()
        done = [_drop(shop, name) for name in sorted(held.keys() - targets.keys())]
        other = [each for name, each in targets.items()
                 if name not in held or not _is_same(shop, each, held[name], state)]  # fmt: skip
        for group in _groups(other):
            try:
                done += _project_all(shop, group, held, state)
            except DeclarationChanged as changed:
                waiting.append(changed)
        _sweep(shop, targets.keys())
        groups = _groups(list(targets.values()))
        dealing.sweep(shop.home, {_dealt_name(group[0].wish) for group in groups if len(group) > 1})
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
    found = {kind: commit_check.newest(shop.place, names.gold(kind))
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
    found = peek.rows(shop.place, names.ERASURE_ORDER, ["_resource"])
    return found is not None and resource_id in found["_resource"].to_pylist()


def _groups(targets: Sequence[_Target]) -> list[list[_Target]]:
    """Return the targets in groups: those by area of the same columns of a resource together, every other alone."""
    found: dict[tuple[str, ...], list[_Target]] = {}
    for each in targets:
        is_by_area = each.rows.kind == "area"
        key = (each.wish.resource.id, *each.wish.fields) if is_by_area else ("", each.grant_id)
        found.setdefault(key, []).append(each)
    return list(found.values())


def _project_all(
    shop: Workshop, group: Sequence[_Target], held: Mapping[str, Projection], state: State
) -> list[Projected]:  # fmt: skip
    """Bring the tables of a group up: where they are several, by one look through the resource's rows."""
    wish = group[0].wish
    require_read(shop, wish.resource)
    stated = present.statements(shop.lake, wish.table.name, state.release) if len(group) > 1 else None
    if stated is None:
        return [_project(shop, each, held.get(each.grant_id), state) for each in group]
    ids, prefixes = numbers.subject_ids(_judged(shop, wish.table)), {each.rows.prefix for each in group}
    placed = dealing.placed(present.present(own(stated, wish)), ids, _areas(shop), prefixes)
    name, now = _dealt_name(wish), _made_from(group[0], state)
    known = dealing.known_to(shop.home, name)
    whole = {each.rows.prefix for each in group if not _is_known(shop, each, held.get(each.grant_id), state, known)}
    placed = placed.select("_key", dealing.PREFIX, *wish.fields)
    with dealing.dealt(shop.home, placed, name, prefixes, whole, now) as deal:
        return [_project(shop, each, held.get(each.grant_id), state, _Deal(deal, known)) for each in group]


def _dealt_name(wish: Wish) -> str:
    return json.dumps([wish.resource.id, *wish.fields])


def _project(
    shop: Workshop, target: _Target, last: Projection | None, state: State, deal: _Deal | None = None
) -> Projected:  # fmt: skip
    require_read(shop, target.wish.resource)
    is_continued = last is not None and _is_continued(shop, target, last, state)
    lake = Lake(shop.spark, str(shop.home / FOLDER))
    if last is not None and is_continued:
        generation = last.generation
        _renew(shop, lake, target, last, state, deal)
    else:
        generation = 1 if last is None else last.generation + 1
        _begin(shop, lake, target, projections.place(target.grant_id, generation), state, deal)
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


def _begin(shop: Workshop, lake: Lake, target: _Target, place: str, state: State, deal: _Deal | None) -> None:
    """Make a table anew, whatever a run that was killed left in its folder."""
    shutil.rmtree(shop.home / FOLDER / place, ignore_errors=True)
    rows = _rows(shop, target, state, None) if deal is None else _dealt(shop, target, deal, None)
    schema = _schema(target.wish)
    lake.create(place, schema, TableDesign(f"granted rows of {target.wish.resource.id}", {},
                                           properties=CHANGE_FEED | PLAIN))  # fmt: skip
    if rows is not None:
        lake.append(place, rows, f"project:{place}")


def _renew(
    shop: Workshop, lake: Lake, target: _Target, last: Projection, state: State, deal: _Deal | None
) -> None:  # fmt: skip
    """Add a version to the table where something is other than it has it."""
    place, wish = last.place, target.wish
    if deal is not None:
        is_known = _is_known(shop, target, last, state, deal.known)
        keys = deal.dealt.changed(target.rows.prefix) if is_known else None
        if is_known and keys is None:
            return
        keys = None if keys is None else keys.select(f.col("_key").alias(RECORD))
        after = _dealt(shop, target, deal, keys)
    else:
        found = touched(shop, wish, last, state) if target.area_version == last.area_version else None
        if found == []:
            return
        keys = None if found is None else reduce(DataFrame.unionByName, found).distinct()
        after = _rows(shop, target, state, keys)
    before = lake.read(place)
    if keys is not None:
        mine = projected(keys.select(f.col(RECORD).alias("_key")), (), _salt(shop, target.grant_id))
        before = before.join(f.broadcast(mine), KEY, "left_semi").select(*before.columns)
    changes = differing(before, before.limit(0) if after is None else after)
    with engine(f"compare the rows of {target.grant_id}"):
        is_other = not changes.isEmpty()
    if is_other:
        lake.merge(place, changes, f"t.{KEY} = s.{KEY}", _clauses(wish.fields), {"release": state.release})
        lake.vacuum(place, KEPT_HOURS)


def _dealt(shop: Workshop, target: _Target, deal: _Deal, keys: DataFrame | None) -> DataFrame | None:
    """Return the rows of a grant as they were dealt out, or those of some records; None: there are none."""
    rows = deal.dealt.rows(target.rows.prefix)
    if rows is None:
        return None
    if keys is not None:
        rows = rows.join(f.broadcast(keys), f.col("_key") == f.col(RECORD), "left_semi").select(*rows.columns)
    return projected(rows, target.wish.fields, _salt(shop, target.grant_id))


def _is_known(
    shop: Workshop, target: _Target, last: Projection | None, state: State, known: Mapping[str, str]
) -> bool:  # fmt: skip
    """Say whether what changed for a grant's table is told by what was dealt out for its area the last time."""
    is_told = last is not None and _was_made_from(last) == known.get(target.rows.prefix)
    return last is not None and is_told and _is_continued(shop, target, last, state)


def _made_from(target: _Target, state: State) -> str:
    """Return what a grant's rows are made from now, as a text to compare."""
    erased = state.erased[target.wish.resource.id]
    return json.dumps(
        [target.wish.declared, state.lake_table, state.release, state.orders, erased, target.area_version]
    )


def _was_made_from(last: Projection) -> str:
    return json.dumps([last.declared, last.lake_table, last.lake_version, last.order_version, last.erased,
                       last.area_version])  # fmt: skip


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
    return salt(shop.keys.secret(names.SHARED_RECORDS), grant_id)


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
