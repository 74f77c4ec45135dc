"""The application: routes, the gate around them, and what becomes of errors."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from exchange.counter import Counter
from exchange.errors import BadRequest, BodyInvalid, MethodNotAllowed, NotFound, Refusal
from exchange.http import problems
from exchange.http.gate import Gate
from exchange.openapi import describe
from exchange.routes import ROUTERS
from onefile.errors import OneFileError

THREADS = 12
"""How many requests a process works on at once: more only wait for each other. None waits for the ledger here."""


def create_app(counter: Counter) -> Gate:
    """Return the application over a counter; the counter is closed when the server ends."""

    @asynccontextmanager
    async def living(_app: FastAPI) -> AsyncIterator[None]:
        to_thread.current_default_thread_limiter().total_tokens = THREADS
        yield
        await counter.database.end_trips()
        counter.close()

    app = FastAPI(title="One File (一档通)", docs_url=None, redoc_url=None, openapi_url=None, lifespan=living,
                  redirect_slashes=False)  # fmt: skip
    gate = Gate(app, counter)
    app.state.counter, app.state.certificate, app.state.figures = counter, gate.certificate, gate.figures
    for router in ROUTERS:
        app.include_router(router)
    handlers: dict[Any, Any] = {
        OneFileError: _refused, RequestValidationError: _invalid, HTTPException: _of_starlette,
    }  # fmt: skip
    for error, handler in handlers.items():
        app.add_exception_handler(error, handler)
    app.add_api_route("/openapi.json", lambda: describe(app), include_in_schema=False)
    return gate


async def _refused(request: Request, error: OneFileError) -> Response:
    return problems.response(problems.refusal_of(error), problems.language(request.headers))


async def _invalid(request: Request, error: RequestValidationError) -> Response:
    """Say where a request is not as described; what stood there is not repeated."""
    places = [".".join(map(str, each["loc"][:6])) + f" ({each['type']})" for each in error.errors()[:3]]
    refusal: Refusal = BodyInvalid("; ".join(ascii(place)[1:-1][:120] for place in places))
    if any(each["type"] == "json_invalid" for each in error.errors()):
        refusal = BadRequest("its body is no JSON")
    return problems.response(refusal, problems.language(request.headers))


async def _of_starlette(request: Request, error: HTTPException) -> Response:
    refusal: Refusal = {404: NotFound, 405: MethodNotAllowed}.get(error.status_code, _unreadable)()
    found = problems.response(refusal, problems.language(request.headers))
    if refusal.status == 405:
        found.headers["Allow"] = ", ".join(_methods(request))
    return found


def _unreadable() -> Refusal:
    return BadRequest("its body cannot be read: send JSON in UTF-8, uncompressed, with numbers of a sane length")


def _methods(request: Request) -> list[str]:
    """Return the methods that some route at the request's path takes."""
    there = (route for route in request.app.router.routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in there for method in getattr(route, "methods", ())})
