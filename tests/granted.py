"""Grants for tests: asked for and approved as an office does it."""

from __future__ import annotations

from datetime import timedelta

from catalog import requests
from catalog.entries import entries
from catalog.requests import Wanted
from catalog.sharing_store import Actor
from schemas.serving import migration
from schemas.serving.connection import writing
from tests.house import House


def granted(house: House, resource: str, *fields: str, mode: str = "query") -> str:
    """Have the tax office granted fields of a resource's rows; return the grant's id."""
    shop = house.shop
    migration.upgrade(shop.settings.database_url)
    day = shop.legal_day(shop.at)
    wanted = Wanted(fields, "", (), "b", "s", "o", mode, day.isoformat(), (day + timedelta(30)).isoformat(), 10)
    entry = entries(shop.catalogue)[resource]
    with writing(shop.settings.database_url) as connection:
        case = requests.apply(connection, wanted, entry, Actor("consumer", "tax", "x", shop.at, day))
        office = Actor("office", "tax", "x", shop.at, day)
        case = requests.act(connection, case.id, "approve", office, "", entry, shop.catalogue.sharing)
    assert case.state == "granted"
    return case.id.replace("R", "G")
