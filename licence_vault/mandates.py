"""Mandates: a department, by its certified key, lets a log issue in its name; one signature for all."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from pathlib import Path

from licence_vault.canonical import canonical
from licence_vault.contents import Key
from licence_vault.errors import CertificateRefused
from licence_vault.signers import signer
from onefile.files import write_whole
from onefile.verify.issuer import FORMAT, organisation_code
from onefile.verify.reading import instant_text
from schemas.identifiers import InvalidIdentifier, credit_code

USE = "issuer"


def give(home: Path, key: Key, origin: str, at: datetime) -> str:
    """Let a log issue in the name of the department that a key's certificate names; return its credit code.

    Args:
        key: for `issuer`, with its certificate.
        origin: the log's name.

    Raises:
        CertificateRefused: there is no certificate, or it names no department's code.
    """
    try:
        code = credit_code(organisation_code(key.certificate) if key.certificate else "").text
    except InvalidIdentifier:
        raise CertificateRefused("it is missing, or names no credit code") from None
    statement = canonical({"format": FORMAT, "issuer": code, "origin": origin, "at": instant_text(at)})
    made = {
        "certificate": _text(key.certificate),
        "mandate": _text(statement),
        "signature": _text(signer(key.id, key.private).sign(statement)),
    }
    write_whole(_path(home, code), canonical(made) + b"\n")
    return code


def of(home: Path, issuer: str) -> dict[str, object]:
    """Return what an export says of its issuer: certificate and mandate; nothing where the department gave none."""
    path = _path(home, issuer)
    return {"issuer": json.loads(path.read_bytes())} if path.exists() else {}


def _path(home: Path, code: str) -> Path:
    return home / "keys" / "mandates" / f"{code}.json"


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
