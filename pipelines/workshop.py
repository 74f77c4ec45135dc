"""What every step works with, opened once a process from the settings: lake, catalogue, keys, clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import catalog
from catalog.model import Catalogue
from inbox import deliveries
from inbox.deliveries import Delivery
from inbox.erased import Seal
from licence_vault import keystore
from licence_vault.keystore import Keystore
from onefile.settings import Settings
from pipelines import places
from pipelines.places import Place
from schemas.model import Declarations, Resource

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from pipelines.lake import Lake


class Workshop:
    """Opened lazily: a step that needs no Spark starts none, nor loads it. `at` is the run's instant, UTC."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.home: Path = settings.home
        self.at: datetime = settings.now()

    @cached_property
    def catalogue(self) -> Catalogue:
        return catalog.current(self.settings.declarations)

    @property
    def declarations(self) -> Declarations:
        return self.catalogue.declarations

    @property
    def resources(self) -> dict[str, Resource]:
        return dict(self.catalogue.resources)

    @cached_property
    def spark(self) -> SparkSession:
        from pipelines.session import session

        return session(self.settings)

    @cached_property
    def place(self) -> Place:
        """Where the lake lies, to be looked at without an engine."""
        return places.of(self.settings)

    @cached_property
    def lake(self) -> Lake:
        from pipelines import store_engine
        from pipelines.lake import Lake
        from pipelines.store import Store, take

        if isinstance(self.place, Store):
            take(self.place, self.home)
            store_engine.require(self.spark)
        return Lake(self.spark, self.place)

    @cached_property
    def keys(self) -> Keystore:
        return keystore.bureau(self.home, self.settings.passphrase_file, self.at)

    def beside(self, home: Path) -> Workshop:
        """Return a workshop of a home beside this one: the same declarations, clock and engine, tables of its own.

        Its lake lies in its folder, wherever this one's does.
        """
        other = Workshop(replace(self.settings, home=home, lake=""))
        other.at = self.at
        other.__dict__["catalogue"] = self.catalogue
        return other

    def seal(self) -> Seal:
        """Return what seals, and opens, the hashes of rows that are erased."""
        return Seal(self.keys.secret("erased-rows"))

    def resource(self, resource_id: str) -> Resource:
        """Return a declared resource.

        Raises:
            catalog.errors.UnknownResource: there is none of that id.
        """
        return self.catalogue.resource(resource_id)

    def delivery(self, delivery_id: str) -> tuple[Delivery, Resource]:
        """Return a received delivery and its resource."""
        delivery = deliveries.open_delivery(self.home, delivery_id)
        return delivery, self.resource(delivery.manifest.resource)

    def received(self, resource_id: str) -> list[Delivery]:
        """Return the deliveries received of a resource, in the order received."""
        every = [d for d in deliveries.every(self.home) if d.manifest.resource == resource_id]
        return sorted(every, key=lambda delivery: delivery.seq)

    def legal_day(self, instant: datetime) -> date:
        """Return the day of an instant in the settings' zone."""
        return instant.astimezone(self.settings.timezone).date()
