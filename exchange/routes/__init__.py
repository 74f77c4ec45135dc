"""The routes of the counter: thin, each a paragraph of calls. `ROUTERS` is all of them."""

from __future__ import annotations

from exchange.routes import (
    cases,
    catalogue,
    clients,
    deliveries,
    files,
    licence_uses,
    licences,
    matching,
    public,
    records,
    static,
    verifying,
)

ROUTERS = tuple(
    module.router
    for module in (
        public, verifying, cases, files, matching, licences, licence_uses, records, catalogue, clients,
        deliveries, static,
    )
)  # fmt: skip
