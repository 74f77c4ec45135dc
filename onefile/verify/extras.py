"""The one door to libraries that not every verifier needs: SM2, time stamps, PDF.

Nothing is imported before it is wanted, so the verifier starts as fast without them.
"""

from __future__ import annotations

import importlib
from typing import Any

from onefile.verify.errors import ExtraMissing


def sm2() -> Any:
    """Return the library of the Chinese algorithms; ExtraMissing where it is not installed."""
    return _library("gmssl_pyx", "sm2")


def tsa() -> Any:
    """Return the library that checks time stamps (RFC 3161); ExtraMissing where it is not installed."""
    return _library("rfc3161_client", "tsa")


def pdf(module: str) -> Any:
    """Return a module of the library that checks signatures in PDF; ExtraMissing where it is not installed."""
    return _library(f"pyhanko.{module}", "pdf")


def asn1(module: str) -> Any:
    """Return a module of the ASN.1 library that comes with the one for PDF; ExtraMissing where it is not installed."""
    return _library(f"asn1crypto.{module}", "pdf")


def _library(module: str, extra: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        raise ExtraMissing(extra) from None
