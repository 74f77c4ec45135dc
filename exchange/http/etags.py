"""ETags: what was not changed is not sent again. A look is a look all the same, and is recorded."""

from __future__ import annotations

import hashlib

from starlette.responses import Response

from exchange.access.asking import Ask
from exchange.http.recorded import RecordedResponse


def tagged(ask: Ask, response: Response, content: bytes | None = None) -> Response:
    """Return an answer with the ETag of its content (or of `content`), or 304 where the asker has that already."""
    tag = f'"{hashlib.sha256(bytes(response.body) if content is None else content).hexdigest()[:32]}"'
    asked = [each.strip().removeprefix("W/") for each in ask.request.headers.get("if-none-match", "").split(",")]
    if tag in asked or "*" in asked:
        if not isinstance(response, RecordedResponse):
            return Response(status_code=304, headers={"ETag": tag})
        response.unchanged()
    response.headers["ETag"] = tag
    return response
