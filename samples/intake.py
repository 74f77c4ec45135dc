"""A reference intake page: `python -m samples.intake`, a small server-rendered page over the counter's prefill.

It shows what an intake platform does, and nothing more: registers the draft, asks for what is still needed, shows the
one form filled, hands it in, and shows what the check says of each field. Numbers go into bodies alone, and nothing is
kept between two requests: each value goes out with its attestation and comes back with it.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import uvicorn
from anyio import Lock
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from onefile.client import Counter, Purpose, Refused
from samples.intake_html import check_page, form_page, refused_page, start_page

MOST_FIELDS = 2000


def application(ask: Counter, grants: str) -> Starlette:
    """Return the page over a counter; `grants` are those that its department cites."""

    alone = Lock()  # the library's counter is for one thread at a time

    async def start(_request: Request) -> HTMLResponse:
        return HTMLResponse(start_page())

    async def form(request: Request) -> HTMLResponse:
        async with alone:
            return await _answered(request, lambda given: _form(ask, grants, given))

    async def submit(request: Request) -> HTMLResponse:
        async with alone:
            return await _answered(request, lambda given: _submit(ask, grants, given))

    routes = [Route("/", start), Route("/form", form, methods=["POST"]), Route("/submit", submit, methods=["POST"])]
    return Starlette(routes=routes)


async def _answered(request: Request, work: Any) -> HTMLResponse:
    """Return what is made of a posted form, or the counter's refusal in its own words."""
    given = await request.form(max_fields=MOST_FIELDS)
    try:
        return HTMLResponse(await run_in_threadpool(work, given))
    except Refused as refused:
        return HTMLResponse(refused_page(refused.code, str(refused)), status_code=400)


def _form(ask: Counter, grants: str, given: FormData) -> str:
    """Register the draft, ask what is needed, and show it; asked again with more answers it asks less."""
    told = _told(given)
    parties = [{"number": told["applicant"], "role": "applicant"}]
    if told["agent"]:
        parties.append({"number": told["agent"], "role": "agent"})
    ask.register_case(told["draft"], told["item"], told["department"], parties)
    why, answers = _purpose(grants, told), _answers(given)
    return form_page(told, ask.prefill(why, [told["item"]], told["applicant"], **_who(told), answers=answers))


def _submit(ask: Counter, grants: str, given: FormData) -> str:
    """Hand the form in and show what each field is: values, attestations and marks as they came back."""
    told = _told(given)
    fields = [
        {"field": name, "value": str(given[f"value:{name}"]), "is_amended": f"amended:{name}" in given,
         "attestation": json.loads(str(given[f"attestation:{name}"] or "null"))}
        for name in (key.removeprefix("value:") for key in given if key.startswith("value:"))
    ]  # fmt: skip
    form = {"batches": [str(batch) for batch in given.getlist("batch") if batch], "fields": fields}
    answers = json.loads(str(given["answers"]))
    checked = ask.check_form(_purpose(grants, told), [told["item"]], told["applicant"], form, **_who(told),
                             answers=answers, is_final=True)  # fmt: skip
    return check_page(told, checked)


def _told(given: FormData) -> dict[str, str]:
    return {name: str(given.get(name, "")).strip() for name in ("draft", "item", "department", "applicant", "agent")}


def _who(told: Mapping[str, str]) -> dict[str, Any]:
    return {"agent": {"number": told["agent"]}} if told["agent"] else {}


def _answers(given: FormData) -> dict[str, str]:
    """Return the answers chosen so far."""
    chosen = {key: str(value) for key, value in given.items() if key.startswith("answer:") and value}
    return {key.removeprefix("answer:"): value for key, value in chosen.items()}


def _purpose(grants: str, told: Mapping[str, str]) -> Purpose:
    return Purpose(grants, told["item"], told["draft"])


def main(arguments: Sequence[str]) -> int:
    """Serve the page until it is stopped."""
    parser = argparse.ArgumentParser(description="A reference intake page over the counter's prefill.")
    parser.add_argument("--counter", required=True, help="the counter's address")
    parser.add_argument("--client", required=True, help="the client id that the bureau registered")
    parser.add_argument("--key", type=Path, required=True, help="the client's private key")
    parser.add_argument("--trust", type=Path, required=True, help="the bureau's trust file")
    parser.add_argument("--grant", required=True, help="the grants that are cited, with commas")
    parser.add_argument("--port", type=int, default=8700)
    options = parser.parse_args(arguments)
    ask = Counter(options.counter, options.client, options.key.read_bytes(), options.trust.read_bytes())
    uvicorn.run(application(ask, options.grant), host="127.0.0.1", port=options.port, log_level="warning")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
