"""What anybody may have: health, tokens for whoever proves itself, keys, the description of it all."""

from __future__ import annotations

import json
import os
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request
from starlette.responses import JSONResponse, Response

from exchange.access.asking import Ask, asking, written
from exchange.clients.keys import ALGORITHMS
from exchange.errors import BadRequest
from exchange.oauth.assertions import METHOD
from exchange.oauth.jwks import key_set
from exchange.oauth.server import SCOPE, Asked
from exchange.routes.offering import About, offer

router = APIRouter()
_FORM = {
    "application/x-www-form-urlencoded": {
        "schema": {
            "type": "object",
            "required": ["grant_type", "client_assertion_type", "client_assertion"],
            "properties": {
                "grant_type": {"const": "client_credentials"},
                "client_assertion_type": {"const": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"},
                "client_assertion": {"type": "string"},
                "client_id": {"type": "string", "description": "the one of the assertion, if it is there"},
                "scope": {"type": "string", "enum": [SCOPE]},
            },
        }
    }
}
TOKEN = About(
    "An access token (RFC 6749, RFC 7523)", {200: dict, 400: None}, is_open=True, media={400: "application/json"},
    body=_FORM,
)  # fmt: skip
METRICS = About("Figures of one process, for Prometheus", {200: None}, is_open=True, media={200: "text/plain"})


@offer(router, "GET", "/healthz", "public", About("Whether the process lives", {200: dict}, is_open=True))
def healthz() -> Response:
    """Say that the process lives."""
    return JSONResponse({"status": "ok"})


@offer(router, "GET", "/readyz", "public", About("Whether it can answer", {200: dict}, is_open=True))
def readyz(ask: Annotated[Ask, Depends(asking("public"))]) -> Response:
    """Say that the database answers; 503 when it does not."""
    with ask.counter.database.looking() as connection:
        connection.exec_driver_sql("SELECT 1")
    return JSONResponse({"status": "ok"})


@offer(router, "GET", "/metrics", "public", METRICS)
def metrics(request: Request) -> Response:
    """Return this process's figures; a front proxy keeps them from the outside."""
    return Response(request.app.state.figures.text(os.getpid()), media_type="text/plain")


@offer(router, "POST", "/oauth/token", "public", TOKEN)
async def token(request: Request) -> Response:
    """Give a client that proves itself by an assertion an access token for ten minutes."""
    from starlette.concurrency import run_in_threadpool

    try:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace"), max_num_fields=20))
    except ValueError:
        raise BadRequest("it has more than twenty fields") from None
    gate_certificate = request.app.state.certificate(request.headers)
    endpoint = request.app.state.counter.token_endpoint
    answered = await run_in_threadpool(endpoint.answer, Asked(form, gate_certificate))
    return Response(answered.body, answered.status, answered.headers, "application/json")


@offer(
    router, "GET", "/.well-known/oauth-authorization-server", "public",
    About("The authorization server's metadata (RFC 8414)", {200: dict}, is_open=True),
)  # fmt: skip
def metadata(ask: Annotated[Ask, Depends(asking("public"))]) -> Response:
    """Say where tokens are to be had, and how."""
    issuer = ask.counter.settings.counter_url
    document = {
        "issuer": issuer,
        "token_endpoint": f"{issuer}/oauth/token",
        "jwks_uri": f"{issuer}/oauth/jwks.json",
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": [],
        "scopes_supported": [SCOPE],
        "token_endpoint_auth_methods_supported": [METHOD],
        "token_endpoint_auth_signing_alg_values_supported": [name for names in ALGORITHMS.values() for name in names],
        "tls_client_certificate_bound_access_tokens": True,
    }
    return Response(written(document), media_type="application/json")


@offer(
    router, "GET", "/oauth/jwks.json", "public",
    About("The keys that tokens and answers are checked with (RFC 7517)", {200: dict}, is_open=True),
)  # fmt: skip
def jwks(ask: Annotated[Ask, Depends(asking("public"))]) -> Response:
    """Return the bureau's keys for tokens and answers as a JWK Set."""
    return Response(written(key_set(ask.counter.keystore.trust())), media_type="application/json")


@offer(
    router, "GET", "/v1/keys", "public", About("The bureau's public keys, as a trust file", {200: dict}, is_open=True)
)
def keys(ask: Annotated[Ask, Depends(asking("public"))]) -> Response:
    """Return the keys that answers, licences and receipts are checked with."""
    return Response(json.dumps(json.loads(ask.counter.keystore.trust())), media_type="application/json")
