"""The steps of shared materials that nobody takes by hand. Each changes nothing when there is nothing to do."""

from __future__ import annotations

import os

from licence_vault.materials.folder import Store
from licence_vault.materials.keeping import Materials
from licence_vault.materials.scanning import clamd
from licence_vault.materials.stores import store_of
from onefile.settings import machine_clock
from pipelines.archiving import Archivist, archive_closed
from pipelines.vaulted import opened
from pipelines.workshop import Workshop


def sweep(shop: Workshop) -> int:
    """Remove from the store what nothing refers to any more; return how many."""
    vault = opened(shop)
    with vault.looking() as connection:
        return Materials(vault.at_rest, _store(shop), os.urandom).sweep(connection, shop.at)


def archive(shop: Workshop) -> dict[str, int]:
    """Archive the cases that are over; return how many were, and how many wait."""
    vault, settings = opened(shop), shop.settings
    by = Archivist(
        vault, Materials(vault.at_rest, _store(shop), os.urandom), shop.catalogue, shop.home, settings.timezone,
        clamd(settings.clamd) if settings.clamd else None, shop.at, settings.operator,
    )  # fmt: skip
    return archive_closed(by)


def _store(shop: Workshop) -> Store:
    settings = shop.settings
    return store_of(shop.home, settings.materials, settings.materials_key, machine_clock)
