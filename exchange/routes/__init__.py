"""The routes of the counter: thin, each a paragraph of calls. `ROUTERS` is all of them."""

from __future__ import annotations

from exchange.routes import cases, files, public

ROUTERS = (public.router, cases.router, files.router)
