"""Whether all that was settled is published: kept beside the lake, so that a run with nothing to do knows it."""

from __future__ import annotations

import json

from inbox import deliveries
from onefile.files import write_whole
from pipelines import finished, names, peek
from pipelines.places import at
from pipelines.workshop import Workshop
from schemas.serving import reading
from schemas.serving.errors import NothingPublished, OlderDatabase

PUBLISHED = "published.json"
_SERVED = "served"
_NEWEST = """
    SELECT kind, lake_version FROM publication
    WHERE batch_no IN (SELECT MAX(batch_no) FROM publication GROUP BY kind)
"""


def state(shop: Workshop) -> dict[str, object]:
    """Return what publication follows from: how many deliveries are settled, what is declared, what is to be erased."""
    settled = sum(finished.is_finished(d) for d in deliveries.every(shop.home))
    known: dict[str, object] = {"settled": settled, "declared": shop.declarations.digest}
    return known | ({"ordered": ordered} if (ordered := erasures_ordered(shop)) else {})


def erasures_ordered(shop: Workshop) -> int:
    """Return how many erasures are ordered, by a term or by a delivery that counts, and not done."""
    orders, released = (peek.rows(shop.place, table, ["_delivery"]) for table in (names.ERASURE_ORDER, names.RELEASE))
    if orders is None or released is None:
        return 0
    counting = {None, *released["_delivery"].to_pylist()}
    return sum(delivery in counting for delivery in orders["_delivery"].to_pylist())


def is_published(shop: Workshop) -> bool:
    """Tell whether nothing was settled or declared since the last publication, and the database still has it."""
    path = shop.home / PUBLISHED
    if not path.exists():
        return state(shop)["settled"] == 0
    noted = json.loads(path.read_bytes())
    now = _in_database(shop)
    return bool(noted.pop(_SERVED, None) == now and noted == state(shop)) and _made(shop) <= now.keys()


def keep(shop: Workshop, known: dict[str, object]) -> None:
    """Note that all of `known` is published, and what the database serves by then: an older one may be put back."""
    _write(shop, known | {_SERVED: _in_database(shop)})


def served(shop: Workshop) -> dict[str, int]:
    """Return by kind the version of the lake that was published last, as noted."""
    path = shop.home / PUBLISHED
    found: dict[str, int] = json.loads(path.read_bytes()).get(_SERVED, {}) if path.exists() else {}
    return found


def _write(shop: Workshop, noted: dict[str, object]) -> None:
    write_whole(shop.home / PUBLISHED, json.dumps(noted, sort_keys=True).encode())


def erased(shop: Workshop) -> None:
    """Note that what was published stays so after an erasure: the files were made without it before."""
    path = shop.home / PUBLISHED
    if path.exists():
        known = json.loads(path.read_bytes())
        _write(shop, {name: value for name, value in known.items() if name != "ordered"})


def _made(shop: Workshop) -> set[str]:
    """Return the kinds that there are files of; whoever emptied the database wants them published."""
    return {kind for kind in shop.declarations.files if at(shop.place).holds(names.gold(kind))}


def _in_database(shop: Workshop) -> dict[str, int]:
    """Return by kind the version of the lake that the database serves."""
    try:
        with reading.reading(shop.settings.database_url) as snapshot:
            return {str(kind): int(version) for kind, version in snapshot.rows(_NEWEST, {})}
    except (NothingPublished, OlderDatabase):
        return {}
