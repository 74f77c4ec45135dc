"""The bare application beside which the counter is measured: the same framework, server and look-up, nothing else."""

from __future__ import annotations

import json
import os
from typing import Any

from fastapi import FastAPI
from starlette.responses import Response

from exchange.queries import finding, licences
from exchange.routes.licence_models import LicencesSearch
from exchange.routes.models import FilesQuery
from licence_vault.exporting import opened
from licence_vault.vault import open_vault
from onefile import settings as settings_module
from schemas.serving.pool import Pool
from schemas.subjects import subject_numbers


def application() -> FastAPI:
    """Return the application of this process."""
    settings = settings_module.read()
    vault = open_vault(
        settings.home, settings.database_url, settings.passphrase_file, settings.log_origin, settings.now()
    )
    pool, app = Pool(settings.database_url), FastAPI(openapi_url=None)

    @app.post("/v1/files/query")
    def files(body: FilesQuery) -> Response:
        with pool.looking() as connection:
            found = [finding.seek(connection, subject.number) for subject in body.subjects]
        documents = [json.loads(file.document) for each in found for file in each.files]
        return _answer([{name: document.get(name) for name in body.fields} for document in documents])

    @app.post("/v1/licences/search")
    def search(body: LicencesSearch) -> Response:
        shown = []
        with pool.looking() as connection:
            for wish in body.searches:
                pairs = [(found.kind, found.number) for found in subject_numbers(wish.holder or "")]
                for versions in licences.of_holder(connection, vault, pairs).values():
                    shown.append(opened(vault, versions[-1]).payload)
        return _answer([{name: json.loads(each)["data"].get(name) for name in body.fields} for each in shown])

    return app


def _answer(found: list[dict[str, Any]]) -> Response:
    return Response(json.dumps(found, ensure_ascii=False).encode(), media_type="application/json")


os.umask(0o077)
