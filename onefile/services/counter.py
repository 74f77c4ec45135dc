"""Runs the counter: uvicorn with one process or several on one address, each of which opens the counter anew."""

from __future__ import annotations

import os

import uvicorn
from uvicorn.supervisors import Multiprocess

from exchange.counter import open_counter
from exchange.http.connections import OPTIONS
from onefile.services.listening import listener, require_free
from onefile.settings import Settings

APPLICATION = "exchange.serving:application"


def serve(settings: Settings, host: str, port: int, processes: int) -> None:
    """Serve until the process is told to stop.

    The counter is opened once before, so that what is missing is told by one process and in words, and so that keys
    and tables are there before several processes look for them.

    Raises:
        onefile.services.listening.CannotListen: somebody listens there already, or it is no address of this host.
    """
    os.environ.setdefault("ONEFILE_COUNTER_URL", f"http://{host}:{port}")  # for the processes that answer
    require_free(host, port)
    open_counter(settings, os.urandom).close()
    if processes == 1:
        uvicorn.run(APPLICATION, factory=True, host=host, port=port, **OPTIONS)
        return
    config = uvicorn.Config(APPLICATION, factory=True, host=host, port=port, workers=processes, **OPTIONS)
    with listener(host, port) as address:
        Multiprocess(config, [address]).run()
