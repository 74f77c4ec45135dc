"""Airflow's API server over SQLite: requests that write take turns.

Airflow notes who asked what on the event loop itself, and commits a request's work in a thread that the event loop
has to start. SQLite has one writer: where a second request comes between a first one's write and its commit, the
event loop waits for the writer and the writer for the event loop, until SQLite's patience ends and one of the two is
answered with 500. Loaded by Airflow as a plugin, from the folder that `onefile.services.airflow` names.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from airflow.plugins_manager import AirflowPlugin

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
READING = frozenset({"GET", "HEAD", "OPTIONS"})


class Turns:
    """ASGI middleware that lets one request at a time write; those that read pass.

    A request has its turn when all of it is there: a client that is slow keeps nobody waiting.
    """

    def __init__(self, app: App) -> None:
        self._app = app
        self._turn = asyncio.Lock()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in READING:
            await self._app(scope, receive, send)
            return
        came = await _all_of_it(receive)
        async with self._turn:
            await self._app(scope, _again(came, receive), send)


async def _all_of_it(receive: Receive) -> list[Message]:
    """Return a request's messages, up to the last of its body or to the client's leaving."""
    came = [await receive()]
    while came[-1].get("more_body"):
        came.append(await receive())
    return came


def _again(came: list[Message], receive: Receive) -> Receive:
    """Return what hands out the messages that came, and then what comes after them."""
    waiting = iter(came)

    async def next_one() -> Message:
        for message in waiting:
            return message
        return await receive()

    return next_one


class OneWriter(AirflowPlugin):
    """What Airflow finds in this folder."""

    name = "one_writer"
    fastapi_root_middlewares: list[Any] = [{"name": "requests that write take turns", "middleware": Turns}]  # noqa: RUF012
