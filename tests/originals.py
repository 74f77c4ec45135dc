"""Originals for tests: an OFD sealed as GB/T 33190 and GB/T 38540 lay it out, and a PDF signed by a key made here."""

from __future__ import annotations

import base64
import io
import subprocess
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

OFD = 'xmlns:ofd="http://www.ofdspec.org/2016"'
ENTRY = f"""<?xml version="1.0" encoding="UTF-8"?>
<ofd:OFD {OFD} Version="1.1" DocType="OFD"><ofd:DocBody><ofd:DocInfo><ofd:DocID>a</ofd:DocID></ofd:DocInfo>
<ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot><ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures>
</ofd:DocBody></ofd:OFD>"""
DOCUMENT = f"""<ofd:Document {OFD}><ofd:Pages><ofd:Page ID="1" BaseLoc="Pages/Page_0/Content.xml"/></ofd:Pages>
</ofd:Document>"""
PAGE = f"<ofd:Page {OFD}><ofd:Content>食品经营许可证</ofd:Content></ofd:Page>"
COVERED = {"OFD.xml": ENTRY, "Doc_0/Document.xml": DOCUMENT, "Doc_0/Pages/Page_0/Content.xml": PAGE}
SM2_ID = ("-sigopt", "distid:1234567812345678")
SM2_SM3 = b"\x06\x08\x2a\x81\x1c\xcf\x55\x01\x83\x75"
PICTURE = b"\x89PNG made up"
AT = datetime(2026, 11, 1, tzinfo=UTC)


def sm3(data: bytes) -> bytes:
    hashed = hashes.Hash(hashes.SM3())
    hashed.update(data)
    return hashed.finalize()


def ofd(
    changes: Mapping[str, str | bytes] | None = None,
    seals: int = 1,
    method: str = "1.2.156.10197.1.401",
    **sealing: Any,
) -> bytes:
    """A sealed OFD; `changes` are made to its parts after it was sealed; `sealing` as `Sealing` has it."""
    parts: dict[str, bytes] = {name: text.encode() for name, text in COVERED.items()}
    names = [f"Sign_{number}" for number in range(seals)]
    entries = "".join(f'<ofd:Signature ID="{n}" Type="Seal" BaseLoc="{n}/Signature.xml"/>' for n in names)
    signatures = f"<ofd:Signatures {OFD}><ofd:MaxSignId>9</ofd:MaxSignId>{entries}</ofd:Signatures>"
    covered = dict(parts)
    for name in names:
        folder = f"Doc_0/Signs/{name}"
        signature = _signature_file(covered, name, method).encode()
        parts[f"{folder}/Signature.xml"] = signature
        parts[f"{folder}/SignedValue.dat"] = seal_data(signature, name, **sealing)
    parts["Doc_0/Signs/Signatures.xml"] = signatures.encode()
    for name, content in (changes or {}).items():
        parts[name] = content.encode() if isinstance(content, str) else content
    return package(parts)


def package(parts: Mapping[str, bytes]) -> bytes:
    """A ZIP package of parts."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return written.getvalue()


def _signature_file(covered: Mapping[str, bytes], name: str, method: str) -> str:
    references = "".join(
        f'<ofd:Reference FileRef="/{part}"><ofd:CheckValue>{base64.b64encode(sm3(content)).decode()}</ofd:CheckValue>'
        "</ofd:Reference>"
        for part, content in covered.items()
    )
    return (
        f'<ofd:Signature {OFD} ID="{name}"><ofd:SignedInfo><ofd:Provider ProviderName="made up"/>'
        "<ofd:SignatureMethod>1.2.156.10197.1.501</ofd:SignatureMethod>"
        "<ofd:SignatureDateTime>20261101000000Z</ofd:SignatureDateTime>"
        f'<ofd:References CheckMethod="{method}">{references}</ofd:References></ofd:SignedInfo>'
        "<ofd:SignedValue>SignedValue.dat</ofd:SignedValue></ofd:Signature>"
    )


@dataclass(frozen=True)
class Sealer:
    """A key that OpenSSL made, and its certificate: SM2 with SM3, signed by OpenSSL."""

    key: Path
    certificate: bytes


@cache
def sealer(name: str = "样例市市场监督管理局", by: str = "样例市印章机构") -> Sealer:
    """Who seals, certified by `by` (themselves: an authority) for the years 2026 to 2035."""
    key = Path(tempfile.mkdtemp()) / "key.pem"
    _openssl("genpkey", "-algorithm", "SM2", "-out", key)
    public = _openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    return Sealer(key, certified(public, name, by, None if name != by else Sealer(key, b"")))


def certified(public: bytes, name: str, by: str, authority: Sealer | None = None, code: str = "") -> bytes:
    """A certificate of a key, signed by an authority on SM2; `code` is its department's credit code."""
    validity = _sequence(_der(0x17, b"260101000000Z"), _der(0x17, b"351231235959Z"))
    version, number = _der(0xA0, _der(0x02, b"\x02")), _der(0x02, b"\x07")
    issuer, subject = _distinguished(by), _distinguished(name, code)
    said = _sequence(version, number, _sequence(SM2_SM3), issuer, validity, subject, public)
    return _sequence(said, _sequence(SM2_SM3), _signature(authority or sealer(by, by), said))


def _distinguished(name: str, code: str = "") -> bytes:
    parts = [(b"\x55\x04\x03", name), *([(b"\x55\x04\x61", code)] if code else [])]
    return _sequence(*(_der(0x31, _sequence(_der(0x06, oid), _der(0x0C, text.encode()))) for oid, text in parts))


def seal_data(signature: bytes, seal_id: str = "Sign_0", **other: Any) -> bytes:
    """What GB/T 38540 puts into SignedValue.dat; see `Sealing` for what else it can be."""
    return Sealing(**other).data(signature, seal_id)


@dataclass(frozen=True)
class Sealing:
    """How a seal is made and put on: by whom, when, for whom the seal is, in which standard's layout."""

    signer: Sealer = field(default_factory=sealer)
    maker: Sealer = field(default_factory=lambda: sealer("样例市印章机构", "样例市印章机构"))
    listed: bytes | None = None
    at: bytes = b"20261101000000Z"
    is_older: bool = False

    def data(self, signature: bytes, seal_id: str) -> bytes:
        times = [_der(0x18, b"20250101000000Z"), _der(0x18, b"20250101000000Z"), _der(0x18, b"20301231235959Z")]
        header = _sequence(_der(0x16, b"ES"), _der(0x02, b"\x04"), _der(0x16, b"made-up"))
        certificates = _sequence(_der(0x04, self.listed or self.signer.certificate))
        name = _der(0x0C, "样例市市场监督管理局".encode())
        kind = [] if self.is_older else [_der(0x02, b"\x01")]
        stated = _sequence(_der(0x02, b"\x01"), name, *kind, certificates, *times)
        picture = _sequence(_der(0x16, b"png"), _der(0x04, PICTURE), _der(0x02, b"\x28"), _der(0x02, b"\x28"))
        info = _sequence(header, _der(0x16, f"69010000{seal_id}".encode()), stated, picture)
        made_by, signed_by = _der(0x04, self.maker.certificate), _der(0x04, self.signer.certificate)
        made = _signature(self.maker, _sequence(info, made_by, SM2_SM3) if self.is_older else info)
        making = [made_by, SM2_SM3, made]
        seal = _sequence(info, _sequence(*making)) if self.is_older else _sequence(info, *making)
        when = _der(0x03, b"\x00" + self.at) if self.is_older else _der(0x18, self.at)
        stands = [_der(0x02, b"\x04"), seal, when, _der(0x03, b"\x00" + sm3(signature)), _der(0x16, b"/Signature.xml")]
        if self.is_older:
            signed = _sequence(*stands, signed_by, SM2_SM3)
            return _sequence(signed, _signature(self.signer, signed))
        signed = _sequence(*stands)
        return _sequence(signed, signed_by, SM2_SM3, _signature(self.signer, signed))


def _signature(sealer: Sealer, message: bytes) -> bytes:
    return _der(0x03, b"\x00" + _openssl("dgst", "-sm3", "-sign", sealer.key, *SM2_ID, stdin=message))


def _openssl(*arguments: str | Path, stdin: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *map(str, arguments)], input=stdin, capture_output=True, check=True).stdout


def _sequence(*items: bytes) -> bytes:
    return _der(0x30, b"".join(items))


def _der(tag: int, content: bytes) -> bytes:
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size, "big") + content


def authority(name: str = "样例市电子认证机构") -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A certification authority of the tests' own."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _certificate(name, key, name, key, is_authority=True), key


def signer_of(
    ca: tuple[x509.Certificate, ec.EllipticCurvePrivateKey], name: str = "样例市市场监督管理局"
) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
    """A department's certificate from it, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = ca[0].subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
    return _certificate(name, key, str(issuer), ca[1], is_authority=False), key


def _certificate(
    name: str,
    key: ec.EllipticCurvePrivateKey,
    issuer: str,
    by: ec.EllipticCurvePrivateKey,
    *,
    is_authority: bool,
) -> x509.Certificate:
    usage = x509.KeyUsage(
        digital_signature=not is_authority, content_commitment=not is_authority, key_encipherment=False,
        data_encipherment=False, key_agreement=False, key_cert_sign=is_authority, crl_sign=is_authority,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip
    built = x509.CertificateBuilder().subject_name(_name(name)).issuer_name(_name(issuer)).public_key(key.public_key())
    built = built.serial_number(x509.random_serial_number()).not_valid_before(AT - timedelta(days=30))
    built = built.not_valid_after(AT + timedelta(days=900)).add_extension(usage, critical=True)
    path_length = 0 if is_authority else None
    return built.add_extension(x509.BasicConstraints(is_authority, path_length), critical=True).sign(
        by, hashes.SHA256()
    )


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def plain_pdf() -> bytes:
    """A PDF of one empty page, which nobody signed."""
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 200]>>",
    ]
    content, places = b"%PDF-1.7\n", []
    for number, item in enumerate(objects, 1):
        places.append(len(content))
        content += b"%d 0 obj\n%s\nendobj\n" % (number, item)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    table = b"xref\n0 4\n0000000000 65535 f \n" + table
    return content + table + b"trailer\n<</Size 4/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(content)


def pdf(signers: list[tuple[x509.Certificate, ec.EllipticCurvePrivateKey]], ca: x509.Certificate) -> bytes:
    """A PDF that was signed by each signer in turn, as PAdES."""
    from asn1crypto import keys
    from asn1crypto import x509 as asn1_x509
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign.fields import SigSeedSubFilter
    from pyhanko.sign.signers import PdfSignatureMetadata, SimpleSigner, sign_pdf
    from pyhanko_certvalidator.registry import SimpleCertificateStore

    content, der = plain_pdf(), serialization.Encoding.DER
    for number, (certificate, key) in enumerate(signers):
        store = SimpleCertificateStore()
        store.register(asn1_x509.Certificate.load(ca.public_bytes(der)))
        private = key.private_bytes(der, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        signer = SimpleSigner(
            signing_cert=asn1_x509.Certificate.load(certificate.public_bytes(der)),
            signing_key=keys.PrivateKeyInfo.load(private),
            cert_registry=store,
        )
        meta = PdfSignatureMetadata(field_name=f"Seal{number}", subfilter=SigSeedSubFilter.PADES, md_algorithm="sha256")
        written = io.BytesIO()
        sign_pdf(IncrementalPdfFileWriter(io.BytesIO(content)), meta, signer=signer, output=written)
        content = written.getvalue()
    return content
