"""What the tasks call: opens the workshop in the task's own process, and passes references only.

Spark and the lake are imported when a task runs, never when a DAG file is parsed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from onefile import settings

if TYPE_CHECKING:
    from pipelines.workshop import Workshop


def look() -> list[str]:
    """Take in what waits in the inbox; return the resources with something to work on."""
    from pipelines import receiving, steps

    shop = _shop()
    receiving.receive(shop)
    return [resource for resource in shop.resources if steps.pending(shop, resource)]


def receive(resource: str, params: Mapping[str, Any]) -> list[str]:
    """Take in what waits in the inbox; return the resource's deliveries to work on, in order."""
    from pipelines import receiving, steps

    shop = _shop()
    receiving.receive(shop)
    waiting = steps.pending(shop, resource)
    return [d for d in waiting if _is_asked_for(shop, d, params)]


def land(deliveries: Sequence[str]) -> list[str]:
    """Bronze, for each delivery."""
    from pipelines import steps

    shop = _shop()
    for delivery in deliveries:
        steps.land(shop, delivery)
    return list(deliveries)


def settle(deliveries: Sequence[str]) -> list[dict[str, Any]]:
    """Silver, quarantine, receipt, expectations and release, for each delivery in its turn."""
    from dataclasses import asdict

    from pipelines import lineage, steps

    shop = _shop()
    found = []
    for delivery in deliveries:
        found.append(asdict(steps.settle(shop, delivery)))
        lineage.emit(shop, delivery)
    return found


def judge(outcomes: Sequence[Mapping[str, Any]]) -> int:
    """Fail where a delivery is held back; return the number of deliveries that count."""
    from pipelines.errors import CriticalExpectationFailed

    for found in outcomes:
        if found["status"] == "held":
            raise CriticalExpectationFailed(found["delivery"], tuple(found["held_by"]))
    return len(outcomes)


def assemble(kind: str) -> int:
    """Gold of one kind; returns its version."""
    from pipelines import steps

    return steps.assemble(_shop(), kind).version


def check(kind: str) -> int:
    """Hold gold of one kind against its expectations; returns the version that passed."""
    from pipelines import steps

    return steps.check(_shop(), kind)


def publish(kind: str) -> dict[str, int]:
    """Publish one kind; returns counts."""
    from pipelines import steps

    return {
        k: n for p in steps.publication(_shop(), [kind]) for k, n in (("upserted", p.upserted), ("deleted", p.deleted))
    }


def _shop() -> Workshop:
    from pipelines.workshop import Workshop

    return Workshop(settings.read())


def _is_asked_for(shop: Workshop, delivery_id: str, params: Mapping[str, Any]) -> bool:
    """Tell whether a run's parameters ask for the delivery: one id, or periods that end within two days."""
    if params.get("delivery") is not None:
        return bool(params["delivery"] == delivery_id)
    last_day = shop.delivery(delivery_id)[0].manifest.last_day
    first = date.fromisoformat(params["from"]) if params.get("from") else date.min
    last = date.fromisoformat(params["to"]) if params.get("to") else date.max
    return first <= last_day <= last
