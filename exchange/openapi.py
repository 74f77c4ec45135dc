"""The OpenAPI 3.1 description, made from the routes, so that it is true to them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from exchange.routes.models import Problem

VERSION = "1"
_ABOUT = (
    "The counter of One File: ask with a grant and a purpose, get just that, and every look on record."
    " Every answer under /v1 is signed (RFC 9421) and bound to its question. 一档通共享服务接口。"
)
_SCHEMES = {
    "client": {
        "type": "oauth2",
        "description": "A department's system: client credentials with private_key_jwt (RFC 7523)",
        "flows": {"clientCredentials": {"tokenUrl": "/oauth/token", "scopes": {"onefile": "what grants allow"}}},
    },
    "person": {
        "type": "http",
        "scheme": "bearer",
        "description": "An official or applicant, after /oidc/{provider}/login",
    },
}


def describe(app: FastAPI) -> dict[str, Any]:
    """Return the description; made once."""
    if app.openapi_schema is None:
        found = get_openapi(title=app.title, version=VERSION, routes=app.routes, description=_ABOUT,
                            openapi_version="3.1.0")  # fmt: skip
        components = found.setdefault("components", {})
        components["securitySchemes"] = _SCHEMES
        schemas = components.setdefault("schemas", {})
        schemas["Problem"] = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        app.openapi_schema = found
    return app.openapi_schema
