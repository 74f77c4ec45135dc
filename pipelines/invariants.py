"""What always holds of a home, looked for in what lies there: counts, lineage both ways, publication.

Nothing is mended here and no value is shown: a finding names the table or the delivery, the
rule that does not hold of it, and how many rows it is about.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as f
from pyspark.sql.types import ArrayType, MapType, StructField, StructType

from inbox import deliveries
from inbox.deliveries import Delivery
from licence_vault import receipts
from onefile.verify.errors import VerificationError
from onefile.verify.receipt import Receipt, open_receipt
from onefile.verify.trust import read_trust
from pipelines import answers, digests, erasing, names, present, publish, records, settle, types
from pipelines.errors import LakeDamaged, PipelineError
from pipelines.finished import is_finished
from pipelines.lake import engine
from pipelines.workshop import Workshop
from schemas.model import Attribute, OneFile
from schemas.serving import reading, writing
from schemas.serving.connection import looking
from schemas.serving.errors import NothingPublished
from schemas.serving.record_writing import newest, published

ROW = ("_delivery", "_row_no")
_SAYS = StructType(
    [
        StructField("delivery", types.STRING),
        StructField("row_no", types.LONG),
        StructField("says", MapType(types.STRING, ArrayType(types.STRING))),
    ]
)
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
    settled = [d for d in deliveries.every(shop.home) if is_finished(d)]
    yield from _told("receipts", partial(_counts, shop, settled))
    for resource in shop.resources.values():
        table = names.silver(resource.table)
        yield from _told(table, partial(_without_bronze, shop, resource.id, table))
    for kind, file in shop.declarations.files.items():
        table = names.gold(kind)
        yield from _told(table, partial(_without_silver, shop, table, file))
        yield from _told(table, partial(_altered, shop, table))
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
    path = receipts.path(shop.home, delivery.id)
    try:
        return open_receipt(path.read_bytes(), read_trust(shop.keys.trust()))
    except (OSError, VerificationError):
        return None


def _without_bronze(shop: Workshop, resource: str, table: str) -> Iterator[Broken]:
    """Count silver's statements that no row of bronze, with these very bytes, stands behind."""
    if not shop.lake.exists(names.bronze(resource)) or not shop.lake.exists(table):
        return
    mine = shop.lake.read(table).where(f.col("_resource") == resource)
    lost = mine.join(shop.lake.read(names.bronze(resource)), [*ROW, "_row_hash"], "left_anti")
    yield from _some("without_bronze", f"{table}, {resource}", lost)


def _without_silver(shop: Workshop, gold: str, file: OneFile) -> Iterator[Broken]:
    """Count gold's values, what others say of them, and ties that no released statement stands behind.

    And the values that are not what the statement says that stands behind them.
    """
    if not shop.lake.exists(gold):
        return
    made = shop.lake.read(gold)
    shown = [a for a in file.attributes if a.name in made.columns]  # one declared since has none yet
    told = [_source(f.col(a.name), f.lit(a.name), _text(f.col(a.name)["value"], a)) for a in shown]
    lists = [f.transform(name, _beside) for name in _TOLD if name in made.columns]
    lists += [f.array(*told)] if told else []
    named = made.select(f.explode(f.concat(*lists)).alias("_from")).select("_from.*")
    named = named.where(f.col("delivery").isNotNull())
    behind = reduce(DataFrame.unionByName, _statements(shop, shown), _nothing(shop))
    known = behind.dropDuplicates(["delivery", "row_no"]).withColumn("is_there", f.lit(True))
    found = named.join(known, ["delivery", "row_no"], "left")
    lost = f.col("is_there").isNull()
    differs = ~f.array_contains(f.col("says")[f.col("attribute")], f.col("value"))
    with engine(f"look for values of {gold} that nothing stands behind"):
        row = found.agg(f.count_if(lost).alias("lost"), f.count_if(~lost & differs).alias("differing")).collect()[0]
    for rule, rows in (("without_silver", row["lost"]), ("value_otherwise", row["differing"])):
        if rows:
            yield Broken(rule, gold, rows)


def _altered(shop: Workshop, gold: str) -> Iterator[Broken]:
    """Count gold's files that are not what their own digest says."""
    if shop.lake.exists(gold):
        files = shop.lake.read(gold)
        yield from _some("file_altered", gold, files.mapInArrow(digests.in_task, "subject_id string"))


def _statements(shop: Workshop, shown: Sequence[Attribute]) -> Iterator[DataFrame]:
    """Yield of each table its statements that count: delivery, row, and by attribute the values that it may get."""
    for name, table in shop.declarations.tables.items():
        rows = present.statements(shop.lake, name)
        if rows is None:
            continue
        pairs: list[Column] = []
        for attribute in shown:
            columns = [source.column for source in attribute.sources if source.table == name]
            if columns:
                values = f.array(*(_text(f.col(column), attribute) for column in columns))
                pairs += [f.lit(attribute.name), f.array_compact(values)]
        says = f.create_map(*pairs).cast(_SAYS["says"].dataType)
        yield present.with_declared(rows, table).select(
            f.col("_delivery").alias("delivery"), f.col("_row_no").alias("row_no"), says.alias("says")
        )


def _nothing(shop: Workshop) -> DataFrame:
    return shop.lake.spark.createDataFrame([], _SAYS)


def _beside(told: Column) -> Column:
    """Return where what others say is from; it is not compared."""
    nothing = f.lit(None).cast("string")
    return _source(told, nothing, nothing)


def _source(told: Column, attribute: Column, value: Column) -> Column:
    return f.struct(
        told["delivery"].alias("delivery"),
        told["row_no"].alias("row_no"),
        attribute.alias("attribute"),
        value.alias("value"),
    )


def _text(value: Column, attribute: Attribute) -> Column:
    """Return a value as text, read as the attribute has it."""
    return value.try_cast(types.spark_type(attribute.type, attribute.precision, attribute.scale)).cast("string")


def _some(rule: str, where: str, lost: DataFrame) -> Iterator[Broken]:
    with engine(f"look for rows of {where} that are not as they must be"):
        count = lost.count()
    if count:
        yield Broken(rule, where, count)


def _published_otherwise(shop: Workshop, kind: str) -> Iterator[Broken]:
    """Hold the serving database against the version of gold that it says it has: all that is served of each subject."""
    if not shop.lake.exists(names.gold(kind)):
        return
    try:
        with reading.reading(shop.settings.database_url):
            pass
    except NothingPublished:
        return
    with looking(shop.settings.database_url) as connection:  # both of one state: somebody may publish meanwhile
        last = writing.last(connection, kind)
        published = writing.sums(connection, kind)
    if last is None:
        return
    try:
        gold = _sums(shop, kind, last.lake_version)
    except PipelineError:  # upkeep took that version away: then nothing was to be published for as long as it keeps one
        gold = _sums(shop, kind, shop.lake.version(names.gold(kind)))
    differing = sum(gold.get(subject) != published.get(subject) for subject in gold.keys() | published.keys())
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
    "without_bronze": ("标准层记录无原始行", "statements without a row as received", "restore the lake from a backup"),
    "without_silver": (
        "一档的值无标准层记录",
        "values of one files without a statement",
        "run again; else restore the lake",
    ),
    "value_otherwise": (
        "一档的值与标准层记录不一致",
        "values of one files that their statement does not say",
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
        "restore it, or empty identifier, subject and publication, and run again",
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
