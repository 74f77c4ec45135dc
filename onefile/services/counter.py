"""Runs the counter: uvicorn with one process or several on one socket, each of which opens the counter anew."""

from __future__ import annotations

import os

import uvicorn

from exchange.counter import open_counter
from exchange.http.connections import OPTIONS
from onefile.settings import Settings

APPLICATION = "exchange.serving:application"


def serve(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve until the process is told to stop.

    The counter is opened once before, so that what is missing is told by one process and in words, and so that keys
    and tables are there before several processes look for them.
    """
    os.environ.setdefault("ONEFILE_COUNTER_URL", f"http://{host}:{port}")  # for the processes that answer
    open_counter(settings, os.urandom).close()
    uvicorn.run(APPLICATION, factory=True, host=host, port=port, workers=processes, **OPTIONS)
