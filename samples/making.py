"""A city in a folder: deliveries by department, the keys that signed them, and the truth to hold results against."""

from __future__ import annotations

import csv
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from catalog.model import Catalogue
from samples.city import calendar, days, told
from samples.city.calendar import NEVER
from samples.city.city import City, make
from samples.city.columns import codes, listed
from samples.city.columns import days as dates
from samples.delivering import Delivered, desks
from samples.errors import FolderTaken
from schemas.model import Resource

TRUTH, KEYS = "truth", "keys"
_FORMAT = "onefile.city/1"
_CHUNK_ROWS = 100_000


@dataclass(frozen=True)
class Order:
    """What city is wanted. `first_day` has the full deliveries; `days` of changes follow."""

    seed: int
    people: int
    enterprises: int
    days: int
    first_day: date
    is_signed: bool


def make_city(
    order: Order,
    catalogue: Catalogue,
    out: Path,
    *,
    only: Callable[[Resource], bool] = lambda _: True,
    on_step: Callable[[str], None] = lambda _: None,
) -> list[Delivered]:
    """Make a city and write it to a folder, whole or not at all.

    The same order and declarations give the same bytes, but for keys and signatures.

    Args:
        out: a folder that is not there, or empty.
        only: which of the declared resources to deliver.
        on_step: called with what is being done, for progress.

    Raises:
        FolderTaken: the folder holds something.
        OutOfSize: the city would be too small or too great.
        NotServed: a resource asks for a table that the city does not know.
    """
    with _whole(out) as folder:
        city = make(order.seed, order.people, order.enterprises, calendar.number(order.first_day), on_step)
        wanted = sorted({r.department for r in catalogue.resources.values() if only(r)})
        keys = {department: _key(folder / KEYS, department) for department in wanted} if order.is_signed else {}
        places = desks(city, catalogue, folder, keys, only)
        delivered = []
        for desk in places:
            delivered.append(desk.everything(city.day))
            on_step(f"{delivered[-1].resource} {delivered[-1].received:,}")
        for day in range(city.day + 1, city.day + 1 + order.days):
            today = days.live(city, day)
            delivered += [found for desk in places if (found := desk.changes(today)) is not None]
            on_step(f"day {day - city.began} of {order.days}")
        on_step("the truth")
        _tell_truth(folder / TRUTH, order, city, delivered)
    return delivered


@contextmanager
def _whole(out: Path) -> Iterator[Path]:
    """Give a folder beside `out` that takes its place when all went well, and goes when not."""
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise FolderTaken(str(out))
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = out.with_name(f".{out.name}.{os.getpid()}.making")
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(mode=0o700)
    try:
        yield scratch
        scratch.replace(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _key(folder: Path, department: str) -> Ed25519PrivateKey:
    """Make a department's key pair: `<department>.pem` for itself alone, `<department>.public.pem` for the bureau."""
    folder.mkdir(mode=0o700, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(folder / f"{department}.pem", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / f"{department}.public.pem").write_bytes(public)
    return key


def _tell_truth(folder: Path, order: Order, city: City, delivered: Sequence[Delivered]) -> None:
    """Write who there is, what was delivered with what must become of it, and every defect."""
    folder.mkdir()
    about = {"format": _FORMAT, **asdict(order), "first_day": order.first_day.isoformat()}
    (folder / "city.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")
    counts = ("resource", "id", "period", "received", "accepted", "quarantined", "duplicates")
    _write(folder / "deliveries.csv", counts, ([getattr(d, name) for name in counts] for d in delivered))
    head = ("resource", "delivery", "row", "column", "kind", "is_detectable", "expected")
    _write(folder / "defects.csv", head, (
        (d.resource, d.id, x.row, x.column, x.kind, int(x.is_detectable), x.expected or "") for d in delivered for x in d.defects
    ))  # fmt: skip
    people = np.setdiff1d(np.arange(len(city.people)), city.gone.get("population", np.zeros(0, dtype=np.int64)))
    _write_table(folder / "people.csv", (_people(city, people[i : i + _CHUNK_ROWS]) for i in _starts(len(people))))
    firms = np.arange(len(city.firms))
    _write_table(folder / "enterprises.csv", (_firms(city, firms[i : i + _CHUNK_ROWS]) for i in _starts(len(firms))))


def _people(city: City, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    columns = {
        "number": codes(city.people.number[rows]),
        "name": told.name(city, rows),
        "sex": listed(("1", "2"), city.people.sex[rows] - 1),
        "birth_on": dates(city.people.birth[rows]),
        "died_on": dates(city.people.died[rows]),
        "address": told.home(city, rows),
    }
    return pa.table(columns)


def _firms(city: City, rows: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pa.Table:
    columns = {
        "code": codes(city.firms.code[rows]),
        "name": told.firm(city, rows),
        "legal_representative": told.name(city, city.firms.head[rows]),
        "cancelled_on": dates(np.where(city.firms.cancelled[rows] < NEVER, city.firms.cancelled[rows], NEVER)),
        "address": told.firm_address(city, rows),
    }
    return pa.table(columns)


def _starts(count: int) -> range:
    return range(0, max(1, count), _CHUNK_ROWS)


def _write(path: Path, head: Sequence[str], rows: Iterator[Sequence[object]]) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(head)
        writer.writerows(rows)


def _write_table(path: Path, chunks: Iterator[pa.Table]) -> None:
    writer = None
    try:
        for chunk in chunks:
            if writer is None:
                writer = pa_csv.CSVWriter(path, chunk.schema)
            writer.write_table(chunk)
    finally:
        if writer is not None:
            writer.close()
