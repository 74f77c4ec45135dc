"""Which formats a home holds: of tables, notes of deliveries, receipts, ledger, keys, and the serving database."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inbox import deliveries, departments, erased
from ledger.seals import SEGMENT_FORMAT
from licence_vault import sealing
from onefile.keeping.errors import NewerHome, UnmovableHome
from onefile.keeping.home_note import HOME_FORMAT, NOTE, is_newer
from onefile.verify import receipt, trust
from pipelines import declared, store, table_design, table_formats
from pipelines.places import NOTE as LAKE_NOTE
from pipelines.places import Where
from schemas.serving.shape import SHAPES

TABLE_FORMAT = f"onefile.table/{table_design.FORMAT}"


@dataclass(frozen=True)
class Kind:
    """Files of one format: where they lie, how it is read from one, which one this release writes."""

    pattern: str
    known: str
    read: Callable[[bytes], Any]


def _plain(content: bytes) -> Any:
    return json.loads(content)["format"]


def _first_line(content: bytes) -> Any:
    return json.loads(content.partition(b"\n")[0])["format"]


def _enveloped(content: bytes) -> Any:
    return json.loads(base64.b64decode(json.loads(content)["payload"]))["format"]


KINDS = (
    Kind(NOTE, HOME_FORMAT, _plain),
    Kind(LAKE_NOTE, store.FORMAT, _plain),
    Kind("deliveries/*/*/received.json", deliveries.FORMAT, _plain),
    Kind("deliveries/*/*/erased.json", erased.FORMAT, _plain),
    Kind("declared/*.json", declared.FORMAT, _plain),
    Kind("receipts/*.json", receipt.FORMAT, _enveloped),
    Kind("ledger/*.jsonl", SEGMENT_FORMAT, _first_line),
    Kind("keys/keystore.json", sealing.FORMAT, _plain),
    Kind("keys/trust.json", trust.FORMAT, _plain),
    Kind("keys/departments/*.json", departments.FORMAT, _plain),
)


@dataclass(frozen=True)
class Found:
    """A format that is not this release's. `is_newer` is false for older ones and for what has no format."""

    place: str
    found: str
    known: str
    is_newer: bool


def others(home: Path, lake: Where | None = None) -> Iterator[Found]:
    """Yield everything in the home's files and tables whose format is not this release's; reads, changes nothing.

    Args:
        lake: where the home's lake lies; None: in the home.
    """
    for kind in KINDS:
        for path in sorted(home.glob(kind.pattern)):
            found = _read(kind, path)
            if found != kind.known:
                yield Found(path.relative_to(home).as_posix(), found, kind.known, is_newer(found, kind.known))
    for name, found in table_formats.of(lake or home / "lake").items():
        if found != table_design.FORMAT:
            said = f"onefile.table/{found}"
            yield Found(f"table {name}", said, TABLE_FORMAT, is_newer(said, TABLE_FORMAT))


def refuse_newer(home: Path, lake: Where | None = None) -> None:
    """Raise NewerHome where a later release wrote something of the home."""
    for each in others(home, lake):
        if each.is_newer:
            raise NewerHome(each.place, each.found, each.known)


def refuse_other(home: Path, lake: Where | None = None) -> None:
    """Raise NewerHome or UnmovableHome where something has another format: none of this release's is moved on yet."""
    refuse_newer(home, lake)
    for each in others(home, lake):
        raise UnmovableHome(each.place, each.found, each.known)


def refuse_newer_shape(shape: str | None, place: str) -> None:
    """Raise NewerHome for a database's shape that this release does not know."""
    if shape is not None and shape not in SHAPES:
        raise NewerHome(place, shape, SHAPES[-1])


def _read(kind: Kind, path: Path) -> str:
    try:
        return str(kind.read(path.read_bytes()))
    except (ValueError, KeyError, TypeError, OSError):
        return "none"
