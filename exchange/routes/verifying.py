"""`POST /v1/verify`: is a paper of this bureau genuine, and in force? Open to all; nothing is kept of what is shown."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field
from starlette.responses import Response

from exchange.access.asking import Ask, asking, written
from exchange.errors import BodyInvalid
from exchange.http.problems import language
from exchange.routes.models import Strict
from exchange.routes.offering import About, offer
from licence_vault.status_lists import current
from onefile.verify.errors import VerificationError
from onefile.verify.paper import Asked, error_told, judge_paper
from onefile.verify.status import LIST_SIZE

router = APIRouter()


class VerifyWish(Strict):
    """A paper: a licence file or a presentation as text, a copy (PDF) in base64.

    `audience` and `nonce` are of a presentation: whom it must be made for.
    """

    paper: Annotated[str, Field(min_length=1, max_length=1_900_000)]
    encoding: Literal["text", "base64"] = "text"
    audience: Annotated[str, Field(max_length=200)] | None = None
    nonce: Annotated[str, Field(max_length=400)] | None = None


class VerifyAnswer(BaseModel):
    """The verdict: `verdict` is in_force, not_in_force or not_genuine; `details` is the verifier's own."""

    verdict: str
    words: str
    details: dict[str, Any]


VERIFY = About("Whether a paper is genuine, and in force", {200: VerifyAnswer}, is_open=True)
VERDICTS = {0: "in_force", 3: "not_in_force", 4: "not_genuine"}


@offer(router, "POST", "/v1/verify", "licences.verify", VERIFY)
def verify(ask: Annotated[Ask, Depends(asking("licences.verify"))], body: VerifyWish) -> Response:
    """Judge a paper by the bureau's public keys and present status lists, as `onefile verify` does offline."""
    lang, counter, paper = language(ask.request.headers), ask.counter, _bytes(body)
    asked = Asked(
        counter.keystore.trust(), counter.now(), counter.settings.timezone, None, _status(counter.settings.home, paper),
        body.audience, body.nonce,
    )  # fmt: skip
    try:
        told = judge_paper(paper, asked, lang)
        verdict, details = VERDICTS.get(told.exit_code, VERDICTS[4]), told.fields
        words = told.words
    except VerificationError as error:
        details = error_told(error, lang)
        verdict, words = VERDICTS[4], str(details["words"])
    answer = {"verdict": verdict, "words": words, "details": json.loads(json.dumps(details, default=str))}
    return Response(written(answer), media_type="application/json")


def _bytes(body: VerifyWish) -> bytes:
    if body.encoding == "text":
        return body.paper.encode("utf-8", "replace")
    try:
        return base64.b64decode(body.paper, validate=True)
    except ValueError:
        raise BodyInvalid("paper: it is no base64") from None


def _status(home: Path, paper: bytes) -> bytes | None:
    """Return the present status list that a paper names; None where it names none that there is."""
    found = current(home, _index(paper) // LIST_SIZE)
    return None if found is None else found.encode("ascii")


def _index(paper: bytes) -> int:
    """Return the place in the log that a paper says it has: what it says is judged later, by others."""
    claims = paper.split(b"~")[0].split(b".")[1] if paper.startswith(b"ey") and paper.count(b".") >= 2 else b""
    try:
        told = base64.urlsafe_b64decode(claims + b"=" * (-len(claims) % 4)) if claims else paper
    except ValueError:
        return 0
    found = re.search(rb'"leaf_index": ?([0-9]{1,12})', told)
    return int(found.group(1)) if found else 0
