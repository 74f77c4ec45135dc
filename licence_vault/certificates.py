"""X.509: a bureau's CA for a trial, and certificates of issuers from it, or from an authority elsewhere.

Keys that certificates are for are on P-256 (or Ed25519, where nothing but our own verifier has to
read them). A certificate names its department by its credit code as `organizationIdentifier`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from licence_vault.contents import CA_USE, Key
from licence_vault.errors import CertificateRefused
from licence_vault.hsm import TokenKey
from licence_vault.keystore import Keystore
from licence_vault.signers import Sm2PrivateKey
from onefile.verify.algorithms import ECDSA_P256
from onefile.verify.certificate import public_der

CA_LIFE, LIFE = timedelta(days=3650), timedelta(days=730)


@dataclass(frozen=True)
class Subject:
    """Whom a certificate is for: a name, an organisation and its credit code (or nothing)."""

    name: str
    organisation: str
    code: str = ""

    def rdn(self) -> x509.Name:
        """Return it as a distinguished name."""
        parts = [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, self.name),
        ]
        if self.code:
            parts.insert(2, x509.NameAttribute(NameOID.ORGANIZATION_IDENTIFIER, self.code))
        return x509.Name(parts)


def create_ca(keystore: Keystore, subject: Subject, at: datetime, random: Callable[[int], bytes]) -> Key:
    """Make a CA for a trial: a key for `ca` and its own certificate, for ten years.

    Raises:
        NameTaken: there is a CA already.
    """
    key = keystore.create_key("ca-1", use=CA_USE, at=at, algorithm=ECDSA_P256)
    builder = _builder(key, subject.rdn(), subject.rdn(), at, CA_LIFE, random)
    usage = _usage(key_cert_sign=True, crl_sign=True)
    signed = builder.add_extension(x509.BasicConstraints(True, 0), True).add_extension(usage, True)
    keystore.certify(key.name, signed.sign(_signing(key), SHA256()).public_bytes(Encoding.DER))
    return keystore.key(key.name)


def certify(keystore: Keystore, name: str, subject: Subject, at: datetime, random: Callable[[int], bytes]) -> Key:
    """Give a key a certificate of the bureau's CA, for two years.

    Raises:
        NoSuchKey: there is no such key, or no CA.
    """
    ca, key = keystore.active_key(CA_USE), keystore.key(name)
    authority = x509.load_der_x509_certificate(ca.certificate)
    builder = _builder(key, subject.rdn(), authority.subject, at, LIFE, random)
    known = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())  # type: ignore[arg-type]
    usage = _usage(digital_signature=True, content_commitment=True)
    signed = builder.add_extension(x509.BasicConstraints(False, None), True).add_extension(usage, True)
    made = signed.add_extension(known, False).sign(_signing(ca), SHA256())
    keystore.certify(name, made.public_bytes(Encoding.DER))
    return keystore.key(name)


def request(keystore: Keystore, name: str, subject: Subject) -> bytes:
    """Return a request (PEM) by which an authority elsewhere certifies a key; NoSuchKey when there is none."""
    key = keystore.key(name)
    private = key.private
    if isinstance(private, Sm2PrivateKey | TokenKey):
        raise CertificateRefused("requests for SM2 keys and for keys in a security module are made by other tools")
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject.rdn())
    made = builder.sign(private, None if isinstance(private, Ed25519PrivateKey) else SHA256())
    return made.public_bytes(Encoding.PEM)


def take(keystore: Keystore, name: str, pem: bytes) -> Key:
    """Keep the certificate that an authority elsewhere gave a key.

    Raises:
        NoSuchKey: there is no such key.
        CertificateRefused: it is no certificate, or another key's.
    """
    try:
        found = x509.load_pem_x509_certificate(pem)
        public = public_der(found)
    except ValueError:
        raise CertificateRefused("it is no certificate in PEM") from None
    if public != keystore.key(name).public_der:
        raise CertificateRefused("it is of another key")
    keystore.certify(name, found.public_bytes(Encoding.DER))
    return keystore.key(name)


def _builder(
    key: Key, subject: x509.Name, issuer: x509.Name, at: datetime, life: timedelta, random: Callable[[int], bytes]
) -> x509.CertificateBuilder:
    public = load_der_public_key(key.public_der)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)  # type: ignore[arg-type]  # of a kind that the keystore makes
        .serial_number(int.from_bytes(random(16), "big") >> 1 | 1)
        .not_valid_before(at - timedelta(minutes=5))
        .not_valid_after(at + life)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)  # type: ignore[arg-type]
    )


def _usage(
    *, digital_signature: bool = False, content_commitment: bool = False, key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:  # fmt: skip
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=content_commitment, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=key_cert_sign, crl_sign=crl_sign,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


def _signing(key: Key) -> ec.EllipticCurvePrivateKey:
    if not isinstance(key.private, ec.EllipticCurvePrivateKey):
        raise CertificateRefused("the CA's key is not on P-256")
    return key.private
