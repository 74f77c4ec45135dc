"""The same stages in DuckDB: one file's rules written as SQL from the declarations, over the same files.

What DuckDB is spared: receipts, quarantine, expectations, a change feed, and cleaners beyond trimming and casting.
The files that it assembles have the same winners; `assembled` is compared with gold by the program.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import duckdb
import pyarrow as pa

from inbox.deliveries import Delivery
from schemas import feeds
from schemas.model import Attribute, Declarations, OneFile, Relation, Resource, Table

Files = Mapping[str, Sequence[str]]
"""The Parquet files that make up each table's silver."""
SHOWN = ("value", "resource", "department", "record", "delivery", "row_no", "observed_on", "rank")
BOUNDS = (
    "SET threads = 2; SET memory_limit = '8GB'; SET max_temp_directory_size = '10GB'; SET enable_progress_bar = false"
)
"""As many cores as the engine has, and as much memory as is wanted of us: above that DuckDB goes to the disk."""
EARLIER = pa.schema([("earlier", pa.string()), ("present", pa.string())])
TIES = "struct(relation VARCHAR, other_kind VARCHAR, other VARCHAR, record VARCHAR, observed_on DATE)[]"


def read_all(asked: Sequence[tuple[Delivery, Resource, Table]], scratch: Path) -> float:
    """Do `read` for one delivery after the other; return the seconds."""
    began = time.perf_counter()
    for delivery, resource, table in asked:
        read(delivery, resource, table, scratch)
    return time.perf_counter() - began


def read(delivery: Delivery, resource: Resource, table: Table, scratch: Path) -> None:
    """Read a delivery's files, cast each declared column, keep one row a record, write Parquet."""
    scratch.mkdir(parents=True, exist_ok=True)
    names = [str(_in_utf8(delivery.folder / file.name, resource, scratch)) for file in delivery.manifest.files]
    source = "read_json(?, format='newline_delimited', map_inference_threshold=-1, field_appearance_threshold=0)"
    if resource.format == "csv":
        source = f"read_csv(?, all_varchar=true, header=true, delim='{resource.delimiter}')"
    given = {mapping.column: mapping.source for mapping in resource.columns}
    values = ", ".join(f"{_cast(_q(given.get(c.name)), c.type)} AS {_q(c.name)}" for c in table.columns)
    key = ", ".join(_q(name) for name in table.key)
    with duckdb.connect() as base:
        base.execute(BOUNDS)
        base.execute(
            f"COPY (SELECT {values} FROM {source} QUALIFY row_number() OVER (PARTITION BY {key}) = 1) "
            f"TO '{scratch / f'{resource.name}.parquet'}' (FORMAT parquet)",
            [names],
        )


def assembled(files: Files, file: OneFile, declarations: Declarations, ends: Mapping[str, str], out: Path) -> None:
    """Assemble one file per subject from silver's Parquet files, with winners, losers and ties, into one file.

    Args:
        ends: earlier numbers of such subjects, each with the present one that it leads to.
    """
    with duckdb.connect() as base:
        base.execute(BOUNDS)
        base.register("earlier", pa.table({"earlier": [*ends], "present": [*ends.values()]}, EARLIER))
        base.execute(f"SET temp_directory = '{out.parent}'")
        for table, paths in files.items():
            base.execute(f"CREATE TEMP VIEW {_q(table)} AS {_present(paths)}")
        said = [sql for a in file.attributes for sql in _stated(a, files)]
        base.execute(f"CREATE TEMP TABLE said AS {' UNION ALL '.join(said)}")
        base.execute(f"CREATE TEMP VIEW ended AS {_ended(file)}")
        ties = [_tie(relation, way) for relation, way in feeds.ways(file.kind, declarations) if relation.table in files]
        base.execute(f"CREATE TEMP VIEW tied AS {' UNION ALL '.join(ties) or _no_tie()}")
        base.execute(f"COPY ({_grouped(file)}) TO '{out}' (FORMAT parquet)")


def assembled_twice(
    files: Files, file: OneFile, declarations: Declarations, ends: Mapping[str, str], out: Path
) -> tuple[float, float] | str:
    """Do `assembled` cold and again; return the seconds of each, or why DuckDB could not."""
    times = [time.perf_counter()]
    try:
        for _ in range(2):
            assembled(files, file, declarations, ends, out)
            times.append(time.perf_counter())
    except duckdb.Error as error:
        return f"{type(error).__name__} after {time.perf_counter() - times[-1]:.0f} s, within 8 GB and 10 GB of disk"
    return times[1] - times[0], times[2] - times[1]


def differing(gold: Path, assembled: Path, attributes: Sequence[str]) -> list[tuple[str, int]]:
    """Count for each attribute the subjects of which two folders of files do not say the same; those that differ.

    Args:
        gold: Parquet files with `number` and the value of each attribute as text.
        assembled: what `assembled` wrote.
    """
    found = []
    with duckdb.connect() as base:
        base.execute(BOUNDS)
        for attribute in attributes:
            sql = (
                f"SELECT count(*) FROM read_parquet('{gold}/*.parquet') g "
                f"FULL JOIN read_parquet('{assembled}') d USING (number) "
                f"WHERE g.{attribute} IS DISTINCT FROM d.{attribute}.value"
            )
            (count,) = base.execute(sql).fetchone() or (0,)
            if count:
                found.append((attribute, int(count)))
    return found


def _in_utf8(path: Path, resource: Resource, scratch: Path) -> Path:
    """Return a file that DuckDB can read: itself, or a copy of one that is in another encoding."""
    if resource.encoding.replace("-", "").lower() == "utf8":
        return path
    copy = scratch / path.name
    with (
        path.open(encoding=resource.encoding, newline="") as given,
        copy.open("w", encoding="utf-8", newline="") as out,
    ):
        while chunk := given.read(2**22):
            out.write(chunk)
    return copy


def _cast(column: str, declared: str) -> str:
    text = f"nullif(trim(CAST({column} AS VARCHAR)), '')"
    if declared == "date":
        formats = "['%Y-%m-%d', '%Y/%m/%d', '%Y年%m月%d日', '%Y%m%d', '%Y.%m.%d']"
        return f"CAST(try_strptime({text}, {formats}) AS DATE)"
    casts = {"long": "BIGINT", "decimal": "DECIMAL(18, 2)"}
    return f"try_cast({text} AS {casts[declared]})" if declared in casts else text


def _present(paths: Sequence[str]) -> str:
    """The last statement of each record that is not withdrawn."""
    listed = ", ".join(f"'{path}'" for path in paths)
    return (
        f"SELECT * FROM read_parquet([{listed}]) QUALIFY row_number() OVER (PARTITION BY _resource, _key "
        "ORDER BY _valid_from DESC, _seq DESC, _row_no DESC) = 1 AND NOT _withdrawn"
    )


def _stated(attribute: Attribute, files: Files) -> Iterator[str]:
    """Yield for each source of an attribute what it says: a row per subject, record and value."""
    for source in attribute.sources:
        if source.table in files:
            lead = f"_department = '{attribute.lead}'" if attribute.lead else "false"
            yield (
                f"SELECT {_number(source.subject)} AS number, '{attribute.name}' AS attribute, "
                f"CAST({_q(source.column)} AS VARCHAR) AS value, NOT coalesce({lead}, false) AS not_lead, "
                f"{source.rank} AS rank, _valid_from AS observed_on, _seq AS seq, _row_no AS row_no, "
                f"_resource AS resource, _department AS department, _key AS record, _delivery AS delivery "
                f"FROM {_q(source.table)} {_led(source.subject)} "
                f"WHERE {_q(source.subject)} IS NOT NULL AND {_q(source.column)} IS NOT NULL"
            )


def _ended(file: OneFile) -> str:
    """The last day of each subject that has one."""
    return (
        "SELECT number, CAST(arg_min(value, (not_lead, rank, -epoch(observed_on), -seq, -row_no)) AS DATE) AS ended_on "
        f"FROM said WHERE attribute = '{file.ended_on or ''}' GROUP BY number"
    )


def _tie(relation: Relation, way: feeds.Way) -> str:
    name, mine, _, other, other_kind, _ = way
    when = "".join(
        f" AND {_q(column)} IN ({', '.join(repr(value) for value in values)})"
        for column, values in relation.when.items()
    )
    return (
        f"SELECT {_number(mine)} AS number, {{relation: '{name}', other_kind: '{other_kind}', other: {_q(other)}, "
        f"record: _key, observed_on: _valid_from}} AS tie FROM {_q(relation.table)} {_led(mine)} "
        f"WHERE {_q(mine)} IS NOT NULL AND {_q(other)} IS NOT NULL{when}"
    )


def _no_tie() -> str:
    return f"SELECT NULL::VARCHAR AS number, unnest([]::{TIES}) AS tie"


def _grouped(file: OneFile) -> str:
    """One row a subject: for each attribute its winner with lineage, what others say otherwise, and the ties."""
    order = "(not_lead, after_end, rank, -epoch(observed_on), -seq, -row_no)"
    struct = "{" + ", ".join(f"{name}: {name}" for name in SHOWN) + "}"
    winners = ", ".join(
        f"arg_min({struct}, {order}) FILTER (attribute = '{a.name}') AS {_q(a.name)}" for a in file.attributes
    )
    return f"""
        WITH judged AS (
            SELECT said.*, coalesce(attribute <> '{file.ended_on or ""}' AND not_lead AND observed_on > ended_on, false)
                AS after_end FROM said LEFT JOIN ended USING (number)
        ), won AS (
            SELECT number, {winners} FROM judged GROUP BY number
        ), best AS (
            SELECT number, attribute, resource, arg_min({struct}, {order}) AS told, min({order}) AS place
            FROM judged GROUP BY ALL
        ), lost AS (
            SELECT number, list({{attribute: attribute, told: told}} ORDER BY attribute, told) AS contradictions FROM (
                SELECT *, first_value(told.value) OVER (PARTITION BY number, attribute ORDER BY place) AS first
                FROM best
            ) WHERE told.value <> first GROUP BY number
        ), relations AS (
            SELECT number, list(tie ORDER BY tie) AS relations FROM tied GROUP BY number
        )
        SELECT * FROM won FULL JOIN lost USING (number) FULL JOIN relations USING (number)
    """


def _number(column: str) -> str:
    """The number that a subject is known by, where it is named by an earlier one."""
    return f"coalesce(earlier.present, {_q(column)})"


def _led(column: str) -> str:
    return f"LEFT JOIN earlier ON earlier.earlier = {_q(column)}"


def _q(name: str | None) -> str:
    return "NULL" if name is None else '"' + name.replace('"', '""') + '"'
