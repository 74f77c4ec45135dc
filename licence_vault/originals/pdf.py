"""PDF, signed as PAdES or plain CMS: each signature checked by pyHanko, and that nothing came after the last one.

1. It begins and ends as a PDF, and is nothing else besides. 2. Its streams do not unpack to a
mountain, and nothing in it runs. 3. It is read strictly, is not encrypted, and bears a signature.
4. Each signature holds over its bytes; what was added later is another signature or its proof, and
the last one covers the whole file. 5. With authorities given, each certificate leads to one of them.
"""

from __future__ import annotations

import io
import logging
import re
import zipfile
import zlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from licence_vault.originals.errors import (
    NotAnOriginal,
    NotSealed,
    OriginalAltered,
    OriginalHostile,
    OriginalMalformed,
    ReaderMissing,
    SignerNotTrusted,
)
from licence_vault.originals.report import Report, Seal

MOST_UNPACKED = 256 * 1024 * 1024
AT_ONCE = 1024 * 1024
BROKEN = (ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError, OverflowError, AssertionError)
"""What a reader of PDF raises over bytes that no author wrote, besides its own errors."""
_STREAM = re.compile(rb"stream\r?\n")
_RUNS = re.compile(rb"/(?:JavaScript|JS|Launch|RichMedia|EmbeddedFile|XFA)\b")


def look(data: bytes, authorities: Sequence[bytes], at: datetime) -> Report:
    """Return what a signed PDF is.

    Args:
        authorities: certificates (DER) that the signers' must lead to; none: that is not checked.
        at: the instant to judge certificates by.

    Raises:
        OriginalRefused: one of its kinds, as the steps say.
    """
    _check_ends(data)
    _check_streams(data)
    try:
        seals = _seals(data, authorities, at)
    except ImportError:
        raise ReaderMissing("pdf") from None
    except BROKEN as error:
        raise OriginalMalformed(f"no PDF that can be read: {type(error).__name__}") from None
    checked = ["structure", "signature", "no_later_changes", *(["certificate_chain"] if authorities else [])]
    unchecked = [*([] if authorities else ["certificate_chain"]), "revocation", "content"]
    return Report("pdf", tuple(seals), tuple(checked), tuple(unchecked))


def _check_ends(data: bytes) -> None:
    if zipfile.is_zipfile(io.BytesIO(data)):
        raise NotAnOriginal("a PDF and a ZIP package at once")
    if not data.rstrip(b"\r\n \x00").endswith(b"%%EOF") or b"startxref" not in data[-2048:]:
        raise OriginalMalformed("a PDF that is cut short, or has something behind its end")


def _check_streams(data: bytes) -> None:
    """Unpack what is packed, within bounds, and look for what runs."""
    if _RUNS.search(data):
        raise OriginalHostile("a PDF that runs something or carries files")
    unpacked = 0
    for found in _STREAM.finditer(data):
        packed = zlib.decompressobj()
        rest = memoryview(data)[found.end() :]
        try:
            piece = packed.decompress(rest, AT_ONCE)
            while piece:
                unpacked += len(piece)
                if unpacked > MOST_UNPACKED:
                    raise OriginalHostile("a PDF that unpacks to far more than it is")
                if _RUNS.search(piece):
                    raise OriginalHostile("a PDF that runs something or carries files")
                piece = packed.decompress(packed.unconsumed_tail, AT_ONCE)
        except zlib.error:
            continue  # packed otherwise, or not at all


def _seals(data: bytes, authorities: Sequence[bytes], at: datetime) -> list[Seal]:
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.pdf_utils.reader import PdfFileReader

    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)
    try:
        reader = PdfFileReader(io.BytesIO(data), strict=True)
        if reader.encrypted:
            raise OriginalMalformed("an encrypted PDF")
        found = list(reader.embedded_signatures)
        if not found:
            raise NotSealed
        return [_seal(signature, authorities, at, is_last=signature is found[-1]) for signature in found]
    except PdfError as error:
        raise OriginalMalformed(f"no PDF that can be read: {type(error).__name__}") from None


def _seal(signature: Any, authorities: Sequence[bytes], at: datetime, *, is_last: bool) -> Seal:
    from asn1crypto.x509 import Certificate
    from pyhanko.sign.diff_analysis import ModificationLevel
    from pyhanko.sign.general import SigningError
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko.sign.validation.errors import SignatureValidationError
    from pyhanko.sign.validation.status import SignatureCoverageLevel
    from pyhanko_certvalidator import ValidationContext

    roots = [Certificate.load(each) for each in authorities]
    context = ValidationContext(trust_roots=roots, allow_fetching=False, moment=at, revocation_mode="soft-fail")
    try:
        status = validate_pdf_signature(signature, signer_validation_context=context)
    except (SignatureValidationError, SigningError, ValueError) as error:
        raise OriginalAltered(f"a signature cannot be checked: {type(error).__name__}") from None
    level = status.modification_level
    is_whole = status.coverage == SignatureCoverageLevel.ENTIRE_FILE or level in (
        ModificationLevel.NONE,
        ModificationLevel.LTA_UPDATES,
    )
    if not status.intact or not status.valid or not status.docmdp_ok or (is_last and not is_whole):
        raise OriginalAltered("a signature does not hold over its bytes, or something was added behind it")
    if authorities and not status.trusted:
        raise SignerNotTrusted
    certificate = signature.signer_cert
    validity = certificate["tbs_certificate"]["validity"].native
    signed_at = signature.self_reported_timestamp
    return Seal(
        issuer=certificate.subject.human_friendly,
        seal_id=f"{certificate.serial_number:x}",
        certificate=certificate.sha256.hex(),
        valid_from=validity["not_before"].isoformat(),
        valid_until=validity["not_after"].isoformat(),
        signed_at=None if signed_at is None else signed_at.isoformat(),
    )
