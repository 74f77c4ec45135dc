"""What goes wrong with whole deliveries on their way: they come twice, cut short, or late."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from inbox.manifest import read_manifest, write_manifest
from inbox.names import MANIFEST, SIGNATURE
from samples.city.chance import Chance
from samples.delivering import Delivered
from samples.dirt.plan import Defect
from samples.dirt.rates import DELIVERY_AGAIN, DELIVERY_CUT, DELIVERY_LATE, DUPLICATE, Rates

REFUSED = "refused"
_MOST_DAYS_LATE = 3


def upset(
    folder: Path,
    delivered: Sequence[Delivered],
    keys: Mapping[str, Ed25519PrivateKey],
    chance: Chance,
    rates: Rates,
) -> list[Delivered]:
    """Let some of the daily deliveries come twice, cut short before they come whole, or late.

    A second coming and a cut one are folders of their own; one that is late stands with the day on which it is
    handed over. First deliveries are left alone.
    """
    firsts = {d.resource: d.id for d in reversed(delivered)}
    daily = [place for place, d in enumerate(delivered) if firsts[d.resource] != d.id and d.received]
    road = _Road(folder, keys, list(delivered))
    for kind, happen in ((DELIVERY_LATE, road.late), (DELIVERY_AGAIN, road.again), (DELIVERY_CUT, road.cut)):
        count = min(len(daily), round(rates.of(kind) * len(daily) / 1000))
        for place in sorted(chance.stream(kind).choice(daily, count, replace=False).tolist()) if count else ():
            happen(place)
    return road.delivered


class _Road:
    """The way of deliveries into the inbox; those that are added stand last."""

    def __init__(self, folder: Path, keys: Mapping[str, Ed25519PrivateKey], delivered: list[Delivered]) -> None:
        self._folder, self._keys, self.delivered = folder, keys, delivered

    def late(self, place: int) -> None:
        """Let one be handed over some days after it was made."""
        day = date.fromisoformat(self.delivered[place].period) + timedelta(days=1 + place % _MOST_DAYS_LATE)
        self.delivered[place] = replace(self.delivered[place], handed_over_on=day.isoformat())

    def again(self, place: int) -> None:
        """Deliver the same files under another id: what was taken is a duplicate, what was rejected is so again."""
        first = self.delivered[place]
        name = f"{first.id}-again"
        self._copied(first, name)
        kept = tuple(d for d in first.defects if d.expected not in (None, DUPLICATE))
        rows = np.setdiff1d(np.arange(1, first.received + 1), sorted({d.row for d in kept})).tolist()
        defects = sorted((*kept, *(Defect(row, "", DELIVERY_AGAIN, DUPLICATE) for row in rows)), key=lambda d: d.row)
        self.delivered.append(replace(first, id=name, accepted=0, duplicates=len(rows), defects=tuple(defects)))

    def cut(self, place: int) -> None:
        """Deliver the first half of the last file's bytes under the manifest of the whole."""
        first = self.delivered[place]
        name = f"{first.id}-cut"
        last = max(path for path in self._copied(first, name).iterdir() if path.name not in (MANIFEST, SIGNATURE))
        with last.open("r+b") as file:
            file.truncate(last.stat().st_size // 2)
        nothing = {"received": 0, "accepted": 0, "quarantined": 0, "duplicates": 0, "defects": ()}
        self.delivered.append(replace(first, id=name, status=REFUSED, **nothing))  # type: ignore[arg-type]

    def _copied(self, first: Delivered, name: str) -> Path:
        department = first.resource.partition(".")[0]
        there, here = self._folder / department / first.id, self._folder / department / name
        shutil.copytree(there, here)
        manifest = read_manifest((there / MANIFEST).read_bytes())
        content = write_manifest(manifest.resource, name, manifest.period, manifest.files)
        (here / MANIFEST).write_bytes(content)
        if department in self._keys:
            (here / SIGNATURE).write_bytes(self._keys[department].sign(content))
        return here
