"""Answers that are made on the event loop itself, where nothing would have to be waited for.

A hop to a thread and back, and threads that take the interpreter from each other, cost as much as finding a file. So a
handler is tried where the request came in. Of a database over a network it says what it wants to know (`NotAsked`),
and is tried again with the answers, which came while the loop did other things. What would have to wait (`WouldWait`:
a lock, a quota that has to be fetched, many subjects) is done again, from the beginning, in a thread that may. A
handler that is tried so changes nothing before it knows that it need not wait.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from starlette.concurrency import run_in_threadpool

from schemas.serving.ahead import NotAsked, Question, WouldWait

MOST_AT_ONCE = 8
"""How many subjects or licences are looked at without leaving the loop: others wait meanwhile."""
MOST_TRIPS = 3
"""How often a networked database is asked for one answer, each time for all that is known to be needed by then."""


def at_once(handler: Callable[..., Any]) -> Callable[..., Any]:
    """Return a handler that is tried on the loop first. It takes its `Ask` as `ask`."""

    async def tried(**named: Any) -> Any:
        try:
            return await _on_the_loop(handler, named)
        except WouldWait:
            return await run_in_threadpool(handler, **named)

    tried.__name__, tried.__doc__ = handler.__name__, handler.__doc__
    tried.__signature__ = inspect.signature(handler, eval_str=True)  # type: ignore[attr-defined] # what FastAPI reads
    return tried


async def _on_the_loop(handler: Callable[..., Any], named: dict[str, Any]) -> Any:
    """Return what a handler answers where it need not wait; WouldWait where it must."""
    ask, answers, asked = named["ask"], None, list[Question]()
    for trips in range(MOST_TRIPS + 1):
        try:
            return handler(**{**named, "ask": replace(ask, may_wait=False, answers=answers)})
        except NotAsked as missing:
            if trips == MOST_TRIPS:
                raise
            asked += missing.questions
        answers = await ask.counter.database.answers(asked)
    raise WouldWait
