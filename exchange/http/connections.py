"""Connections that have to say what they want in time and in few words, and to take what they are given.

uvicorn waits for ever for a request's head, keeps whatever is sent as one, and waits for ever for somebody who does
not read. A front proxy bounds that too; whoever reaches the counter without one finds the same bounds here.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn._types import ASGI3Application
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

SECONDS_FOR_A_HEAD = 10.0
MOST_OF_A_HEAD = 64 * 1024
MOST_WAITING = 100
"""How many requests may wait on one connection for the answer to the one before them."""
SECONDS_TO_TAKE = 30.0
"""How long somebody may take nothing of what was sent to it."""


class Connection(HttpToolsProtocol):
    """An HTTP/1.1 connection of uvicorn's, bounded."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as the base has it
        """Begin to wait for the first request's head."""
        super().connection_made(transport)
        self._is_in_head, self._head_bytes, self._has_ended_one = True, 0, False
        self._running: RequestResponseCycle | None = None
        self._head_timer: asyncio.TimerHandle | None = None
        self._taking_timer: asyncio.TimerHandle | None = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop every clock, and tell every request of the connection, of which the base tells the newest alone."""
        self._stop_waiting_for_head()
        self._stop_watching()
        for cycle in (self._running, *(waiting for waiting, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take what came in; end the connection where a head is too long, or too many requests wait.

        What came in one piece with the end of a head, or of a request, is that request's, and no part of the next head.
        """
        self._has_ended_one = False
        super().data_received(data)
        if len(self.pipeline) > MOST_WAITING:
            self._end()
        if self._is_in_head and not self.transport.is_closing():
            self._head_bytes += 0 if self._has_ended_one else len(data)
            if self._head_bytes > MOST_OF_A_HEAD:
                self.send_400_response("The head of the request is too long.")
                return
            self._await_head()

    def on_headers_complete(self) -> None:
        """A head is there: its clock stops."""
        self._stop_waiting_for_head()
        self._is_in_head, self._has_ended_one = False, True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """A request is there: what comes next is a head again."""
        super().on_message_complete()
        self._is_in_head, self._head_bytes, self._has_ended_one = True, 0, True

    def on_response_complete(self) -> None:
        """An answer was sent: see to it that it is taken."""
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._watch()

    def pause_writing(self) -> None:
        """More was sent than was taken: see to it that it is."""
        super().pause_writing()
        self._watch()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _await_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(SECONDS_FOR_A_HEAD, self._end)

    def _stop_waiting_for_head(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _watch(self) -> None:
        """End the connection unless something of what was sent is taken within a while, and so on until all is."""
        if self._taking_timer is None and not self._is_over():
            unsent = self.transport.get_write_buffer_size()
            self._taking_timer = self.loop.call_later(SECONDS_TO_TAKE, self._look_again, unsent)

    def _look_again(self, before: int) -> None:
        self._taking_timer = None
        unsent = self.transport.get_write_buffer_size()
        if unsent >= before > 0:
            self._end()
        elif unsent:
            self._watch()

    def _stop_watching(self) -> None:
        if self._taking_timer is not None:
            self._taking_timer.cancel()
            self._taking_timer = None

    def _is_over(self) -> bool:
        return self.parser is None

    def _end(self) -> None:
        if not self._is_over():
            self.transport.abort()


OPTIONS: dict[str, Any] = {
    "http": "exchange.http.connections:Connection",
    "ws": "none",
    "loop": "uvloop",
    "access_log": False,  # a path may name a case
    "log_level": "warning",
    "server_header": False,
    "date_header": False,
    "proxy_headers": False,  # where a request came from is asked for nowhere
    "backlog": 2048,
    "timeout_keep_alive": 30,
    "timeout_graceful_shutdown": 30,
    "limit_concurrency": 2048,
}
"""How uvicorn serves the counter, whoever starts it."""
