"""Whether all that was settled is published: kept beside the lake, so that a run with nothing to do knows it."""

from __future__ import annotations

import json

from inbox import deliveries
from onefile.files import write_whole
from pipelines.steps import FINISHED
from pipelines.workshop import Workshop
from schemas.serving import reading
from schemas.serving.errors import NothingPublished, OlderDatabase

PUBLISHED = "published.json"


def state(shop: Workshop) -> dict[str, object]:
    """Return what publication follows from: how many deliveries are settled, what is declared, which database."""
    settled = sum((d.folder / FINISHED).exists() for d in deliveries.every(shop.home))
    return {"settled": settled, "declared": shop.declarations.digest}


def is_published(shop: Workshop) -> bool:
    """Tell whether nothing was settled or declared since the last publication, and the database still has it."""
    path = shop.home / PUBLISHED
    if not path.exists():
        return state(shop)["settled"] == 0
    return bool(json.loads(path.read_bytes()) == state(shop)) and _is_filled(shop.settings.database_url)


def keep(shop: Workshop, known: dict[str, object]) -> None:
    """Note that all of `known` is published."""
    write_whole(shop.home / PUBLISHED, json.dumps(known, sort_keys=True).encode())


def _is_filled(url: str) -> bool:
    try:
        with reading.reading(url):
            return True
    except (NothingPublished, OlderDatabase):
        return False
