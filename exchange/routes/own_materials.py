"""`/v1/me/materials`: one's own materials, who verified them for what, and taking one back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from sqlalchemy import Connection
from starlette.responses import Response

from exchange.access import mandates, matrix
from exchange.access.asking import Ask, asking, written
from exchange.errors import NotFound
from exchange.queries import materials
from exchange.routes.material_models import OwnMaterial, OwnMaterials
from exchange.routes.offering import About, offer
from exchange.routes.own import relation_of
from ledger.entry import subject_hash
from licence_vault.materials import keeping
from licence_vault.materials.errors import NoSuchMaterial

router = APIRouter()
LIST = About("One's materials, and what happened to each", {200: OwnMaterials})
WITHDRAW = About("Take a material back", {200: OwnMaterial})


@offer(router, "GET", "/v1/me/materials", "own.read", LIST)
def listed(ask: Annotated[Ask, Depends(asking("own.read"))]) -> Response:
    """List one's materials. Who used them stands on the trail."""
    with ask.counter.database.looking() as connection:
        found = materials.own(ask.counter, connection, _about(ask, connection))
    return Response(written({"materials": found}), media_type="application/json")


@offer(router, "POST", "/v1/me/materials/{material_id}/withdrawal", "materials.withdraw", WITHDRAW)
def withdraw(ask: Annotated[Ask, Depends(asking("materials.withdraw"))], material_id: str) -> Response:
    """Take a material back, where the law leaves that to its holder; again it changes nothing."""
    counter = ask.counter
    with counter.database.writing() as connection:
        hashed = subject_hash(counter.subject_secret, _about(ask, connection))
        try:
            material = keeping.find(connection, material_id)
        except NoSuchMaterial:
            raise NotFound from None
        if material.subject_hash != hashed:
            raise NotFound
        kind = counter.catalogue.declarations.materials[material.kind]
        counter.materials.withdraw(connection, material, kind, "holder", counter.now())
        found = materials.own_told(counter, connection, keeping.find(connection, material_id))
    return Response(written(found), media_type="application/json")


def _about(ask: Ask, connection: Connection) -> str:
    """Return whose materials these are: the caller's, or of whom it acts for."""
    caller = ask.enter(connection)
    matrix.require(ask.route, caller, relation_of(caller))
    mandates.require_all(caller)
    return caller.about
