"""How a route is offered: its place, its name in the matrix, what it says of itself in the OpenAPI description."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi import APIRouter

from exchange.http.at_once import at_once
from exchange.http.problems import MEDIA_TYPE
from exchange.routes import examples

Handler = TypeVar("Handler", bound=Callable[..., Any])

PROBLEMS: Mapping[int, str] = {
    400: "The request cannot be read, or a header is missing",
    401: "No access token, or one that does not hold",
    403: "Role, grant, field, item or case do not allow it",
    404: "Nothing there that the caller may see",
    408: "The request did not arrive in time",
    409: "It does not fit how things stand",
    413: "The body is too large",
    422: "The request is not as described here",
    429: "The quota is used up, or too many guesses",
    500: "The program failed",
    503: "Ledger or database are not to be had",
}
_CITED = (
    ("Onefile-Grant", True, "Grant that the call is made under; several, of several resources, with commas",
     "^G[0-9]{8}-[0-9]{4,8}(?:, ?G[0-9]{8}-[0-9]{4,8}){0,19}$", "G20261129-0001"),
    ("Onefile-Item", True, "Code of the service item", "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$", "0102"),
    ("Onefile-Case", True, "Number of the case, or of its draft", "^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$", "D-2026-000017"),
)  # fmt: skip
_KEY = ("Idempotency-Key", False, "The same request under the same key is done once", "^[!-~]{8,128}$", "6f1c0d2a9b")


@dataclass(frozen=True)
class About:
    """What a route says of itself. `answers` are models by status; `media` other types of content by status.

    `at_once`: it is tried on the event loop first (`exchange.http.at_once`).
    """

    summary: str
    answers: Mapping[int, Any]
    cites: bool = False
    at_once: bool = False
    is_open: bool = False
    may_repeat: bool = False
    media: Mapping[int, str] | None = None
    body: Any = None


def offer(router: APIRouter, method: str, path: str, route: str, about: About) -> Callable[[Handler], Handler]:
    """Return a decorator that puts a handler at a place."""
    status = min(about.answers)

    def put(handler: Handler) -> Handler:
        router.add_api_route(
            path,
            at_once(handler) if about.at_once else handler,
            methods=[method],
            summary=about.summary,
            name=f"{route} {method.lower()} {path}",
            operation_id=f"{method.lower()}_{path.strip('/').replace('/', '_').translate(_PLAIN)}",
            status_code=status,
            response_model=None,
            responses=_responses(about),
            openapi_extra=_extra(f"{method} {path}", route, about),
        )
        return handler

    return put


_PROBLEM = {"$ref": "#/components/schemas/Problem"}
_PLAIN = str.maketrans({"{": "", "}": "", ".": "_", "-": "_"})


def _responses(about: About) -> dict[int | str, dict[str, Any]]:
    found: dict[int | str, dict[str, Any]] = {}
    for status, model in about.answers.items():
        kind = (about.media or {}).get(status)
        if kind is not None:
            problem = {MEDIA_TYPE: {"schema": _PROBLEM}} if status in PROBLEMS else {}
            found[status] = {"description": about.summary, "content": {kind: {"schema": _schema(kind)}, **problem}}
        else:
            found[status] = {"description": about.summary, **({"model": model} if model is not None else {})}
    for status, description in PROBLEMS.items():
        if status in found or (about.is_open and status in (401, 403)):
            continue
        found[status] = {
            "description": description,
            "content": {MEDIA_TYPE: {"schema": _PROBLEM}},
        }
    return found


def _schema(kind: str) -> dict[str, Any]:
    return {"type": "object"} if kind.endswith("json") else {"type": "string"}


def _extra(place: str, route: str, about: About) -> dict[str, Any]:
    headers = (*(_CITED if about.cites else ()), *((_KEY,) if about.may_repeat else ()))
    parameters = [
        {"name": name, "in": "header", "required": needed, "description": text,
         "schema": {"type": "string", "pattern": pattern}, "example": example}
        for name, needed, text, pattern, example in headers
    ]  # fmt: skip
    security: list[dict[str, list[str]]] = [] if about.is_open else [{"client": []}, {"person": []}]
    body = {"requestBody": {"required": True, "content": about.body}} if about.body else {}
    if place in examples.BODIES:
        body = {"requestBody": {"content": {"application/json": {"example": examples.BODIES[place]}}}}
    return {
        "security": security,
        "x-onefile-route": route,
        **({"parameters": parameters} if parameters else {}),
        **body,
    }
