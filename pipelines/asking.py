"""Which of the deliveries that wait a run is asked to take in: by id, or by the days that their periods end on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from inbox.errors import UnknownDelivery
from onefile.errors import quoted
from pipelines.errors import PipelineError
from pipelines.workshop import Workshop

KEYS = ("delivery", "from", "to")
AIRFLOWS_OWN = "openlineage"
"""What Airflow itself lays into the conf of a run that another DAG starts, as `inbox` does: which run that was."""


class NotAskable(PipelineError):
    """A run's `conf` asks for what is not there, or for nothing that makes sense; trying again does not help."""


def chosen(shop: Workshop, resource: str, waiting: list[str], conf: Mapping[str, Any]) -> list[str]:
    """Return those of a resource's waiting deliveries that a run is asked for, and those received before one of them.

    Whether a row is a duplicate follows from what came before, so none overtakes another.

    Args:
        waiting: ids of deliveries that were received and are not finished, in the order received.
        conf: `delivery` an id; `from`, `to` days as YYYY-MM-DD; each may be missing or None.

    Raises:
        NotAskable: another key, days in the wrong order, or a delivery that was never received of this resource.
    """
    asked = {key: value for key, value in conf.items() if value is not None and key != AIRFLOWS_OWN}
    strange = sorted(asked.keys() - set(KEYS))
    if strange:
        known = ", ".join(KEYS)
        raise NotAskable(f"conf has the key{quoted(strange[0])}; wanted {known}, each optional: trigger it anew")
    first, last = (date.fromisoformat(asked[key]) if key in asked else None for key in ("from", "to"))
    if first and last and last < first:
        raise NotAskable(f"conf asks from {first} to {last}; wanted days in their order: trigger it anew")
    wanted = list(waiting)
    if "delivery" in asked:
        _check_received(shop, resource, asked["delivery"])
        wanted = [delivery for delivery in waiting if delivery == asked["delivery"]]
    ends = {delivery: shop.delivery(delivery)[0].manifest.last_day for delivery in wanted}
    places = [waiting.index(d) for d in wanted if (first or date.min) <= ends[d] <= (last or date.max)]
    return waiting[: max(places, default=-1) + 1]


def _check_received(shop: Workshop, resource: str, delivery: str) -> None:
    try:
        found = shop.delivery(delivery)[0].manifest.resource
    except UnknownDelivery:
        raise NotAskable(
            f"no delivery{quoted(delivery)} was taken in: see its id, and `onefile receipt show` where it was refused"
        ) from None
    if found != resource:
        raise NotAskable(f"delivery{quoted(delivery)} is of {found} and not of {resource}: trigger ingest.{found}")
