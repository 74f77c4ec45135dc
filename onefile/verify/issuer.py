"""The issuer of a licence: its certificate comes from a trusted CA, and its key let the log issue in its name.

`{"certificate" (DER), "mandate" (JSON), "signature"}`, base64 each; the mandate is
`{"format": "onefile.mandate/1", "issuer", "origin", "at"}`.
"""

from __future__ import annotations

from datetime import datetime

from onefile.verify.algorithms import algorithm_of, public_key
from onefile.verify.checkpoint import SignedCheckpoint
from onefile.verify.errors import IssuerUnproved, MalformedLicence
from onefile.verify.leaf import Leaf
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust

FORMAT = "onefile.mandate/1"


def open_issuer(record: Record, leaf: Leaf, signed: SignedCheckpoint, trust: Trust) -> str:
    """Return the name of the CA by which a licence's issuer is proved.

    1. A CA of the trust file certified the issuer's key, and both certificates were good when the mandate was given.
    2. The certificate names the credit code that the leaf names. 3. That key signed a mandate for this
    issuer and this very log.

    Raises:
        IssuerUnproved: one of these does not hold.
    """
    certificate, statement = record.base64("certificate"), record.base64("mandate")
    mandate = Record(parse(statement, MalformedLicence), "the mandate", MalformedLicence)
    mandate.choice("format", (FORMAT,))
    authority, der = _certified(certificate, trust, mandate.instant("at"))
    if organisation_code(certificate) != leaf.issuer:
        raise IssuerUnproved("its certificate is another department's")
    public = public_key(algorithm_of(der) or "", der)
    if public is None or not public.holds(record.base64("signature"), statement):
        raise IssuerUnproved("the mandate's signature does not hold")
    if (mandate.text("issuer"), mandate.text("origin")) != (leaf.issuer, signed.checkpoint.origin):
        raise IssuerUnproved("the mandate is for another issuer or log")
    return authority


def organisation_code(certificate: bytes) -> str:
    """Return the credit code in a certificate (`organizationIdentifier`), or nothing."""
    from cryptography.x509.oid import NameOID

    from onefile.verify.certificate import load

    try:
        found = load(certificate).subject.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)
    except ValueError:
        return ""
    return str(found[0].value) if len(found) == 1 else ""


def _certified(certificate: bytes, trust: Trust, at: datetime) -> tuple[str, bytes]:
    """Return the CA's name and the certified key (DER)."""
    from onefile.verify.certificate import is_good_at, is_issued_by, load, public_der

    try:
        found = load(certificate)
        der = public_der(found)
    except ValueError:
        raise IssuerUnproved("its certificate cannot be read") from None
    for authority in map(load, trust.cas):
        if is_issued_by(found, authority):
            if not (is_good_at(found, at) and is_good_at(authority, at)):
                raise IssuerUnproved("a certificate was not good when the mandate was given")
            return authority.subject.rfc4514_string(), der
    raise IssuerUnproved("no CA of the trust file certified it")
