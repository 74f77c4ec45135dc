"""Which deliveries are finished, and what became of each: read from notes beside the kept files, without an engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Literal

from inbox import deliveries
from inbox.deliveries import Delivery
from pipelines.workshop import Workshop

FINISHED = "finished.json"


@dataclass(frozen=True)
class Outcome:
    """What became of a delivery; the counts add up to `received`."""

    delivery: str
    resource: str
    status: Literal["released", "held"]
    received: int
    accepted: int
    quarantined: int
    duplicates: int
    held_by: tuple[str, ...] = ()


def pending(shop: Workshop, resource: str) -> list[str]:
    """Return the deliveries of a resource that were received and are not finished, in the order received."""
    return [d.id for d in shop.received(resource) if not is_finished(d)]


def is_finished(delivery: Delivery) -> bool:
    """Tell whether a delivery was settled, and what became of it noted."""
    return (delivery.folder / FINISHED).exists()


def outcome(delivery: Delivery) -> Outcome | None:
    """Return what became of a delivery; None while it is not finished."""
    path = delivery.folder / FINISHED
    if not path.exists():
        return None
    kept = json.loads(path.read_bytes())
    return Outcome(**kept | {"held_by": tuple(kept["held_by"])})


def settled_resources(shop: Workshop) -> set[str]:
    """Return the resources of which a delivery is settled."""
    return {d.manifest.resource for d in deliveries.every(shop.home) if is_finished(d)}
