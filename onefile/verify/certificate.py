"""Certificates (X.509): who certified a key, also where the key is on SM2, which `cryptography` does not read."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from onefile.verify import der
from onefile.verify.algorithms import SM2_SM3, public_key

SM2_WITH_SM3 = "1.2.156.10197.1.501"
_EXPLICIT = 0xA0
_PUBLIC_KEY = 5  # of the certificate's fields behind its version


def load(data: bytes) -> x509.Certificate:
    """Return the certificate in DER; ValueError when it is none."""
    return x509.load_der_x509_certificate(data)


def public_der(certificate: x509.Certificate) -> bytes:
    """Return the certified key as SubjectPublicKeyInfo, of whatever kind it is; ValueError when it cannot be read."""
    try:
        return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    except UnsupportedAlgorithm:
        (whole,) = der.items(certificate.tbs_certificate_bytes)
        fields = [item for item in whole.items() if item.tag != _EXPLICIT]
        return fields[_PUBLIC_KEY].whole if len(fields) > _PUBLIC_KEY else b""


def is_issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Say whether an authority signed a certificate, and is the one that it names.

    Raises:
        ExtraMissing: the authority's key is on SM2, and the extra `[sm2]` is not installed.
    """
    try:
        if certificate.signature_algorithm_oid.dotted_string != SM2_WITH_SM3:
            certificate.verify_directly_issued_by(authority)
            return True
        public = public_key(SM2_SM3, public_der(authority))
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    is_named = certificate.issuer.public_bytes() == authority.subject.public_bytes()
    return is_named and public is not None and public.holds(certificate.signature, certificate.tbs_certificate_bytes)


def is_good_at(certificate: x509.Certificate, at: datetime) -> bool:
    """Say whether an instant lies within a certificate's validity."""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def holds(certificate: x509.Certificate, algorithm: str, signature: bytes, message: bytes) -> bool:
    """Say whether a signature over a message is by the certified key, which has to be of that algorithm.

    Raises:
        ExtraMissing: it is on SM2, and the extra `[sm2]` is not installed.
    """
    public = public_key(algorithm, public_der(certificate))
    return public is not None and public.holds(signature, message)
