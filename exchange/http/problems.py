"""Refusals as problem details (RFC 9457): one table says which error is which status and code, in both languages."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from catalog import errors as sharing
from catalog.cases.errors import CaseThere, StepNotAllowed
from exchange.access.mandate_errors import BadMandate, NoSuchMandate
from exchange.clients.errors import BadClient, ClientThere, UnknownClient
from exchange.errors import (
    BodyInvalid,
    Conflict,
    Fault,
    GrantOver,
    NoCalendar,
    NoDatabase,
    NoRecord,
    NotFound,
    Refusal,
)
from exchange.material_errors import MaterialKeptByLaw, MaterialRefused, NoMaterialStore
from ledger.errors import LedgerError
from licence_vault.materials import errors as materials
from onefile.errors import Busy, OneFileError
from onefile.files import DiskFull
from schemas.serving.errors import ServingError
from schemas.working_days import NoHolidayNotice

MEDIA_TYPE = "application/problem+json"
TYPE = "urn:onefile:problem:"
_CONFLICTS = (
    sharing.AnsweredAlready, sharing.OpenAlready, sharing.NotAllowed, StepNotAllowed, CaseThere, ClientThere,
)  # fmt: skip


def refusal_of(error: OneFileError) -> Refusal:
    """Return the refusal that stands for an error of another room."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, materials.MaterialFault | DiskFull):
        return _of_material(error)
    if isinstance(error, ServingError | Busy):
        return NoDatabase()
    if isinstance(error, LedgerError):
        return NoRecord()
    if isinstance(error, sharing.GrantNotInForce):
        return GrantOver(error.grant_id, error.reason)
    if isinstance(error, sharing.UnknownId | sharing.UnknownResource | UnknownClient | NoSuchMandate):
        return NotFound()
    if isinstance(error, _CONFLICTS):
        return Conflict(str(error))
    if isinstance(error, NoHolidayNotice):
        return NoCalendar(error.year)
    if isinstance(error, sharing.CatalogError | BadClient | BadMandate):
        return BodyInvalid(f"its content: {error}")
    return Fault()


def _of_material(error: materials.MaterialFault | DiskFull) -> Refusal:
    if isinstance(error, materials.FileRefused):
        chinese, english = materials.REASONS[error.reason]
        return MaterialRefused(english, chinese)
    if isinstance(error, materials.NotLeftToHolder):
        return MaterialKeptByLaw()
    if isinstance(error, materials.NoSuchMaterial):
        return NotFound()
    return NoMaterialStore()


def problem(refusal: Refusal, lang: str) -> dict[str, Any]:
    """Return a refusal's document."""
    english, chinese = str(refusal), refusal.zh
    return {
        "type": TYPE + refusal.code.replace("_", "-"),
        "title": chinese if lang == "zh" else refusal.code.replace("_", " "),
        "status": refusal.status,
        "detail": chinese if lang == "zh" else english,
        "code": refusal.code,
        "detail_zh": chinese,
        "detail_en": english,
    }


def response(refusal: Refusal, lang: str) -> Response:
    """Return a refusal as an answer."""
    headers = {"Cache-Control": "no-store", "Content-Language": lang}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == 401:
        error = "" if refusal.code == "token_missing" else ', error="invalid_token"'
        headers["WWW-Authenticate"] = f'Bearer realm="onefile"{error}'
    content = json.dumps(problem(refusal, lang), ensure_ascii=False).encode("utf-8")
    return Response(content, refusal.status, headers, MEDIA_TYPE)


def language(headers: Mapping[str, str]) -> str:
    """Return the language that a request asks for: Chinese unless it would rather have English."""
    for part in headers.get("accept-language", "").split(","):
        if (tag := part.split(";")[0].strip().lower()[:2]) in ("zh", "en"):
            return tag
    return "zh"
