"""Pages of a list: a cursor says after which id the next one begins, and nothing else."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Query
from starlette.responses import Response

from exchange.errors import BadRequest

MOST = 500
Limit = Annotated[int, Query(ge=1, le=MOST)]
"""How many entries a page has at most, as a request says it."""


@dataclass(frozen=True)
class Page:
    """Which part of a list is asked for: at most `limit` of what comes after an id."""

    after: str
    limit: int

    @classmethod
    def read(cls, cursor: str, limit: int) -> Page:
        """Read what a request asks for; BadRequest when it cannot be."""
        try:
            after = urlsafe_b64decode(cursor.encode("ascii")).decode("ascii")
        except (NoBase64, ValueError):
            raise BadRequest("the cursor is none that was given out") from None
        if len(after) > 200 or not after.isprintable():
            raise BadRequest("the cursor is none that was given out")
        return cls(after, limit)

    def answer(self, name: str, found: Sequence[tuple[str, Any]]) -> Response:
        """Return the page of (id, entry) pairs, of which one more than asked for was looked for."""
        shown = found[: self.limit]
        is_more = len(found) > self.limit
        following = urlsafe_b64encode(shown[-1][0].encode("ascii")).decode("ascii") if is_more else None
        document = {name: [entry for _, entry in shown], "next": following}
        return Response(json.dumps(document, ensure_ascii=False).encode("utf-8"), media_type="application/json")
