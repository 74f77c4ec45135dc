"""`/v1/cases/{number}/promises`: made instead of a material, kept or broken."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.responses import Response

from catalog.prefill import promises
from catalog.prefill.promises import Made
from exchange.access.asking import Ask, asking, written
from exchange.errors import BodyInvalid
from exchange.http.repeats import once
from exchange.prefill import people
from exchange.routes.cases import own
from exchange.routes.models import Name, Strict, Text
from exchange.routes.offering import About, offer
from exchange.routes.prefill_models import ItemName
from schemas.service_items import Item

router = APIRouter()


class PromiseWish(Strict):
    """A promise of the applicant's: of which item (its code), instead of which of its materials."""

    item: ItemName
    material: Name


class SettlementWish(Strict):
    """What became of a promise; a broken one needs its reason."""

    outcome: Literal["kept", "broken"]
    reason: Text = ""


class PromiseShown(BaseModel):
    """A promise. `kind`: `promise` instead of the material, `later` to bring it; `due_on` is a working day."""

    promise_id: str
    case: str
    item: str
    department: str
    material: str
    kind: Literal["promise", "later"]
    text: str
    made_at: str
    due_on: str
    state: Literal["open", "kept", "broken", "overdue"]
    settled_at: str | None
    settled_by: str | None
    reason: str


class PromiseList(BaseModel):
    """The promises of a case, the first one first."""

    promises: Annotated[list[PromiseShown], Field()]


MAKE = About("Make a promise instead of a material", {201: PromiseShown}, may_repeat=True)
READ = About("The promises of a case", {200: PromiseList})
SETTLE = About("Say that a promise was kept or broken", {200: PromiseShown}, may_repeat=True)


@offer(router, "POST", "/v1/cases/{number}/promises", "promises.make", MAKE)
def make(ask: Annotated[Ask, Depends(asking("promises.make"))], number: str, body: PromiseWish) -> Response:
    """Make a promise that the item takes instead of the material; its term runs in working days from today."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = own(ask, connection, caller, number)
        item = _item(ask, connection, number, body.item)

        def work() -> Response:
            made = promises.make(
                connection, case, item, body.material, f"P{ask.counter.random(8).hex()}", caller.operator,
                ask.counter.now(), ask.counter.today(), ask.counter.catalogue.sharing,
            )  # fmt: skip
            return _answer(made, 201)

        return once(ask, connection, caller, work)


@offer(router, "GET", "/v1/cases/{number}/promises", "promises.read", READ)
def read(ask: Annotated[Ask, Depends(asking("promises.read"))], number: str) -> Response:
    """List the promises of a case, with what became of each."""
    with ask.counter.database.looking() as connection:
        case = own(ask, connection, ask.enter(connection), number)
        found = [asdict(each) for each in promises.of_case(connection, case)]
    return Response(written({"promises": found}), media_type="application/json")


@offer(router, "POST", "/v1/cases/{number}/promises/{promise_id}/settlement", "promises.settle", SETTLE)
def settle(
    ask: Annotated[Ask, Depends(asking("promises.settle"))], number: str, promise_id: str, body: SettlementWish
) -> Response:  # fmt: skip
    """Say what became of a promise: the department that decides, or the platform that got what was promised."""
    with ask.counter.database.writing() as connection:
        caller = ask.enter(connection)
        case = own(ask, connection, caller, number)

        def work() -> Response:
            is_kept = body.outcome == "kept"
            return _answer(promises.settle(
                connection, case, promise_id, is_kept, caller.operator, body.reason, ask.counter.now()
            ), 200)  # fmt: skip

        return once(ask, connection, caller, work)


def _item(ask: Ask, connection: Connection, number: str, code: str) -> Item:
    declared = ask.counter.catalogue.declarations
    found = next((item for item in declared.items.values() if item.code == code), None)
    if found is None:
        raise BodyInvalid("item: no code of an item that is declared")
    case = own(ask, connection, ask.enter(connection), number)
    people.check_items(case, people.related(connection, case), [found], declared)
    return found


def _answer(made: Made, status: int) -> Response:
    told: dict[str, Any] = asdict(made)
    return Response(written(told), status, media_type="application/json")
