"""The steps of prefill that nobody takes by hand: promises are followed up, old forms go, the meter is written.

Each changes nothing when there is nothing to do.
"""

from __future__ import annotations

import json

from catalog.prefill import promises, retention
from catalog.prefill.meter import metered
from catalog.prefill.meter_forms import as_csv, as_json
from catalog.prefill.store import asked_between
from onefile.files import write_whole
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade

FOLDER = "meter"


def follow_promises(shop: Workshop) -> dict[str, int]:
    """Let promises whose day is over be broken or overdue, and forms whose time is over go; return counts."""
    upgrade(shop.settings.database_url)
    with writing(shop.settings.database_url) as connection:
        on = shop.settings.today()
        return {**promises.follow_up(connection, on, shop.at), "forms_gone": retention.drop_forms(connection, on)}


def write_meter(shop: Workshop) -> int:
    """Write the present month's meter into `meter/` of the home, as JSON and CSV; return how many lines it has."""
    upgrade(shop.settings.database_url)
    month = shop.settings.today().isoformat()[:7]
    with looking(shop.settings.database_url) as connection:
        found = metered(shop.catalogue.declarations, asked_between(connection, f"{month}-01", f"{month}-31"))
    folder = shop.home / FOLDER
    write_whole(folder / f"{month}.json", json.dumps(as_json(found), ensure_ascii=False, indent=2).encode())
    write_whole(folder / f"{month}.csv", as_csv(found).encode())
    return len(found.lines)
