"""The data of a seal on an OFD, as GB/T 38540 and the older GM/T 0031 have it.

1. The seal's signature (SM2 with SM3) is by the signer's certificate, over what names the sealed file's digest.
2. The seal itself is signed by its maker. 3. The signer's certificate is one of those that the seal is for.
4. It was put on within the validity of the seal and of both certificates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from licence_vault.originals.errors import ReaderMissing, SealNotGood
from licence_vault.originals.report import Seal
from onefile.verify import certificate as certificates
from onefile.verify import der
from onefile.verify.algorithms import SM2_SM3
from onefile.verify.der import BITS, OBJECT, OCTETS, SEQUENCE, TIME, UTC_TIME, Item
from onefile.verify.errors import ExtraMissing

SM2_WITH_SM3 = bytes.fromhex("2a811ccf55018375")
"""The object identifier 1.2.156.10197.1.501, as DER has it."""


@dataclass(frozen=True)
class Signed:
    """Something signed: the bytes, the certificate (DER) of who did, the algorithm, and the signature."""

    message: bytes
    certificate: bytes
    algorithm: bytes
    signature: bytes


@dataclass(frozen=True)
class SealData:
    """A seal, the digest of the signature file that it was put on, and the two signatures: the sealing, the seal's own.

    `certified` are the certificates that the seal is for, or digests of them; empty where it does not say.
    """

    seal: Seal
    data_digest: bytes
    sealing: Signed | None
    making: Signed | None
    certified: tuple[bytes, ...]


def read(data: bytes) -> SealData:
    """Return the seal in a signature value, nothing of it believed yet.

    Raises:
        ValueError: it is laid out otherwise.
    """
    (outer,) = der.items(data)
    signature = outer.items()
    signed = signature[0].items()
    if len(signed) < 5 or signed[3].tag != BITS:
        raise ValueError("no seal's signature")
    made = signed[1].items()
    info = made[0].items()
    stated = info[2].items()
    picture = info[3].items()
    sealing = _signed(signature[0].whole, (*signature[1:], *signed[5:]), is_newest=len(signature) > 2)
    seal = Seal(
        issuer=stated[1].content.decode("utf-8"),
        seal_id=info[1].content.decode("ascii"),
        certificate=None if sealing is None else sha256(sealing.certificate).hexdigest(),
        valid_from=_time(stated[-2]),
        valid_until=_time(stated[-1]),
        signed_at=_time(signed[2]) if signed[2].tag in (UTC_TIME, TIME) else None,
        picture_type=picture[0].content.decode("ascii"),
        picture=picture[1].content,
    )
    return SealData(seal, signed[3].content[1:], sealing, _making(made), _certified(stated[2:-3]))


def checked(data: SealData) -> tuple[str, ...]:
    """Return what was checked of a seal, as words of reports; nothing where it is signed otherwise than SM2 with SM3.

    Raises:
        SealNotGood: a signature does not hold, or the seal was not the signer's, or not then.
    """
    sealing, making = data.sealing, data.making
    if sealing is None or making is None or {sealing.algorithm, making.algorithm} != {SM2_WITH_SM3}:
        return ()
    try:
        for signed, whose in ((sealing, "the seal's signature"), (making, "the signature of the seal's maker")):
            signer = certificates.load(signed.certificate)
            if not certificates.holds(signer, SM2_SM3, _as_der(signed.signature), signed.message):
                raise SealNotGood(f"{whose} does not hold")
        known = {sealing.certificate, sha256(sealing.certificate).digest(), _sm3(sealing.certificate)}
        if not known & set(data.certified):
            raise SealNotGood("the seal is not for who signed")
        is_timed = _check_times(data.seal, [certificates.load(s.certificate) for s in (sealing, making)])
    except ExtraMissing:
        return ()
    except ValueError:
        raise SealNotGood("a certificate cannot be read") from None
    return ("seal_signature", "sealing_time") if is_timed else ("seal_signature",)


def is_led(data: SealData, authorities: list[x509.Certificate]) -> bool:
    """Say whether one of these authorities certified the signer; ReaderMissing where SM2 cannot be checked."""
    if data.sealing is None:
        return False
    try:
        signer = certificates.load(data.sealing.certificate)
        return any(certificates.is_issued_by(signer, authority) for authority in authorities)
    except ExtraMissing:
        raise ReaderMissing("sm2") from None
    except ValueError:
        return False


def _check_times(seal: Seal, found: list[x509.Certificate]) -> bool:
    """Hold the time of sealing against each validity; False where the seal does not say when."""
    if seal.signed_at is None or seal.valid_from is None or seal.valid_until is None:
        return False
    at = datetime.fromisoformat(seal.signed_at)
    if not datetime.fromisoformat(seal.valid_from) <= at <= datetime.fromisoformat(seal.valid_until):
        raise SealNotGood("it was put on outside the seal's validity")
    if not all(certificates.is_good_at(certificate, at) for certificate in found):
        raise SealNotGood("it was put on outside a certificate's validity")
    return True


def _signed(message: bytes, parts: tuple[Item, ...], *, is_newest: bool) -> Signed | None:
    """Return a sealing from what stands with it: certificate, algorithm and signature, in either standard's order."""
    certificate = next((item for item in parts if item.tag == OCTETS), None)
    algorithm = next((item for item in parts if item.tag == OBJECT), None)
    signature = next((item for item in (parts if is_newest else parts[:1]) if item.tag == BITS), None)
    if certificate is None:
        return None
    return Signed(
        message,
        certificate.content,
        b"" if algorithm is None else algorithm.content,
        b"" if signature is None else signature.content[1:],
    )


def _making(made: list[Item]) -> Signed | None:
    """Return how the seal itself was signed: GB/T 38540 signs its data, GM/T 0031 certificate and algorithm as well."""
    info, rest = made[0], made[1:]
    is_older = len(rest) == 1 and rest[0].tag == SEQUENCE
    parts = rest[0].items() if is_older else rest
    if [item.tag for item in parts[:3]] != [OCTETS, OBJECT, BITS]:
        return None
    certificate, algorithm, signature = parts[:3]
    message = der.sequence(info.whole, certificate.whole, algorithm.whole) if is_older else info.whole
    return Signed(message, certificate.content, algorithm.content, signature.content[1:])


def _certified(parts: list[Item]) -> tuple[bytes, ...]:
    """Return the certificates that a seal is for: as they are, or as digests with their kind."""
    listed = next((item.items() for item in parts if item.tag == SEQUENCE), [])
    plain = [item.content for item in listed if item.tag == OCTETS]
    digests = [i.content for item in listed if item.tag == SEQUENCE for i in item.items() if i.tag == OCTETS]
    return (*plain, *digests)


def _as_der(signature: bytes) -> bytes:
    """Return a signature as DER; some tools write r and s side by side."""
    if len(signature) != 64:
        return signature
    return encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big"))


def _sm3(data: bytes) -> bytes:
    hashed = hashes.Hash(hashes.SM3())
    hashed.update(data)
    return hashed.finalize()


def _time(item: Item) -> str:
    """Return a time as RFC 3339; those without a zone are UTC, as DER has them."""
    pattern = {UTC_TIME: "%y%m%d%H%M%SZ", TIME: "%Y%m%d%H%M%SZ"}.get(item.tag)
    if pattern is None:
        raise ValueError("no time")
    made = datetime.strptime(item.content.decode("ascii"), pattern).replace(tzinfo=UTC)
    return made.isoformat().replace("+00:00", "Z")
