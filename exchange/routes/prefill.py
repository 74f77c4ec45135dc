"""`POST /v1/prefill` and `/v1/prefill/check`: the form filled with proof, and held against what was handed in."""

from __future__ import annotations

from collections import Counter as Count
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from exchange.access.asking import Ask, asking, written
from exchange.prefill import checking, keeping, telling
from exchange.prefill.filling import Asked, fill
from exchange.routes.files import heading
from exchange.routes.offering import About, offer
from exchange.routes.prefill_models import CheckAnswer, CheckWish, PrefillAnswer, PrefillWish

router = APIRouter()
FORMAT, CHECK_FORMAT = "onefile.prefill-answer/1", "onefile.prefill-check/1"
FILL = About("What a case still needs, and the one form already filled", {200: PrefillAnswer}, cites=True)
CHECK = About("What each field of a form is that was handed in", {200: CheckAnswer}, cites=True)


@offer(router, "POST", "/v1/prefill", "prefill.fill", FILL)
def prefill(ask: Annotated[Ask, Depends(asking("prefill.fill"))], body: PrefillWish) -> Response:
    """Say what a case still needs and fill its form, each value with source, age, doubts and a signed attestation.

    What the grants cited do not give reads as not available here, whether it is there or not.
    """
    with ask.counter.database.looking() as connection:
        filled = fill(ask.counter, connection, body.wish(), ask.enter(connection), Asked(ask.route, ask.purpose()))
        unkept = keeping.unkept(ask.counter, connection, filled)
    ask.spend(filled.leave, len(filled.looks))
    kept = keeping.keep_needs(ask.counter, filled, unkept)
    answer = {**heading(ask, filled.leave, FORMAT), **telling.told(ask.counter, filled)}
    return ask.disclose(filled.caller, filled.leave, filled.looks, written(answer)).after(kept)


@offer(router, "POST", "/v1/prefill/check", "prefill.check", CHECK)
def check(ask: Annotated[Ask, Depends(asking("prefill.check"))], body: CheckWish) -> Response:
    """Say of each field whether it is untouched, amended, stale, tampered with, or was never attested.

    What the case got in the end (`is_final`) is kept, sealed, for the applicant's next case.
    """
    with ask.counter.database.looking() as connection:
        filled = fill(ask.counter, connection, body.wish(), ask.enter(connection), Asked(ask.route, ask.purpose()))
    came = keeping.attachments(filled, [each.came() for each in body.materials])
    ask.spend(filled.leave, len(filled.looks))
    checked = checking.check(ask.counter, filled, body.batches, [each.model_dump() for each in body.fields])
    if body.is_final:
        values = {each.field: each.value for each in body.fields}
        with ask.counter.database.writing() as connection:
            keeping.keep_form(ask.counter, connection, filled, checked, values, came)
    counts = dict(sorted(Count(each["state"] for each in checked).items()))
    found = {
        **heading(ask, filled.leave, CHECK_FORMAT), "fields": checked, "counts": counts, "is_kept": body.is_final,
    }  # fmt: skip
    return ask.disclose(filled.caller, filled.leave, filled.looks, written(found))
