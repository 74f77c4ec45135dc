"""A city in a folder: deliveries by department, the keys that signed them, and the truth to hold results against."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from catalog.model import Catalogue
from samples import parcels, truth
from samples.city import calendar, days
from samples.city.city import make
from samples.delivering import Delivered, desks
from samples.dirt.rates import Rates
from samples.errors import FolderTaken, OutOfSize
from schemas.model import Resource

KEYS = "keys"
FIRST_YEAR, LAST_YEAR = 2015, 2100
_FORMAT = "onefile.city/1"


@dataclass(frozen=True)
class Order:
    """What city is wanted. `first_day` has the full deliveries; `days` of changes follow.

    `rates` are how many of 1,000 have a kind of defect, where they are to be other than usual.
    """

    seed: int
    people: int
    enterprises: int
    days: int
    first_day: date
    is_signed: bool
    rates: Mapping[str, float] = field(default_factory=dict)


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
        OutOfSize: the city would be too small or too great, or too long ago.
        UnknownKind: a rate is of no kind of defect.
    """
    if not FIRST_YEAR <= order.first_day.year <= LAST_YEAR:
        raise OutOfSize("as year of the first day", order.first_day.year, FIRST_YEAR, LAST_YEAR)
    rates = Rates(order.rates)
    with _whole(out) as folder:
        city = make(order.seed, order.people, order.enterprises, calendar.number(order.first_day), on_step)
        city.slip_share = rates.slip_share
        wanted = sorted({r.department for r in catalogue.resources.values() if only(r)})
        keys = {department: _key(folder / KEYS, department) for department in wanted} if order.is_signed else {}
        places = desks(city, catalogue, folder, keys, only, rates)
        delivered = []
        for desk in places:
            delivered.append(desk.everything(city.day))
            on_step(f"{delivered[-1].resource} {delivered[-1].received:,}")
        for day in range(city.day + 1, city.day + 1 + order.days):
            today = days.live(city, day)
            delivered += [found for desk in places if (found := desk.changes(today)) is not None]
            on_step(f"day {day - city.began} of {order.days}")
        delivered = parcels.upset(folder, delivered, keys, city.chance, rates)
        on_step("the truth")
        truth.tell(folder / truth.FOLDER, _about(order), city, catalogue, delivered)
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


def _about(order: Order) -> dict[str, object]:
    return {"format": _FORMAT, **asdict(order), "first_day": order.first_day.isoformat()}
