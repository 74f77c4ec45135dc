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
_KINDS = "SELECT DISTINCT kind FROM publication"


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
    return bool(json.loads(path.read_bytes()) == state(shop)) and _is_filled(shop)


def keep(shop: Workshop, known: dict[str, object]) -> None:
    """Note that all of `known` is published."""
    write_whole(shop.home / PUBLISHED, json.dumps(known, sort_keys=True).encode())


def erased(shop: Workshop) -> None:
    """Note that what was published stays so after an erasure: the files were made without it before."""
    path = shop.home / PUBLISHED
    if path.exists():
        known = json.loads(path.read_bytes())
        keep(shop, {name: value for name, value in known.items() if name != "ordered"})


def _is_filled(shop: Workshop) -> bool:
    """Tell whether the database has a publication of each kind that there are files of; whoever emptied it wants it."""
    made = {kind for kind in shop.declarations.files if at(shop.place).holds(names.gold(kind))}
    try:
        with reading.reading(shop.settings.database_url) as snapshot:
            return made <= {str(row[0]) for row in snapshot.rows(_KINDS, {})}
    except (NothingPublished, OlderDatabase):
        return False
