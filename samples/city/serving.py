"""The view of any declared table: the city's own where it has one, else one drawn from the declaration."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from catalog.model import Catalogue
from samples.city import general, registers
from samples.city.chance import Ints
from samples.city.city import City
from samples.city.views import VIEWS, Frame, View
from schemas.model import Resource


def open_registers(city: City, catalogue: Catalogue, resources: Iterable[Resource]) -> None:
    """Open in the city a register for each table that the resources fill and that has no view of its own."""
    declared = catalogue.declarations
    for table in sorted({resource.table for resource in resources} - VIEWS.keys()):
        may_withdraw = any(resource.operation is not None for resource in catalogue.of_table(table))
        plan = registers.planned(declared.tables[table], declared.codes, may_withdraw=may_withdraw)
        city.plans[table] = plan
        city.registers[table] = registers.opened(city, plan)


def view_of(table: str, catalogue: Catalogue) -> View:
    """Return how a table is filled. One without a view of its own needs a register that was opened."""
    if table in VIEWS:
        return VIEWS[table]
    meant = general.meaning(catalogue.declarations.tables[table], catalogue.declarations, catalogue.of_table(table))

    def every(city: City) -> Ints:
        return np.arange(len(city.registers[table]))

    def frame(city: City, rows: Ints) -> Frame:
        columns, odd = general.frame(city, meant, city.registers[table], rows)
        return Frame(columns, odd)

    return View(every, frame)
