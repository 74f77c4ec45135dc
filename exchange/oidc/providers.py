"""The identity providers that the bureau names, in a YAML file:

providers:
  bureau:   {issuer: https://id.city.example, client_id: onefile, secret_file: secret, for: officials}
  province: {issuer: https://id.province.example, client_id: onefile, secret_file: secret2, for: applicants,
             number: id_number, assurance: {claim: acr, levels: {"urn:loa:2": 2, "urn:loa:3": 3}}}
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

from exchange.oidc.errors import BadProviders

OFFICIALS, APPLICANTS = "officials", "applicants"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_KEYS = {"issuer", "client_id", "secret_file", "for", "number", "assurance", "scope"}


@dataclass(frozen=True)
class Provider:
    """An OpenID provider: whom it knows, in which claims it says an applicant's number and level of assurance."""

    name: str
    issuer: str
    client_id: str
    secret: str = field(repr=False)
    knows: str
    number_claim: str
    assurance_claim: str
    levels: Mapping[str, int]
    scope: str


def read_providers(path: Path | None) -> Mapping[str, Provider]:
    """Read the file; no providers where there is none. BadProviders says what is wrong with it."""
    if path is None:
        return {}
    try:
        found = yaml.safe_load(path.read_bytes())
    except (OSError, yaml.YAMLError) as error:
        raise BadProviders(type(error).__name__) from None
    named = found.get("providers") if isinstance(found, dict) else None
    if not isinstance(named, dict):
        raise BadProviders("it has no 'providers'")
    return {str(name): _provider(str(name), entry, path.parent) for name, entry in named.items()}


def _provider(name: str, entry: Any, folder: Path) -> Provider:
    if not isinstance(entry, dict) or not name.isidentifier() or set(entry) - _KEYS:
        raise BadProviders(f"provider {name!a} has other keys than {', '.join(sorted(_KEYS))}")
    issuer, knows = str(entry.get("issuer", "")), entry.get("for")
    parts = urlsplit(issuer)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise BadProviders(f"the issuer of {name} is no https address")
    if knows not in (OFFICIALS, APPLICANTS) or not entry.get("client_id"):
        raise BadProviders(f"{name} needs client_id, and for: officials or applicants")
    assurance = entry.get("assurance") or {}
    levels = {str(value): int(level) for value, level in (assurance.get("levels") or {}).items()}
    if knows == APPLICANTS and (not entry.get("number") or not levels):
        raise BadProviders(f"{name} needs number, and assurance: claim and levels")
    secret = str(entry.get("secret_file") or "")
    return Provider(
        name, issuer.rstrip("/"), str(entry["client_id"]), _secret(folder / secret) if secret else "", str(knows),
        str(entry.get("number") or ""), str(assurance.get("claim") or "acr"), levels,
        str(entry.get("scope") or "openid profile"),
    )  # fmt: skip


def _secret(path: Path) -> str:
    try:
        return path.read_text("utf-8").strip()
    except OSError as error:
        raise BadProviders(f"secret file {path.name} ({type(error).__name__})") from None
