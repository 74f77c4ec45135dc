"""Batches of a shared table for departments that take files: rows as CSV or XML, a manifest under our signature.

A batch is all of a table, or what changed since the recipient's batch before. It is in its folder whole or not at all,
and only once the look is on record; made again of the same version it is the same batch.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from catalog import shares
from ledger.entry import Look
from ledger.recall import VERSIONS
from ledger.record import Ledger
from licence_vault import dsse
from licence_vault.canonical import canonical
from onefile.files import fsync_folder, lock, make_folder
from onefile.verify.batch import CHANGES, ENVELOPE, FORMAT, FULL, MANIFEST, PAYLOAD_TYPE, USE
from onefile.verify.batch_files import WRITERS, Change
from onefile.verify.reading import instant_text
from pipelines.bulk import counts
from pipelines.bulk.counts import Count
from pipelines.bulk.errors import FolderTaken
from pipelines.bulk.tables import Handed, handed, spend
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade
from schemas.serving.share_tables import SHARE_BATCH

TEXTS = ("string", "code", "area_code", "citizen_number", "person_number", "credit_code", "licence_id")
"""Declared types whose values are texts; others are numbers, days, instants and booleans."""
_COPY_BYTES = 2**20


@dataclass(frozen=True)
class Made:
    """A batch in its folder. `rows` are those of its file; `is_new` is false where it was made before."""

    batch_id: str
    table: str
    kind: str
    version: int
    rows: int
    folder: str
    is_new: bool


@dataclass(frozen=True)
class _Last:
    batch_id: str
    generation: int
    version: int


def make(shop: Workshop, share_id: str, to: Path, form: str, *, is_full: bool = False, table: str = "") -> list[Made]:
    """Make a batch of each table of a share, or of one, of what it has that the recipient has not.

    Where nothing changed since the last batch there is none.

    Args:
        to: the folder in which each batch has one of its own.
        form: csv or xml.
        is_full: all of the table, whatever was handed out before.

    Raises:
        UnknownShare: there is none in force.
        NotHandedOut, TableMoved: a table cannot be had now, or its grant's quota of the day is used up; batches made
            before it stay.
        FolderTaken: something else lies where a batch is to be.
    """
    upgrade(shop.settings.database_url)
    shop.keys.ensure((USE,), (), shop.at)
    make_folder(to)
    with lock(shop.home / "locks" / f"hand-out-{share_id}.lock"):
        with looking(shop.settings.database_url) as connection:
            found = handed(shop, connection, shares.require(connection, share_id), table)
            last = {each.given.grant_id: _last(connection, each) for each in found}
        made = [_make(shop, each, to, form, None if is_full else last[each.given.grant_id]) for each in found]
    return [each for each in made if each is not None]


def _make(shop: Workshop, handed: Handed, to: Path, form: str, last: _Last | None) -> Made | None:
    if last is not None and last.version == handed.version:
        return None
    changed = None if last is None else handed.since(last.version)
    since = last if changed is not None else None
    tally = counts.count(shop, handed)
    with _scratch(to) as folder:
        rows: Iterable[Change] = _each(handed) if changed is None else changed.last.values()
        written = _write(folder / f"rows.{form}", form, handed, rows)
        manifest = _manifest(shop, handed, form, since, tally, written)
        _put(folder / MANIFEST, canonical(manifest))
        _put(folder / ENVELOPE, dsse.sign(PAYLOAD_TYPE, canonical(manifest), shop.keys.signer(USE)))
        fsync_folder(folder)
        return _hand_out(shop, handed, folder, to, manifest)


def _each(handed: Handed) -> Iterator[Change]:
    for rows in handed.rows():
        yield from rows


def _write(path: Path, form: str, handed: Handed, rows: Iterable[Change]) -> dict[str, object]:
    columns = [(column.name, column.type in TEXTS) for column in handed.columns]
    with os.fdopen(_new(path), "w", encoding="utf-8", newline="") as file:
        count = WRITERS[form](file, columns, rows)
        file.flush()
        os.fsync(file.fileno())
    found = hashlib.sha256()
    with path.open("rb") as written:
        while part := written.read(_COPY_BYTES):
            found.update(part)
    return {"name": path.name, "rows": count, "sha256": found.hexdigest()}


def _manifest(
    shop: Workshop, handed: Handed, form: str, since: _Last | None, tally: Count, written: dict[str, object]
) -> dict[str, Any]:
    kind = FULL if since is None else CHANGES
    place = f"{handed.share.share_id}-{handed.table.schema}-{handed.table.name}-g{handed.projection.generation}"
    of = f"v{handed.version}" if since is None else f"v{since.version}-v{handed.version}"
    return {
        "resource": handed.given.entry_id,
        "id": f"{place}-{of}-{form}",
        "period": shop.legal_day(shop.at).isoformat(),
        "files": [written],
        "batch": {
            "format": FORMAT, "kind": kind, "form": form, "share": handed.share.share_id,
            "consumer": handed.given.consumer, "grant": handed.given.grant_id,
            "generation": handed.projection.generation, "version": handed.version,
            "since": None if since is None else since.batch_id, "columns": list(handed.names), "rows": tally.rows,
            "digest": tally.digest, "made_at": instant_text(shop.at),
        },
    }  # fmt: skip


def _hand_out(shop: Workshop, handed: Handed, folder: Path, to: Path, manifest: dict[str, Any]) -> Made:
    """Let a batch be seen in its place, once the look is on record."""
    name, place = str(manifest["id"]), to / str(manifest["id"])
    is_new = not place.exists()
    digest = hashlib.sha256(canonical(manifest)).hexdigest()
    if is_new:
        spend(shop, handed)
        Ledger(shop.home / "ledger", shop.keys).append(look(shop, handed, f"batch {name}", "shares.batch", digest))
        folder.rename(place)
        fsync_folder(to)
    elif _told(place / MANIFEST) != _undated(manifest):
        raise FolderTaken(name)
    batch, (file,) = manifest["batch"], manifest["files"]
    with writing(shop.settings.database_url) as connection:
        connection.execute(delete(SHARE_BATCH).where(SHARE_BATCH.c.batch_id == name))
        connection.execute(insert(SHARE_BATCH).values(
            batch_id=name, share_id=batch["share"], grant_id=batch["grant"], kind=batch["kind"], form=batch["form"],
            generation=batch["generation"], version=batch["version"], rows=file["rows"], manifest=digest,
            made_at=batch["made_at"]))  # fmt: skip
    return Made(name, handed.name, batch["kind"], batch["version"], file["rows"], str(place), is_new)


def look(shop: Workshop, handed: Handed, purpose: str, kind: str, answer: str) -> Look:
    """Return the look at a whole table that is handed out: about nobody in particular, as those over Delta Sharing.

    Args:
        answer: SHA-256, hex, of what leaves.
    """
    given = handed.given
    return Look(
        at=shop.at, operator=shop.settings.operator, purpose=purpose, subject_id=None, fields=given.fields,
        basis=given.basis, kind=kind, department=handed.share.department, client=handed.share.share_id,
        grant=given.grant_id, resource=given.entry_id, answer=answer, answer_id=answer[:24],
        lake_version=f"{VERSIONS}@{handed.projection.lake_version}",
    )  # fmt: skip


def _told(path: Path) -> object:
    """Return what the manifest there says, without its instant; None where there is none."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return _undated(found) if isinstance(found, dict) and isinstance(found.get("batch"), dict) else None


def _undated(manifest: Mapping[str, Any]) -> dict[str, Any]:
    return {**manifest, "period": "", "batch": {**manifest["batch"], "made_at": ""}}


def _last(connection: Connection, handed: Handed) -> _Last | None:
    """Return the batch that the recipient has; None where it has none of this generation of the table."""
    row = SHARE_BATCH.c
    asked = select(row.batch_id, row.generation, row.version).where(
        row.share_id == handed.share.share_id, row.grant_id == handed.given.grant_id)  # fmt: skip
    found = connection.execute(asked.order_by(row.batch_no.desc()).limit(1)).one_or_none()
    return None if found is None or found.generation != handed.projection.generation else _Last(*found)


@contextmanager
def _scratch(to: Path) -> Iterator[Path]:
    """Make a folder beside the batches that nobody takes for one; what is left in it at the end is removed."""
    folder = to / f".making-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)


def _put(path: Path, content: bytes) -> None:
    with os.fdopen(_new(path), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
