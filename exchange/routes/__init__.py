"""The routes of the counter: thin, each a paragraph of calls. `ROUTERS` is all of them."""

from __future__ import annotations

from exchange.routes import (
    auditing,
    cases,
    catalogue,
    clients,
    deliveries,
    delta_sharing,
    files,
    identities,
    licence_uses,
    licences,
    mandates,
    matching,
    notices,
    objections,
    own,
    prefill,
    promises,
    public,
    records,
    static,
    verifying,
)

ROUTERS = tuple(
    module.router
    for module in (
        public, identities, verifying, cases, files, prefill, promises, matching, licences, licence_uses, records,
        catalogue, clients, deliveries, static, mandates, own, objections, notices, auditing,
        delta_sharing,
    )
)  # fmt: skip
