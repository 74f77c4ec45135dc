"""The routes of the counter: thin, each a paragraph of calls. `ROUTERS` is all of them."""

from __future__ import annotations

from exchange.routes import (
    auditing,
    cases,
    catalogue,
    clients,
    deliveries,
    delta_sharing,
    events,
    files,
    identities,
    licence_uses,
    licences,
    mandates,
    matching,
    materials,
    notices,
    objections,
    own,
    own_materials,
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
        materials, catalogue, clients, deliveries, static, mandates, own, own_materials, objections, notices, auditing,
        events,
        delta_sharing,
    )
)  # fmt: skip
