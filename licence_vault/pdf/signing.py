"""PAdES (ETSI EN 319 142): a copy under one signature that lets nothing be added; by pyHanko, with the vault's key."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO

from asn1crypto import algos, x509
from pyhanko.pdf_utils.writer import BasePdfFileWriter, PdfFileWriter
from pyhanko.sign import fields
from pyhanko.sign.signers import PdfSignatureMetadata, PdfSigner, Signer
from pyhanko.sign.signers.pdf_signer import PdfSigningSession

from licence_vault.contents import Key
from licence_vault.signers import signer as signer_of_key

_ECDSA = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"})
FIELD = "OneFile"
_RESERVED = 8192  # hexadecimal digits for the signature and its certificate


class VaultSigner(Signer):
    """Lets pyHanko sign with a key that never leaves the vault."""

    def __init__(self, key: Key) -> None:
        super().__init__(
            signing_cert=x509.Certificate.load(key.certificate), signature_mechanism=_ECDSA, embed_roots=False
        )
        self._signer = signer_of_key(key.id, key.private)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:  # noqa: ARG002
        return bytes(72) if dry_run else self._signer.sign(data)


def sign(pdf: PdfFileWriter, key: Key, at: datetime, reason: str) -> bytes:
    """Return a document with one signature over all of it; nothing may be changed or added afterwards.

    Args:
        key: on P-256, with its certificate.
        at: the time that the signature says.
        reason: why, as PDF readers show it.
    """
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        reason=reason,
        subfilter=fields.SigSeedSubFilter.PADES,
        certify=True,
        docmdp_permissions=fields.MDPPerm.NO_CHANGES,
    )
    output = BytesIO()
    _SignerAt(meta, VaultSigner(key), at).sign_pdf(pdf, output=output, bytes_reserved=_RESERVED)
    return output.getvalue()


class _SignerAt(PdfSigner):
    """Signs at an instant that is handed in, instead of asking the clock."""

    def __init__(self, meta: PdfSignatureMetadata, signer: Signer, at: datetime) -> None:
        super().__init__(meta, signer)
        self._at = at

    def init_signing_session(self, pdf_out: BasePdfFileWriter, existing_fields_only: bool = False) -> PdfSigningSession:
        session = super().init_signing_session(pdf_out, existing_fields_only)
        session.system_time = self._at
        return session
