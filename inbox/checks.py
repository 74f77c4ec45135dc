"""All that the door asks of a delivery before it takes it."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from inbox import departments
from inbox.deliveries import Delivery, find
from inbox.errors import FileBroken, Refused
from inbox.manifest import MAX_BYTES, FileEntry, Manifest, read_manifest
from inbox.names import MANIFEST, SIGNATURE, is_id
from inbox.plain_files import open_plain, sha256_of
from inbox.records import records
from inbox.refusals import Refusal
from schemas.model import Resource


@dataclass(frozen=True, slots=True)
class Rules:
    """What deliveries are held against: the declared resources, the keys in `home`, the instant of receipt.

    `rejected` gives the rows of a resource that were ever rejected, as (delivery, row).
    """

    home: Path
    resources: Mapping[str, Resource]
    at: datetime
    timezone: ZoneInfo
    rejected: Callable[[str], Collection[tuple[str, int]]] = lambda _: ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the door found: a refusal, or an earlier delivery that this one repeats, or neither: it is taken.

    `manifest` is None where it could not be read.
    """

    manifest: Manifest | None
    signed_by: str | None = None
    refusal: Refusal | None = None
    repeats: Delivery | None = None


def examine(place: Path, department: str, rules: Rules) -> Verdict:
    """Judge what lies in a department's inbox under a delivery's name. Nothing is changed.

    Raises:
        OSError: it cannot be read.
    """
    manifest = None
    try:
        check_place(place)
        content = _read(place / MANIFEST)
        manifest = read_manifest(content)
        if manifest.id != place.name:
            raise Refused("wrong_id")
        repeats = _known(place, department, manifest, rules)
        if repeats is not None:
            return Verdict(manifest, repeats=repeats)
        resource = resource_of(manifest, department, rules)
        signed_by = _signer(place, content, resource, rules)
        check_period(manifest.last_day, rules.at, rules.timezone)
        check_redrives(manifest, rules)
        check_listing(place, manifest)
        for entry in manifest.files:
            check_file(place / entry.name, entry, resource)
    except Refused as error:
        return Verdict(manifest, refusal=error.refusal)
    return Verdict(manifest, signed_by)


def check_place(place: Path) -> None:
    """Refuse a name that is no id, and anything but plain files in a plain folder.

    Raises:
        Refused: `bad_id`, `symbolic_link` or `not_a_file`.
    """
    if place.is_symlink():
        raise Refused("symbolic_link", count=1)
    if not is_id(place.name):
        raise Refused("bad_id")
    with os.scandir(place) as entries:
        found = [entry.stat(follow_symlinks=False) for entry in entries]
    links = sum(stat.S_ISLNK(status.st_mode) for status in found)
    if links:
        raise Refused("symbolic_link", count=links)
    others = sum(not stat.S_ISREG(status.st_mode) or status.st_nlink != 1 for status in found)
    if others:
        raise Refused("not_a_file", count=others)


def resource_of(manifest: Manifest, department: str, rules: Rules) -> Resource:
    """Return the resource that a manifest names.

    Raises:
        Refused: `unknown_resource` or `wrong_department`.
    """
    resource = rules.resources.get(manifest.resource)
    if resource is None:
        raise Refused("unknown_resource")
    if resource.department != department:
        raise Refused("wrong_department", resource=resource.id, department=department)
    return resource


def check_period(last_day: date, at: datetime, timezone: ZoneInfo) -> None:
    """Refuse a period that ends after the legal day of receipt.

    Raises:
        Refused: `future_period`.
    """
    today = at.astimezone(timezone).date()
    if last_day > today:
        raise Refused("future_period", last_day=last_day.isoformat(), received=today.isoformat())


def check_redrives(manifest: Manifest, rules: Rules) -> None:
    """Refuse corrections of rows that were never rejected, or of one row twice.

    What is re-driven is not measured as a delivery of its own, so nothing else may come under that name.

    Raises:
        Refused: `not_rejected`.
    """
    if not manifest.redrives:
        return
    known, seen = rules.rejected(manifest.resource), set()
    for number, corrected in enumerate(manifest.redrives, 1):
        place = (corrected.delivery, corrected.row)
        if place not in known or place in seen:
            raise Refused("not_rejected", number=number)
        seen.add(place)


def check_listing(place: Path, manifest: Manifest) -> None:
    """Refuse a folder that does not hold just the manifest, its signature and the listed files.

    Raises:
        Refused: `file_missing` or `file_surplus`.
    """
    there = {path.name for path in place.iterdir()}
    listed = [entry.name for entry in manifest.files]
    for name in listed:
        if name not in there:
            raise Refused("file_missing", file=name)
    surplus = there - {MANIFEST, SIGNATURE, *listed}
    if surplus:
        raise Refused("file_surplus", count=len(surplus))


def check_file(path: Path, entry: FileEntry, resource: Resource) -> None:
    """Read a file through: its hash first, then its structure and count. It is on the disk when this returns.

    Raises:
        Refused: `hash_differs`, `rows_differ`, or what `inbox.records` finds.
    """
    with open_plain(path) as file:
        os.fsync(file.fileno())
        found = sha256_of(file)
        if found != entry.sha256:
            raise Refused("hash_differs", file=entry.name, found=found, wanted=entry.sha256)
        file.seek(0)
        try:
            rows = sum(len(batch) for batch in records(file, resource))
        except FileBroken as error:
            raise error.in_file(entry.name) from None
    if rows != entry.rows:
        raise Refused("rows_differ", file=entry.name, found=rows, wanted=entry.rows)


def _known(place: Path, department: str, manifest: Manifest, rules: Rules) -> Delivery | None:
    """Return the delivery taken before under the same id with the same bytes; None when the id is new."""
    known = find(rules.home, manifest.id)
    if known is None:
        return None
    if known.department != department or known.manifest != manifest or not _is_as_listed(place, manifest):
        raise Refused("id_reused", id=manifest.id)
    return known


def _is_as_listed(place: Path, manifest: Manifest) -> bool:
    """Say whether the folder holds the files that the manifest lists, with the bytes that it says."""
    check_listing(place, manifest)
    for entry in manifest.files:
        with open_plain(place / entry.name) as file:
            if sha256_of(file) != entry.sha256:
                return False
    return True


def _signer(place: Path, content: bytes, resource: Resource, rules: Rules) -> str | None:
    """Return the id of the key that signed the manifest; None where it is unsigned and may be."""
    try:
        with open_plain(place / SIGNATURE) as file:
            signature = file.read(departments.SIGNATURE_BYTES + 1)
    except FileNotFoundError:
        if resource.signature_required:
            raise Refused("signature_missing") from None
        return None
    return departments.verify(rules.home, resource.department, content, signature, rules.at)


def _read(path: Path) -> bytes:
    with open_plain(path) as file:
        return file.read(MAX_BYTES + 1)
