"""The whole city as it stands on a day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from samples.city import firms, lives, people
from samples.city.chance import Chance, Flags, Ints
from samples.city.firms import Firms, Holdings, Penalties, Permits
from samples.city.lives import Certificates, Jobs
from samples.city.people import Couples, People
from samples.city.register import Register
from samples.errors import OutOfSize

if TYPE_CHECKING:
    from samples.city.registers import Plan

PEOPLE, ENTERPRISES = (20, 2_000_000), (5, 500_000)


@dataclass
class City:
    """People and enterprises with all that ties them, from the day it `began` to the `day` it stands on.

    `samples.city.days` moves it on. `gone` holds, by table, the rows whose entries were taken
    back: nothing is said of them any more. `registers` and `plans` are those of tables without a view of
    their own. `slip_share` is how often departments have it wrong (None: each column its own share);
    `sizes` are the people and enterprises of the first day.
    """

    chance: Chance
    began: int
    day: int
    people: People
    couples: Couples
    level: Ints
    firms: Firms
    holdings: Holdings
    permits: Permits
    penalties: Penalties
    jobs: Jobs
    certificates: Certificates
    gone: dict[str, Ints] = field(default_factory=dict)
    registers: dict[str, Register] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    slip_share: float | None = None
    sizes: tuple[int, int] = (1, 1)

    def slips(self, name: str, rows: Ints, share: float) -> Flags:
        """Say in which rows a department has something else than the truth."""
        return self.chance.share(name, rows, share if self.slip_share is None else self.slip_share)

    def honest(self) -> City:
        """Return the same city, of which nobody says anything wrong."""
        return replace(self, slip_share=0.0)

    def is_there(self) -> Flags:
        """Say who lives on the day and whose entry was not taken back."""
        found = self.people.is_alive(self.day)
        found[self.gone.get("population", np.zeros(0, dtype=np.int64))] = False
        return found


def make(seed: int, size: int, enterprises: int, day: int, on_step: Callable[[str], None] = lambda _: None) -> City:
    """Make a city.

    Args:
        seed: the same seed, sizes and day make the same city.
        size: people, dead ones of the household register among them.
        day: the day it stands on.
        on_step: called with what comes next, for progress.

    Raises:
        OutOfSize: too few or too many of either.
    """
    for what, found, (least, most) in (("people", size, PEOPLE), ("enterprises", enterprises, ENTERPRISES)):
        if not least <= found <= most:
            raise OutOfSize(what, found, least, most)
    chance = Chance(seed)
    on_step("families")
    who, couples = people.settle(chance, size, day)
    on_step("schools")
    level, certificates = lives.learnt(chance, who, day)
    on_step("enterprises")
    rows = np.arange(enterprises)
    there = firms.found(chance, rows, who, day)
    return City(
        chance=chance,
        began=day,
        day=day,
        people=who,
        couples=couples,
        level=level,
        firms=there,
        holdings=firms.held(chance, there, rows, who, day),
        permits=firms.licensed(chance, there, rows, day),
        penalties=firms.punished(chance, there, who, day),
        jobs=lives.employed(chance, who, there, day),
        certificates=certificates,
        sizes=(size, enterprises),
    )


def joined(one: Any, other: Any) -> Any:
    """Return two values of one array class as one, row after row."""
    kind = type(one)
    fields = kind.__dataclass_fields__
    return kind(**{name: np.concatenate([getattr(one, name), getattr(other, name)]) for name in fields})
