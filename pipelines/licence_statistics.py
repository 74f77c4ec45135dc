"""`gold/licence`: how each licence stands, for statistics. Nobody's name, number or printed number is in it.

Made from the vault's table, leaf by leaf: a run takes the leaves that came since, and notes with
its commit how many the table was made from, and the log's root then. A log of another past makes it anew.
"""

from __future__ import annotations

from datetime import date, datetime

from pyspark.sql.types import StructType

from licence_vault import store
from licence_vault.payloads import place_of
from licence_vault.store import Version
from licence_vault.vault import Vault
from pipelines import names, types
from pipelines.lake import Lake, literal_rows
from pipelines.table_design import TableDesign
from schemas.model import Declarations

MADE_FROM = "leaves"
LEAVES_AT_ONCE = 100_000
SCHEMA = StructType(
    [
        types.field("licence", types.STRING, "type, issuer and serial of the licence's identifier"),
        types.field("id", types.STRING, "identifier of its newest version"),
        types.field("type_name", types.STRING, "licence type, as declared"),
        types.field("type_code", types.STRING, "code of the type"),
        types.field("issuer_code", types.STRING, "code of the issuing department"),
        types.field("department", types.STRING, "the issuing department, as declared; empty: no longer", False),
        types.field("holder", types.STRING, "person, enterprise or both: who may hold such licences", False),
        types.field("version", types.LONG, "number of its newest version"),
        types.field("event", types.STRING, "what happened last"),
        types.field("state", types.STRING, "state since then; what time alone ended says so from the daily run on"),
        types.field("raw_state", types.STRING, "the department's own code for it"),
        types.field("since_on", types.DATE, "day since when the state holds"),
        types.field("valid_from", types.DATE, "first day of validity"),
        types.field("valid_until", types.DATE, "last day of validity, inclusive; null: no end", False),
        types.field("recorded_at", types.INSTANT, "instant of the newest version, UTC"),
        types.field("leaf_index", types.LONG, "its place in the licence log"),
    ]
)
DESIGN = TableDesign("how each licence stands; one row per licence", {}, ("type_name",))
SAME = "t.licence = s.licence"
NEWEST = "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *"


def refresh(lake: Lake, vault: Vault, declarations: Declarations) -> int:
    """Bring the table up to the log; return how many leaves it is made from now."""
    head = vault.log.checkpoint()
    size = 0 if head is None else head.size
    done = _done(lake, vault, size)
    if size and done == 0:
        lake.create(names.LICENCE, SCHEMA, DESIGN)
        if not lake.read(names.LICENCE).isEmpty():
            lake.replace(names.LICENCE, literal_rows(lake.spark, [], SCHEMA), _note(vault, 0))
    while done < size:
        stop = min(size, done + LEAVES_AT_ONCE)
        with vault.looking() as connection:
            found = store.present(connection, done, stop)
        rows = [_row(name, version, declarations) for name, version in found]
        lake.merge(names.LICENCE, literal_rows(lake.spark, rows, SCHEMA), SAME, NEWEST, {MADE_FROM: _note(vault, stop)})
        done = stop
    return done


def _done(lake: Lake, vault: Vault, size: int) -> int:
    """Return how many leaves the table is made from; 0 where that was another log, or a later state of it."""
    noted = lake.note(names.LICENCE, MADE_FROM)
    if noted is None or noted["size"] > size or noted != _note(vault, noted["size"]):
        return 0
    return int(noted["size"])


def _note(vault: Vault, size: int) -> dict[str, object]:
    return {"origin": vault.origin, "size": size, "root": vault.log.tree().root(size).hex()}


def _row(type_name: str, version: Version, declarations: Declarations) -> tuple[object, ...]:
    place, kind = place_of(version.licence_key, version.version), declarations.licences.get(type_name)
    until = version.valid_until
    return (
        version.licence_key,
        place.id,
        type_name,
        place.type,
        place.issuer,
        None if kind is None else kind.issuer,
        None if kind is None else kind.holder,
        version.version,
        version.event,
        version.state,
        version.raw_state,
        date.fromisoformat(version.since_on),
        date.fromisoformat(version.valid_from),
        None if until is None else date.fromisoformat(until),
        datetime.fromisoformat(version.recorded_at),
        version.leaf_index,
    )
