"""Annotated copies (加注件): a PDF that is believed only as it was signed, from its first byte to its last.

PAdES is checked by pyHanko, behind the extra `[pdf]`; that nothing lies outside the signature, and
that the signature is written in its one form, is checked here, before anything is parsed.
"""

from __future__ import annotations

import importlib
import re
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from onefile.verify import extras
from onefile.verify.errors import BadSignature, CopyChanged, Inconsistent, MalformedCopy, UnknownKey
from onefile.verify.leaf import Leaf, read_leaf
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.copy/1"
LARGEST = 20_000_000
_RANGE = re.compile(rb"/ByteRange ?\[ ?(\d{1,10}) (\d{1,10}) (\d{1,10}) (\d{1,10}) *\]")
_HEX = re.compile(rb"<[0-9A-F]*>")
STATEMENT = "OneFile"
"""The entry of the document's information that holds the statement, as JSON."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy that is believed. `signer` is who signed, as the certificate says; `data` the fields on its face."""

    id: str
    audience: str
    item: str
    case: str
    made_at: datetime
    ends_at: datetime
    origin: str
    leaf_index: int
    leaf: Leaf
    signer: str
    data: dict[str, object] = field(repr=False)


def open_copy(data: bytes, trust: Trust, at: datetime) -> Copy:
    """Verify an annotated copy and return what it says.

    1. It is a PDF with one signature, which covers every byte but itself, and is written in its
    one form. 2. The signature holds, and was made for a document that nothing may be added to.
    3. Its certificate comes from a trusted CA, and was good when the copy was made. 4. What the
    metadata says is whole, and belongs to one entry of the log.

    Args:
        at: the present instant: the copy must not be of the future.

    Raises:
        MalformedCopy: it is no such PDF.
        CopyChanged: something was changed or added after it was signed.
        BadSignature: the signature does not hold.
        UnknownKey: no trusted CA certified who signed.
        ExtraMissing: the library for PDF is not installed.
    """
    contents, covered = _framed(data)
    signer = _check_form(contents, sha256(covered).digest())
    signature, statement = _opened(data, contents)
    copy = _statement(statement, signer)
    _check_signature(signature, trust, copy.made_at, signer)
    if copy.made_at > at:
        raise Inconsistent("made_at")
    return copy


def _framed(data: bytes) -> tuple[bytes, bytes]:
    """Return the signature, and all other bytes, once it is the only thing that its one range leaves out."""
    if len(data) > LARGEST or not data.startswith(b"%PDF-"):
        raise MalformedCopy("it is no PDF, or beyond 20 MB")
    found = _RANGE.findall(data)
    if len(found) != 1 or data.count(b"/ByteRange") != 1:
        raise CopyChanged("it has not exactly one signature")
    start, first, second, last = map(int, found[0])
    gap = data[first:second]
    if start != 0 or not first < second < len(data) or second + last != len(data):
        raise CopyChanged("bytes lie outside its signature")
    if _HEX.fullmatch(gap) is None or len(gap) % 2:
        raise CopyChanged("its signature is not written in its one form")
    return bytes.fromhex(gap[1:-1].decode("ascii")), data[:first] + data[second:]


def _opened(data: bytes, contents: bytes) -> tuple[Any, bytes]:
    """Return the embedded signature as pyHanko sees it, and the statement in the document's information."""
    reader_module, misc = extras.pdf("pdf_utils.reader"), extras.pdf("pdf_utils.misc")
    try:
        reader = reader_module.PdfFileReader(BytesIO(data))
        signatures = reader.embedded_signatures
        statement = str(reader.trailer_view["/Info"][f"/{STATEMENT}"]).encode("utf-8")
        if len(signatures) != 1 or bytes(signatures[0].pkcs7_content) != contents:
            raise CopyChanged("it has not exactly one signature")
    except (misc.PdfError, KeyError, ValueError, AttributeError, TypeError, IndexError, RecursionError):
        raise MalformedCopy("it cannot be read as a PDF") from None
    return signatures[0], statement


def _check_form(contents: bytes, digest: bytes) -> str:
    """Return who signed, once the signature is for these very bytes and is written in its one form.

    What could be changed in the signature's own bytes without its failing is refused here.
    """
    try:
        found = extras.asn1("cms").ContentInfo.load(contents)
        signed = found["content"]
        (info,) = signed["signer_infos"]
        (certificate,) = (item.chosen for item in signed["certificates"])
        said = {item["type"].native: item["values"] for item in info["signed_attrs"]}
        has_one_form = _has_one_form(found, contents)
        is_for_this = said["message_digest"][0].native == digest
        name = str(certificate.subject.human_friendly)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, OverflowError):
        raise CopyChanged("its signature is not written in its one form") from None
    if not has_one_form:
        raise CopyChanged("its signature is not written in its one form")
    if not is_for_this:
        raise BadSignature(name)
    return name


def _has_one_form(found: Any, contents: bytes) -> bool:
    signed, written = found["content"], found.copy().dump(force=True)
    (info,) = signed["signer_infos"]
    certificate, sid = signed["certificates"][0].chosen, info["sid"].chosen
    return bool(
        contents[: len(written)] == written
        and not contents[len(written) :].strip(b"\x00")
        and found["content_type"].native == "signed_data"
        and (signed["version"].native, info["version"].native) == ("v1", "v1")
        and [item["algorithm"].native for item in signed["digest_algorithms"]] == ["sha256"]
        and info["digest_algorithm"]["algorithm"].native == "sha256"
        and info["signature_algorithm"]["algorithm"].native == "sha256_ecdsa"
        and not info["unsigned_attrs"].native
        and not signed["crls"].native
        and sid["issuer"].dump() == certificate.issuer.dump()  # names are compared without case otherwise
        and sid["serial_number"].native == certificate.serial_number
    )


def _check_signature(signature: Any, trust: Trust, made_at: datetime, signer: str) -> None:
    """Return when the signature holds over the whole file, by a certificate of a trusted CA at that time."""
    validation, status = extras.pdf("sign.validation"), extras.pdf("sign.validation.status")
    certvalidator = importlib.import_module("pyhanko_certvalidator")
    roots = [extras.asn1("x509").Certificate.load(der) for der in trust.cas]
    context = certvalidator.ValidationContext(trust_roots=roots, moment=made_at, allow_fetching=False)
    try:
        found = validation.validate_pdf_signature(signature, context)
    except (ValueError, TypeError, KeyError, AttributeError):  # its own errors are ValueErrors
        raise BadSignature(signer) from None
    if not (found.intact and found.valid):
        raise BadSignature(signer)
    if not found.trusted:
        raise UnknownKey(signer)
    changed = found.modification_level is None or found.modification_level.value != 0
    if changed or found.coverage != status.SignatureCoverageLevel.ENTIRE_FILE or not found.docmdp_ok:
        raise CopyChanged("something was added after it was signed")
    if signature.docmdp_level is None or signature.docmdp_level.value != 1:
        raise CopyChanged("its signature lets it be changed")


def _statement(statement: bytes, signer: str) -> Copy:
    """Return what the statement says; nothing of it counts before the signature holds."""
    record = Record(parse(statement, MalformedCopy), "the statement", MalformedCopy)
    record.choice("format", (FORMAT,))
    fields = parse(record.text("fields").encode("utf-8"), MalformedCopy)
    if not isinstance(fields, dict):
        raise record.wrong("fields", "an object")
    made_at, ends_at = record.instant("made_at"), record.instant("ends_at")
    if made_at >= ends_at:
        raise Inconsistent("ends_at")
    return Copy(
        id=record.text("id"), audience=record.text("audience"), item=record.text("item"), case=record.text("case"),
        made_at=made_at, ends_at=ends_at, origin=record.text("origin"), leaf_index=record.count("leaf_index"),
        leaf=read_leaf(record.base64("entry")), signer=signer, data=fields,
    )  # fmt: skip
