"""What always holds of a home, looked for in what lies there: counts, lineage both ways, publication.

Nothing is mended here and no value is shown: a finding names the table or the delivery, the
rule that does not hold of it, and how many rows it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f

from inbox import deliveries
from inbox.deliveries import Delivery
from licence_vault import receipts
from onefile.verify.errors import VerificationError
from onefile.verify.receipt import Receipt, open_receipt
from onefile.verify.trust import read_trust
from pipelines import (
    answers,
    declared,
    digests,
    erasing,
    gold,
    marker,
    names,
    places,
    present,
    publish,
    records,
    settle,
)
from pipelines.errors import LakeDamaged, PipelineError
from pipelines.finished import is_finished
from pipelines.lake import engine
from pipelines.workshop import Workshop
from schemas.model import OneFile
from schemas.serving import reading, writing
from schemas.serving.connection import looking
from schemas.serving.errors import NothingPublished
from schemas.serving.record_writing import newest, published

ROW = ("_delivery", "_row_no")
_TOLD = ("contradictions", "agreements", "relations")


@dataclass(frozen=True)
class Broken:
    """A rule that does not hold: `rule` is one of `RULES`, `where` a table, delivery or kind, `rows` how many."""

    rule: str
    where: str
    rows: int


def check(shop: Workshop) -> Iterator[Broken]:
    """Look at everything that was settled, assembled and published; yield what does not hold.

    A table that cannot be read, for a file of it is damaged or gone, is a finding of its own
    and hides none of the others.
    """
    places.of(shop.settings)  # whoever may not touch the lake is told that, and not that its tables cannot be read
    settled = [d for d in deliveries.every(shop.home) if is_finished(d)]
    yield from _told("receipts", partial(_counts, shop, settled))
    yield from _changed_files(shop)
    yield from _told(names.RELEASE, partial(_unread, shop, names.RELEASE))
    for resource in shop.resources.values():
        table = names.silver(resource.table)
        yield from _told(table, partial(_without_bronze, shop, resource.id, table))
    for kind, file in shop.declarations.files.items():
        table = names.gold(kind)
        yield from _told(table, partial(_without_silver, shop, table, file))
        yield from _told(table, partial(_altered, shop, table))
        yield from _told(table, partial(_made_otherwise, shop, file))
        yield from _told(table, partial(_published_otherwise, shop, kind))
    yield from _told("serving/subject_record", partial(_rows_otherwise, shop))


def _told(where: str, look: Callable[[], Iterator[Broken]]) -> Iterator[Broken]:
    try:
        yield from look()
    except LakeDamaged as damaged:
        yield Broken("unreadable", damaged.table if damaged.file is None else f"{damaged.table}/{damaged.file}", 0)
    except PipelineError:
        yield Broken("unreadable", where, 0)


def _counts(shop: Workshop, settled: list[Delivery]) -> Iterator[Broken]:
    """Hold what the tables have of each delivery against its receipt."""
    resources = {d.manifest.resource for d in settled} & shop.resources.keys()
    held: Counter[tuple[str, str]] = Counter()
    hurt: set[str] = set()
    for layer, table in _places(shop, resources):
        for broken in _told(table, partial(_by_delivery, shop, layer, table, held)):
            hurt.add(layer)
            yield broken
    held.update(_missing(shop))
    for delivery in settled:
        receipt = _receipt(shop, delivery)
        if receipt is None:
            yield Broken("receipt_missing", delivery.id, 1)
            continue
        wanted = _wanted(delivery, receipt)
        for layer, rows in wanted.items():
            found = held[layer, delivery.id] + held[f"{layer} erased", delivery.id]
            if layer not in hurt and found != rows:
                yield Broken("counts_differ", f"{layer}, delivery {delivery.id}", abs(found - rows))


def _wanted(delivery: Delivery, receipt: Receipt) -> dict[str, int]:
    """Return how many rows each layer has of a delivery: as its receipt says, or as it was read again since."""
    again = answers.otherwise(delivery)
    if again is None:
        return {"bronze": receipt.received, "silver": receipt.accepted, "quarantine": receipt.quarantined}
    counts = again.counts
    received = counts.accepted + counts.quarantined + counts.duplicates
    silver, quarantine = counts.accepted, counts.quarantined
    return {"bronze": receipt.received, "silver": silver, "quarantine": quarantine + receipt.received - received}


def _places(shop: Workshop, resources: set[str]) -> list[tuple[str, str]]:
    tables = {shop.resources[resource].table for resource in resources}
    places = [("bronze", names.bronze(r)) for r in sorted(resources)]
    places += [("quarantine", names.quarantine(r)) for r in sorted(resources)]
    places += [("silver", names.silver(t)) for t in sorted(tables)]
    return places


def _by_delivery(shop: Workshop, layer: str, table: str, held: Counter[tuple[str, str]]) -> Iterator[Broken]:
    """Add the rows of each delivery in a table to what is held; yields nothing, but raises where it cannot be read."""
    if shop.lake.exists(table):
        with engine(f"count the rows of {table}"):
            rows = shop.lake.read(table).groupBy("_delivery").count().collect()
        held.update({(layer, row["_delivery"]): row["count"] for row in rows})
    yield from ()


def _missing(shop: Workshop) -> Counter[tuple[str, str]]:
    """Count by layer and delivery the rows that were erased by law, or ask for it."""
    found: Counter[tuple[str, str]] = Counter()
    missing = erasing.missing(shop.lake)
    if missing is None:
        return found
    with engine("count the rows that were erased"):
        rows = missing.groupBy("_delivery", "verdict", "is_gone").count().collect()
    lacking = {settle.ACCEPTED: "silver erased", settle.QUARANTINED: "quarantine erased"}
    for row in rows:
        if row["verdict"] in lacking:
            found[lacking[row["verdict"]], row["_delivery"]] += row["count"]
        if row["is_gone"]:
            found["bronze erased", row["_delivery"]] += row["count"]
    return found


def _receipt(shop: Workshop, delivery: Delivery) -> Receipt | None:
    """Return the receipt of a delivery; None where there is none that is genuine, and about this very delivery."""
    path = receipts.path(shop.home, delivery.id)
    try:
        receipt = open_receipt(path.read_bytes(), read_trust(shop.keys.trust()))
    except (OSError, VerificationError):
        return None
    told = [(file.name, file.rows, file.sha256) for file in receipt.files]
    received = [(file.name, file.rows, file.sha256) for file in delivery.manifest.files]
    return receipt if receipt.delivery == delivery.id and told == received else None


def _changed_files(shop: Workshop) -> Iterator[Broken]:
    """Look for kept files that are not what was received, or what an erasure left of it."""
    for delivery in deliveries.every(shop.home):
        changed = delivery.changed_files()
        if changed:
            yield Broken("kept_file_changed", delivery.id, len(changed))


def _unread(shop: Workshop, table: str) -> Iterator[Broken]:
    """Read a table that all others follow from; yields nothing, but raises where it cannot be read."""
    if shop.lake.exists(table):
        with engine(f"read {table}"):
            shop.lake.read(table).collect()
    yield from ()


def _without_bronze(shop: Workshop, resource: str, table: str) -> Iterator[Broken]:
    """Count silver's statements that no row of bronze, with these very bytes, stands behind."""
    if not shop.lake.exists(names.bronze(resource)) or not shop.lake.exists(table):
        return
    mine = shop.lake.read(table).where(f.col("_resource") == resource)
    lost = mine.join(shop.lake.read(names.bronze(resource)), [*ROW, "_row_hash"], "left_anti")
    yield from _some("without_bronze", f"{table}, {resource}", lost)


def _without_silver(shop: Workshop, table: str, file: OneFile) -> Iterator[Broken]:
    """Count gold's values, what others say of them, and ties that no released statement stands behind."""
    if not shop.lake.exists(table):
        return
    said = [present.statements(shop.lake, name) for name in shop.declarations.tables]
    behind = [rows.select(f.col("_delivery").alias("delivery"), f.col("_row_no").alias("row_no"))
              for rows in said if rows is not None]  # fmt: skip
    made = shop.lake.read(table)
    told = [
        _source(f.col(a.name)) for a in file.attributes if a.name in made.columns
    ]  # one declared since has none yet
    every = f.concat(f.array(*told), *(f.transform(name, _source) for name in _TOLD if name in made.columns))
    named = made.select(f.explode(every).alias("_from")).select("_from.*")
    lost = named.where(f.col("delivery").isNotNull())
    if behind:
        lost = lost.join(reduce(DataFrame.unionByName, behind).distinct(), ["delivery", "row_no"], "left_anti")
    yield from _some("without_silver", table, lost)


def _altered(shop: Workshop, table: str) -> Iterator[Broken]:
    """Count gold's files that are not what their own digest says."""
    if shop.lake.exists(table):
        files = shop.lake.read(table)
        yield from _some("file_altered", table, files.mapInArrow(digests.in_task, "subject_id string"))


def _made_otherwise(shop: Workshop, file: OneFile) -> Iterator[Broken]:
    """Count the one files that are not what silver gives, where they are made from all that counts, by today's rules.

    Whatever is released or declared since, the next run makes of it.
    """
    lake, table = shop.lake, names.gold(file.kind)
    parts = declared.making(file, shop.declarations)
    is_current = lake.note(table, gold.MADE_FROM) == gold.made_from_now(lake)
    if lake.exists(table) and is_current and declared.is_made_by(shop.home, declared.of_kind(file.kind), parts):
        made = gold.build(lake, file, shop.declarations)
        yield from _some("made_otherwise", table, gold.differing(lake.read(table), made, None, file.kind))


def _source(told: Column) -> Column:
    return f.struct(told["delivery"].alias("delivery"), told["row_no"].alias("row_no"))


def _some(rule: str, where: str, lost: DataFrame) -> Iterator[Broken]:
    with engine(f"look for rows of {where} that are not as they must be"):
        count = lost.count()
    if count:
        yield Broken(rule, where, count)


def _published_otherwise(shop: Workshop, kind: str) -> Iterator[Broken]:
    """Hold the serving database against the version of gold that it says it has: all that is served of each subject."""
    if not shop.lake.exists(names.gold(kind)):
        return
    noted = marker.served(shop).get(kind)
    try:
        with reading.reading(shop.settings.database_url):
            pass
    except NothingPublished:
        if noted is not None:
            yield Broken("published_otherwise", f"{kind} files", 1)
        return
    with looking(shop.settings.database_url) as connection:  # both of one state: somebody may publish meanwhile
        last = writing.last(connection, kind)
        published = writing.sums(connection, kind)
    versions = [version for version in (noted, None if last is None else last.lake_version) if version is not None]
    if not versions:
        return
    try:  # an older state of the database that was put back is none to be content with
        made = _sums(shop, kind, max(versions))
    except PipelineError:  # upkeep took that version away: then nothing was to be published for as long as it keeps one
        made = _sums(shop, kind, shop.lake.version(names.gold(kind)))
    differing = sum(made.get(subject) != published.get(subject) for subject in made.keys() | published.keys())
    if differing:
        yield Broken("published_otherwise", f"{kind} files", differing)


def _rows_otherwise(shop: Workshop) -> Iterator[Broken]:
    """Hold the rows at the counter against what silver says of the release that they were made from."""
    url = shop.settings.database_url
    try:
        with reading.reading(url):
            pass
    except NothingPublished:
        return
    with looking(url) as connection:
        held = newest(connection)
        rows = {resource: published(connection, resource) for resource in held}
    for resource, last in held.items():
        wanted = records.digests(shop, last)
        if wanted is None:  # the next run compares all of it
            continue
        differing = sum(wanted.get(key) != rows[resource].get(key) for key in wanted.keys() | rows[resource].keys())
        if differing:
            yield Broken("rows_otherwise", resource, differing)


def _sums(shop: Workshop, kind: str, version: int) -> dict[str, int]:
    """Return of a version of gold a sum over all that is to be served of each subject."""
    return {file.subject_id: file.sum for files, _ in publish.every(shop.lake, kind, version) for file in files}


RULES = {
    "counts_differ": (
        "行数与回执不符",
        "the rows differ from the receipt's",
        "restore the lake from a backup, or rebuild it",
    ),
    "receipt_missing": ("回执缺失或不真实", "the receipt is missing or not genuine", "restore it from a backup"),
    "kept_file_changed": (
        "所存文件与接收时不符",
        "kept files that are not what was received",
        "restore them from a backup",
    ),
    "without_bronze": ("标准层记录无原始行", "statements without a row as received", "restore the lake from a backup"),
    "without_silver": (
        "一档的值无标准层记录",
        "values of one files without a statement",
        "run again; else restore the lake",
    ),
    "made_otherwise": (
        "一档与标准层所得不符",
        "one files that are not what silver gives",
        "onefile rebuild --swap, and run again",
    ),
    "file_altered": (
        "一档内容与其摘要不符",
        "one files that are not what their digest says",
        "onefile rebuild --swap, and run again",
    ),
    "published_otherwise": (
        "服务库与一档不一致",
        "the serving database differs from gold",
        "mend what else is told first; then restore it, or empty identifier, subject and publication, and run again",
    ),
    "rows_otherwise": (
        "窗口所持记录与标准层不一致",
        "the rows at the counter differ from silver",
        "empty subject_record and record_publication, and run again",
    ),
    "unreadable": (
        "数据表无法读取",
        "a table cannot be read: a file is damaged or gone",
        "restore the lake from a backup",
    ),
}
"""Each rule with what is found where it does not hold, in Chinese and English, and what to do."""
