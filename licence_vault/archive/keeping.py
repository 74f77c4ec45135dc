"""Archive packages in the serving database and the store of materials: sealed whole, under a key of their own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256

from sqlalchemy import Connection, insert, select

from licence_vault.archive.errors import NoSuchArchive
from licence_vault.archive.packing import About, unzipped, zipped
from licence_vault.at_rest import Sealed
from licence_vault.errors import PayloadDamaged
from licence_vault.materials.errors import MaterialDamaged
from licence_vault.materials.keeping import Materials
from onefile.verify.archive import MANIFEST
from onefile.verify.leaf import SALT_BYTES
from onefile.verify.reading import instant_text
from schemas.serving.material_tables import CASE_ARCHIVE

ROW, OF = CASE_ARCHIVE.c, "archive:"


@dataclass(frozen=True)
class Kept:
    """A row of `case_archive`: which package was made of a case, and what opens it. Days YYYY-MM-DD."""

    case_id: str
    package_id: str
    fonds: str
    department: str
    item: str
    case_no: str
    retention: str
    keep_until: str | None
    files: int
    size: int
    manifest_sha256: str
    place: str
    wrapped_key: bytes = field(repr=False)
    master: str
    made_at: str
    made_by: str


def put(materials: Materials, case_id: str, about: About, files: Mapping[str, bytes], by: str) -> Kept:
    """Seal a package into the store; it counts once `keep` has kept it. StoreGone, DiskFull where it cannot."""
    data = zipped(files)
    place = f"{materials.at_rest.content(data).hex()}-{materials.random(8).hex()}"
    sealed = materials.at_rest.seal(OF + place, materials.random(SALT_BYTES), data, materials.random)
    if sealed.wrapped_key is None:
        raise MaterialDamaged(about.package)
    materials.store.put(place, sealed.sealed)
    return Kept(
        case_id, about.package, about.fonds, about.department, about.item, about.case, about.retention,
        about.keep_until, len(files), len(data), sha256(files[MANIFEST]).hexdigest(), place, sealed.wrapped_key,
        sealed.master, instant_text(about.made_at), by,
    )  # fmt: skip


def keep(connection: Connection, kept: Kept) -> Kept:
    """Keep which package was made of a case; where there is one already, return that: the new bytes are swept."""
    there = find(connection, kept.case_id)
    if there is not None:
        return there
    connection.execute(insert(CASE_ARCHIVE).values(**vars(kept)))
    return kept


def find(connection: Connection, case_id: str) -> Kept | None:
    """Return the package of a case (internal id); None where none was made."""
    row = connection.execute(select(CASE_ARCHIVE).where(ROW.case_id == case_id)).one_or_none()
    return None if row is None else Kept(*row)


def listed(connection: Connection, department: str = "", over_on: date | None = None) -> list[Kept]:
    """Return the packages of a department (all, when it is empty), in the order made.

    Args:
        over_on: only those whose retention is over on that day.
    """
    asked = select(CASE_ARCHIVE).order_by(ROW.made_at, ROW.package_id)
    if department:
        asked = asked.where(ROW.department == department)
    if over_on is not None:
        asked = asked.where(ROW.keep_until < over_on.isoformat())
    return [Kept(*row) for row in connection.execute(asked)]


def opened(materials: Materials, kept: Kept | None) -> dict[str, bytes]:
    """Return the files of a package by path.

    Raises:
        NoSuchArchive: there is none.
        StoreGone, MaterialDamaged: the store does not have it, or not as it was put there.
    """
    if kept is None:
        raise NoSuchArchive
    sealed = Sealed(materials.store.get(kept.place), kept.wrapped_key, kept.master)
    try:
        _, data = materials.at_rest.open(OF + kept.place, sealed)
    except PayloadDamaged:
        raise MaterialDamaged(kept.package_id) from None
    return unzipped(data)
