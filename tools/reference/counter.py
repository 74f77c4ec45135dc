"""docs/reference/counter.md: every route of the counter, who may use it, and every code of a refusal."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI

from exchange.access.callers import RELATIONS, ROLES
from exchange.access.matrix import MATRIX
from exchange.errors import Refusal
from exchange.openapi import describe
from exchange.routes import ROUTERS
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
What the counter (`onefile serve`) answers. Bodies, answers and headers by the letter are in `/openapi.json`
(OpenAPI 3.1); how to ask is in [ask the counter](../how-to/ask-the-counter.md). *Route* is what
`onefile explain` and the ledger call it. Below `/delta-sharing/` are the routes of that protocol ([share tables in
bulk](../how-to/share-tables.md)), which a share's own token opens, and no role.
"""
ROLES_TEXT = """
Denied is what is not in this table. A cell says on whose things a role may use a route: {relations}.
"""
CODES_TEXT = """
Every refusal is a problem (RFC 9457, `application/problem+json`) with `type` `urn:onefile:problem:<code>` and the
members `code`, `detail_zh`, `detail_en`; `title` and `detail` are in the language of `Accept-Language`. Codes stay;
texts may be worded better.
"""


def page() -> str:
    """Return the page."""
    relations = ", ".join(f"{code(name)} ({english})" for name, (_, english) in RELATIONS.items())
    return made(
        "The counter",
        INTRODUCTION,
        "## Routes\n\n" + table(("method", "path", "what", "route"), list(_routes())),
        f"## Roles\n{ROLES_TEXT.format(relations=relations)}\n" + table(("route", *ROLES), list(_roles())),
        f"## Refusals\n{CODES_TEXT}\n" + table(("status", "code", "meaning", "in Chinese"), list(_codes())),
    )


def _routes() -> Iterator[tuple[str, ...]]:
    app = FastAPI(openapi_url=None)
    for router in ROUTERS:
        app.include_router(router)
    paths: dict[str, dict[str, Any]] = describe(app)["paths"]
    for path, calls in sorted(paths.items()):
        for method, call in calls.items():
            yield (method.upper(), code(path), call["summary"], code(call["x-onefile-route"]))


def _roles() -> Iterator[tuple[str, ...]]:
    for route, rule in MATRIX.items():
        yield (code(route), *(" ".join(name for name in RELATIONS if name in rule.get(role, ())) for role in ROLES))


def _codes() -> Iterator[tuple[str, ...]]:
    found: dict[str, type[Refusal]] = {}
    for each in _tree(Refusal):
        found.setdefault(each.code, each)
    for name, error in sorted(found.items(), key=lambda pair: (pair[1].status, pair[0])):
        meaning = " ".join((inspect.getdoc(error) or "").split("\n\n")[0].split())
        yield (str(error.status), code(name), meaning, error.zh)


def _tree(root: type[Refusal]) -> Iterator[type[Refusal]]:
    for child in root.__subclasses__():
        yield child
        yield from _tree(child)
