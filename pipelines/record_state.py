"""What rows of granted resources follow from: which columns, releases, orders to erase; and what is touched since.

Whoever keeps such rows somewhere notes what they were made from (`Made`), and is told whether these are the same still,
whether what is new can be told by deliveries and orders alone, and which records that is about.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from pyspark.sql import DataFrame
from pyspark.sql import functions as f

from inbox import deliveries
from pipelines import commit_check, declared, erasing, finished, names, peek, present, releases
from pipelines.declared import DeclarationChanged
from pipelines.workshop import Workshop
from schemas.model import Resource, Table
from schemas.serving import reading
from schemas.serving.errors import NothingPublished, OlderDatabase

FORMAT = "1"
AT_ONCE = 50_000
"""Records that are fetched before the database is held; more are handed over while it is."""
RECORD = "record"


class Made(Protocol):
    """What of the lake rows were made from: a declaration's digest, versions, and how many rows were erased by then."""

    @property
    def declared(self) -> str: ...
    @property
    def lake_table(self) -> str: ...
    @property
    def lake_version(self) -> int: ...
    @property
    def order_version(self) -> int: ...
    @property
    def erased(self) -> int: ...


@dataclass(frozen=True)
class Wish:
    """Of which resource which columns are to be held, and what they are made from; `read_by`: how silver was read."""

    resource: Resource
    table: Table
    fields: tuple[str, ...]
    read_by: declared.Note | None

    @property
    def declared(self) -> str:
        """A digest of all that decides what a row says: how silver was read, and how it is made from that."""
        subjects = [(subject.kind, subject.column) for subject in self.table.subjects]
        read_by = None if self.read_by is None else (self.read_by.is_whole, self.read_by.parts)
        told = json.dumps((FORMAT, self.fields, subjects, read_by), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


class State:
    """What the lake's rows follow from at this moment: releases, orders to erase, rows erased; each looked up once."""

    def __init__(self, shop: Workshop) -> None:
        self._shop = shop
        self._released: dict[int, list[str]] = {}

    @cached_property
    def release(self) -> int:
        return self._version(names.RELEASE)

    @cached_property
    def orders(self) -> int:
        return self._version(names.ERASURE_ORDER)

    @cached_property
    def lake_table(self) -> str:
        """Delta's id of the release table; empty before anything was released."""
        return peek.table_id(self._shop.place, names.RELEASE)

    @cached_property
    def erased(self) -> Counter[str]:
        stones = peek.rows(self._shop.place, names.TOMBSTONE, ["_resource"])
        return Counter() if stones is None else Counter(stones["_resource"].to_pylist())

    def is_same(self, wish: Wish, last: Made) -> bool:
        """Say whether nothing changed that rows are made from since they were published."""
        return self.is_continued(wish, last) and (self.release, self.orders) == (last.lake_version, last.order_version)

    def is_continued(self, wish: Wish, last: Made) -> bool:
        """Say whether what was published can be told from what is new by the deliveries and orders since."""
        now = (wish.declared, self.lake_table, self.erased[wish.resource.id])
        return now == (last.declared, last.lake_table, last.erased) and last.lake_version <= self.release

    def released(self, after: int, resource: str) -> list[str]:
        """Return the deliveries of a resource that were released after a version; what is not kept may be of any."""
        if after not in self._released:
            self._released[after] = releases.between(self._shop.lake, after, self.release)
        kept = {each: deliveries.find(self._shop.home, each) for each in self._released[after]}
        return [each for each, found in kept.items() if found is None or found.manifest.resource == resource]

    def _version(self, table: str) -> int:
        found = commit_check.newest(self._shop.place, table)
        return -1 if found is None else found


def finds(shop: Workshop, query: str) -> bool | None:
    """Say whether a query finds anything in the serving database; None: it is of an older shape, and may hold it."""
    try:
        with reading.reading(shop.settings.database_url) as snapshot:
            return bool(snapshot.rows(query, {}))
    except NothingPublished:
        return False
    except OlderDatabase:
        return None


def wished(shop: Workshop, resource_id: str, fields: tuple[str, ...]) -> Wish:
    """Return what is to be held of a resource, as it is declared and as silver was read."""
    resource = shop.resource(resource_id)
    table = shop.declarations.tables[resource.table]
    return Wish(resource, table, fields, declared.noted(shop.home, resource.id))


def require_read(shop: Workshop, resource: Resource) -> None:
    """See that silver has a resource's rows as the declarations of today read them.

    Raises:
        DeclarationChanged: they were read by others, or are being read again: they are brought once that is done.
    """
    is_noted = declared.noted(shop.home, resource.id) is not None
    settled = {resource.id} if is_noted else finished.settled_resources(shop)
    for unread in declared.unread(shop.home, [resource], shop.declarations, settled):
        raise DeclarationChanged(unread.id)


def own(stated: DataFrame, wish: Wish) -> DataFrame:
    """Return a resource's own statements of those of its table, with all the columns that are declared."""
    return present.with_declared(stated, wish.table).where(f.col("_resource") == wish.resource.id)


def touched(shop: Workshop, wish: Wish, last: Made, state: State) -> list[DataFrame] | None:
    """Return the records that may be other than published, as frames of `record`; None where these are very many."""
    new = state.released(last.lake_version, wish.resource.id)
    kept = (deliveries.find(shop.home, each) for each in new)
    outcomes = (finished.outcome(each) for each in kept if each is not None)
    if sum(outcome.accepted for outcome in outcomes if outcome is not None) > AT_ONCE:
        return None
    lake, silver, frames = shop.lake, names.silver(wish.table.name), []
    if new and lake.exists(silver):
        frames.append(lake.read(silver).where(f.col("_delivery").isin(new)))
    if state.orders > last.order_version:
        released = lake.read(names.RELEASE, state.release).select("_delivery").distinct()
        frames.append(erasing.that_hold(lake.read(names.ERASURE_ORDER, state.orders), released))
    mine = f.col("_resource") == wish.resource.id
    return [frame.where(mine).select(f.col("_key").alias(RECORD)) for frame in frames]
