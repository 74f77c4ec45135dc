"""What a file is that is handed in as an original: one door for all formats."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from licence_vault.originals import ofd, pdf
from licence_vault.originals.errors import NotAnOriginal, OriginalMalformed
from licence_vault.originals.report import Report

LARGEST = 50 * 1024 * 1024
_PDF_WITHIN = 1024


def look(data: bytes, authorities: Sequence[bytes], at: datetime) -> Report:
    """Return what an original is, once all has been checked that can be.

    Args:
        authorities: certificates (DER) that the signers must lead to (of an OFD: directly); none: not checked.
        at: the instant to judge certificates by.

    Raises:
        OriginalRefused: it is none, is dangerous, bears no seal, or is not what was sealed.
    """
    if len(data) > LARGEST:
        raise OriginalMalformed(f"it is beyond {LARGEST // 1024 // 1024} MB")
    if data.startswith(b"%PDF-"):
        return pdf.look(data, authorities, at)
    if data.startswith(b"PK\x03\x04"):
        if b"%PDF-" in data[:_PDF_WITHIN]:
            raise NotAnOriginal("a ZIP package and a PDF at once")
        return ofd.look(data, authorities)
    raise NotAnOriginal("of neither kind")
