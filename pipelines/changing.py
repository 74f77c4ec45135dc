"""From the declarations that the tables were made by to those of today: planned beside, then applied as a whole.

A plan reads deliveries again and makes files anew in `planned/`, below the home, and lays down what comes out
otherwise; no table is touched. Applying merges what was laid down. From its first merge to its last the notes of what
is concerned (`pipelines.declared`) are not whole, and no other step writes there; killed anywhere and begun again, by
whoever meets it, it ends the same.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from onefile.files import lock, write_whole
from pipelines import (
    answers,
    bridge_list,
    bridges,
    declared,
    gold,
    link_candidates,
    marker,
    names,
    rebuilding,
    remaking,
    rereading,
)
from pipelines.declared import Change, Parts
from pipelines.due import Due, due
from pipelines.remaking import Remade, Sources
from pipelines.rereading import Again, Reread
from pipelines.workshop import Workshop
from schemas.model import OneFile, Resource

HOUSE, LAID, APPLYING = "for.json", "changes", "applying.json"


@dataclass(frozen=True)
class Planned:
    """What changed declarations change: rows of resources, files of kinds.

    `declared`: by resource and kind what is declared otherwise; None where nobody knows what was.
    """

    declared: dict[str, tuple[Change, ...] | None]
    resources: tuple[Reread, ...]
    files: tuple[Remade, ...]


def plan(shop: Workshop, on_step: Callable[[str], None], *, wait: bool = True) -> Planned | None:
    """Say what the declarations of today change; None where they change nothing that is there. No table is touched.

    Raises:
        Busy: somebody plans or applies, and `wait` is false.
        pipelines.shaping.ColumnRetyped: a column is declared with another type than it has.
    """
    with _alone(shop, wait=wait):
        wanted = due(shop)
        return _planned(shop, wanted, on_step).planned if wanted else None


def apply(shop: Workshop, on_step: Callable[[str], None], on_plan: Callable[[Planned], None] = lambda _: None) -> bool:
    """Make the tables those of the declarations of today.

    Args:
        on_plan: is told what changes, before anything is changed; not where a killed one is gone on with.

    Returns:
        Whether there was anything to do.

    Raises:
        pipelines.shaping.ColumnRetyped: a column is declared with another type than it has; nothing was changed.
    """
    with _alone(shop):
        wanted = due(shop)
        if not wanted:
            shutil.rmtree(shop.home / rereading.FOLDER, ignore_errors=True)
            return False
        with _held(shop, wanted):
            if not _on_way(shop, wanted):
                laid = _planned(shop, wanted, on_step)
                on_plan(laid.planned)
                _begin(shop, wanted, laid)
            _merge(shop, on_step)
        return True


@contextmanager
def _alone(shop: Workshop, *, wait: bool = True) -> Iterator[None]:
    """Hold off others who plan or apply, and who orders or does an erasure: what is read must not go meanwhile."""
    locks = shop.home / "locks"
    with lock(locks / "declarations.lock", wait), lock(locks / "purge.lock"), lock(locks / "retention.lock"):
        yield


@contextmanager
def _held(shop: Workshop, wanted: Due) -> Iterator[None]:
    """Hold what the steps hold that write to the tables concerned."""
    held = [f"resource-{name}" for name in sorted(resource.id for resource in wanted.resources)]
    held += [f"gold-{kind}" for kind in sorted(file.kind for file in wanted.kinds)]
    with ExitStack() as stack:
        for name in held:
            stack.enter_context(lock(shop.home / "locks" / f"{name}.lock"))
        yield


def _planned(shop: Workshop, wanted: Due, on_step: Callable[[str], None]) -> _Laid:
    """Read again and make anew beside, and lay down what comes out otherwise."""
    for resource in wanted.resources:
        rereading.check_types(shop, resource)
    house = _house(shop, wanted)
    beside = rebuilding.open_beside(shop, house) if wanted.resources else shop.beside(house)
    again, reread, records = [], [], []
    for resource in wanted.resources:
        found = rereading.read_again(shop, beside, resource, on_step)
        laid: dict[str, DataFrame] = {}
        for part in rereading.parts(shop, found):
            rows = rereading.lay_down(shop, beside, part, _folder(house, part.table, resource.id))
            laid |= {} if rows is None else {part.table: rows}
        again.append(found)
        reread.append(rereading.told(shop, found, laid))
        records.append(rereading.records(shop, beside, resource, laid))
    files = _remade(shop, beside, wanted, [rows for rows in records if rows is not None], on_step)
    return _Laid(Planned(_changes(shop, wanted), tuple(reread), files), tuple(again))


def _remade(
    shop: Workshop, beside: Workshop, wanted: Due, records: list[DataFrame], on_step: Callable[[str], None]
) -> tuple[Remade, ...]:
    sources = Sources(shop.lake, beside.lake, frozenset(resource.id for resource in wanted.resources))
    every = reduce(DataFrame.unionByName, records) if records else None
    found = []
    for file in wanted.kinds:
        on_step(f"{file.kind} files")
        note = declared.noted(shop.home, declared.of_kind(file.kind))
        before = note.parts if note is not None and note.is_whole else None
        laid = remaking.lay_down(shop, sources, file, every, before, _folder(beside.home, names.gold(file.kind)))
        found.append(remaking.told(shop, file, laid))
    return tuple(found)


def _house(shop: Workshop, wanted: Due) -> Path:
    """Return the folder to plan in. What was read there for other declarations, or before an erasure, is taken away."""
    house, wish = shop.home / rereading.FOLDER, _wish(shop, wanted)
    there = house / HOUSE
    if not there.exists() or json.loads(there.read_bytes()) != wish:
        shutil.rmtree(house, ignore_errors=True)
        write_whole(there, json.dumps(wish, sort_keys=True).encode())
    (house / APPLYING).unlink(missing_ok=True)
    shutil.rmtree(house / LAID, ignore_errors=True)
    return house


def _wish(shop: Workshop, wanted: Due) -> dict[str, Any]:
    erased = (
        {name: shop.lake.version(name) for name in (names.TOMBSTONE, names.ERASURE_ORDER)} if wanted.resources else {}
    )
    return {"resources": _readings(shop, wanted.resources), "erased": erased}


def _changes(shop: Workshop, wanted: Due) -> dict[str, tuple[Change, ...] | None]:
    """Return by resource and kind what is declared otherwise; None where nobody knows what was."""
    targets = _readings(shop, wanted.resources) | _makings(shop, wanted.kinds)
    found = {name: (declared.noted(shop.home, name), parts) for name, parts in targets.items()}
    return {
        name: tuple(declared.changes(note.parts, parts)) if note is not None and note.is_whole else None
        for name, (note, parts) in found.items()
    }


def _readings(shop: Workshop, resources: Iterable[Resource]) -> dict[str, Parts]:
    return {resource.id: declared.reading(resource, shop.declarations) for resource in resources}


def _makings(shop: Workshop, kinds: Iterable[OneFile]) -> dict[str, Parts]:
    return {declared.of_kind(file.kind): declared.making(file, shop.declarations) for file in kinds}


def _folder(house: Path, *words: str) -> Path:
    return house / LAID / "-".join(word.replace("/", "-") for word in words)


@dataclass(frozen=True)
class _Laid:
    """What lies in the house: how to tell of it, and the deliveries that were read again."""

    planned: Planned
    again: tuple[Again, ...]


def _begin(shop: Workshop, wanted: Due, laid: _Laid) -> None:
    """Note what is to be merged, and that the tables concerned are on the way."""
    targets = _readings(shop, wanted.resources) | _makings(shop, wanted.kinds)
    note = {
        "targets": targets,
        "again": {
            a.resource.id: {"deliveries": [d.id for d in a.deliveries], "begun": sorted(a.begun)} for a in laid.again
        },
        "kinds": [file.kind for file in wanted.kinds],
        "made_from": gold.made_from_now(shop.lake),
    }
    write_whole(shop.home / rereading.FOLDER / APPLYING, json.dumps(note, sort_keys=True).encode())
    for name, parts in targets.items():
        declared.keep(shop.home, name, parts, is_whole=False)


def _on_way(shop: Workshop, wanted: Due) -> bool:
    """Tell whether what is wanted was laid down already, and its merging begun."""
    path = shop.home / rereading.FOLDER / APPLYING
    if not path.exists():
        return False
    targets = json.loads(path.read_bytes())["targets"]
    here = _readings(shop, wanted.resources) | _makings(shop, wanted.kinds)
    return all(targets.get(name) == parts for name, parts in here.items())


def _merge(shop: Workshop, on_step: Callable[[str], None]) -> None:
    """Merge all that was laid down, and note that it is done."""
    house = shop.home / rereading.FOLDER
    note = json.loads((house / APPLYING).read_bytes())
    beside = shop.beside(house)
    again = [_again(shop, beside, name, told) for name, told in note["again"].items()]
    for each in again:
        on_step(f"merge {each.resource.id}")
        rereading.shape(shop, each.resource)
        for part in rereading.parts(shop, each):
            folder = _folder(house, part.table, each.resource.id)
            if folder.exists():
                rereading.merge(shop, part, folder)
        rereading.bind(shop, each.resource)
    for kind in note["kinds"]:
        on_step(f"merge {kind} files")
        folder = _folder(house, names.gold(kind))
        remaking.merge(shop, shop.declarations.files[kind], folder, note["made_from"])
        bridge_list.keep(shop.lake, kind, bridges.of_lake(shop.lake, shop.declarations).now)
        if kind == "person":
            link_candidates.refresh(shop.lake, shop.declarations, is_changed=True)
    for made in (delivery for each in again for delivery in each.settled):
        rebuilding.take_notes(shop, made, answers.would_say(made))
    for name, parts in note["targets"].items():
        declared.keep(shop.home, name, parts)
    (shop.home / marker.PUBLISHED).unlink(missing_ok=True)
    shutil.rmtree(house)


def _again(shop: Workshop, beside: Workshop, resource: str, told: Mapping[str, list[str]]) -> Again:
    laid = tuple(beside.delivery(delivery)[0] for delivery in told["deliveries"])
    return Again(shop.resource(resource), laid, frozenset(told["begun"]))
