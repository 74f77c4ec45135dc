"""A plain static server: the files of a table, and the protocol's answers written beforehand; no look, no check.

    uvicorn --factory bench.share_static:application

`BENCH_SHARE_FILES` is the folder: `answers/` has what each route answers, `table/` the files.
"""

from __future__ import annotations

import os
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

NDJSON = "application/x-ndjson; charset=utf-8"


def application() -> Starlette:
    """Return the application."""
    folder = Path(os.environ["BENCH_SHARE_FILES"])
    told = {name: (folder / "answers" / name).read_bytes() for name in ("query", "metadata", "version")}

    def answer(request: Request) -> Response:
        """Answer as was written down."""
        name = request.url.path.rsplit("/", 1)[-1]
        headers = {"Delta-Table-Version": "0", "delta-sharing-capabilities": "responseformat=parquet"}
        return Response(told[name], headers=headers, media_type=NDJSON)

    routes = [Route(f"/delta-sharing/{{path:path}}/{name}", answer, methods=["GET", "POST"]) for name in told]
    return Starlette(routes=[*routes, Mount("/table", StaticFiles(directory=folder / "table"))])
