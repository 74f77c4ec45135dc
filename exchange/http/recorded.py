"""An answer that cannot leave before its looks are in the ledger."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any, Self

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class RecordedResponse(Response):
    """An answer whose looks are being recorded: it is sent once they are on the disk, and never if they are not.

    Sending raises LedgerError where the record could not be written; nothing has been sent by then.
    """

    def __init__(
        self, content: bytes, recorded: Future[Any], headers: Mapping[str, str], media_type: str
    ) -> None:  # fmt: skip
        super().__init__(content, headers=dict(headers), media_type=media_type)
        self._recorded = recorded
        self._kept: Future[Any] | None = None

    def after(self, kept: Future[Any] | None) -> Self:
        """Let it leave once something else is kept as well, and not where that failed."""
        self._kept = kept
        return self

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the record, then send."""
        if "expected" in scope["state"]:
            scope["state"]["expected"].met()
        await asyncio.wrap_future(self._recorded)
        if self._kept is not None:
            await asyncio.wrap_future(self._kept)
        await super().__call__(scope, receive, send)

    def unchanged(self) -> None:
        """Make it say that the asker has the content already."""
        self.status_code, self.body = 304, b""
        for name in ("content-length", "content-type"):
            del self.headers[name]
