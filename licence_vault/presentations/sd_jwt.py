"""SD-JWT VC (RFC 9901) made: the token by a JOSE library, its signature by the signer that holds the key."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from joserfc import jwk, jws
from joserfc.jwa import JWSAlgModel

from licence_vault.presentations.errors import BadHolderKey
from licence_vault.signers import Signer, jws_signature
from onefile.verify.jws import JWS_NAMES
from onefile.verify.presentation import BINDING_TYPE, TYPE

SALT_BYTES = 16


def issue(
    claims: Mapping[str, object], fields: Mapping[str, object], signer: Signer, random: Callable[[int], bytes]
) -> str:
    """Return an SD-JWT whose fields can be disclosed one by one, with all of them disclosed.

    Args:
        claims: what stands in clear.
        fields: by name; each gets a salt of 128 bits.
        random: makes the salts.
    """
    disclosures = [_disclosure(name, value, random(SALT_BYTES)) for name, value in fields.items()]
    digests = sorted(digest(disclosure) for disclosure in disclosures)  # sorted: their order tells nothing
    token = signed({**claims, "_sd": digests, "_sd_alg": "sha-256"}, TYPE, signer)
    return "~".join([token, *disclosures, ""])


def bind(presentation: str, audience: str, nonce: str, seconds: int, signer: Signer) -> str:
    """Return a presentation with the holder's signature over it (key binding), as the holder's wallet makes it.

    Args:
        presentation: it ends with `~`; disclosures may have been left out of it.
        audience, nonce: as the presentation says.
        seconds: POSIX time of the binding.
        signer: of the holder's key, which the presentation names in `cnf`.
    """
    claims = {"iat": seconds, "aud": audience, "nonce": nonce, "sd_hash": digest(presentation)}
    return presentation + signed(claims, BINDING_TYPE, signer, named=False)


def signed(claims: Mapping[str, object], kind: str, signer: Signer, named: bool = True) -> str:
    """Return claims as a compact JWS of type `kind`; `named`: with the signer's key id in its header."""
    algorithm = _Algorithm(signer)
    header: dict[str, str] = {"alg": algorithm.name, "typ": kind, **({"kid": signer.key_id} if named else {})}
    text = json.dumps(claims, ensure_ascii=False, separators=(",", ":"))
    # The library asks for a key object: this one only names the key, which stays within the signer.
    named_key = jwk.OctKey.import_key(f"in the signer: {signer.key_id}")
    return jws.serialize_compact(header, text, named_key, registry=_Registry(algorithm))


def digest(text: str) -> str:
    """Return the SHA-256 of an ASCII text as base64url: of a disclosure, or of a presentation."""
    return _base64url(sha256(text.encode("ascii")).digest())


def confirmation(pem: bytes) -> dict[str, object]:
    """Return the `cnf` claim for a holder's public key in PEM; BadHolderKey when it is none that can be bound."""
    try:
        public = load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm):
        raise BadHolderKey from None
    if isinstance(public, Ed25519PublicKey):
        return {"jwk": {"kty": "OKP", "crv": "Ed25519", "x": _base64url(public.public_bytes_raw())}}
    if isinstance(public, ec.EllipticCurvePublicKey) and isinstance(public.curve, ec.SECP256R1):
        numbers = public.public_numbers()
        x, y = (_base64url(number.to_bytes(32, "big")) for number in (numbers.x, numbers.y))
        return {"jwk": {"kty": "EC", "crv": "P-256", "x": x, "y": y}}
    raise BadHolderKey


class _Algorithm(JWSAlgModel):
    """The signer's algorithm, as the JOSE library calls it."""

    description = "signed by a signer of the vault"
    key_type = "oct"

    def __init__(self, signer: Signer) -> None:
        self.name, self._signer = JWS_NAMES[signer.algorithm], signer

    def sign(self, msg: bytes, key: object) -> bytes:  # noqa: ARG002
        return jws_signature(self._signer, msg)

    def verify(self, msg: bytes, sig: bytes, key: object) -> bool:  # noqa: ARG002
        return sig == jws_signature(self._signer, msg)


class _Registry(jws.JWSRegistry):
    """Allows one signer's algorithm, and no other."""

    def __init__(self, algorithm: _Algorithm) -> None:
        super().__init__(algorithms=[algorithm.name])
        self.algorithms = {algorithm.name: algorithm}


def _disclosure(name: str, value: object, salt: bytes) -> str:
    return _base64url(json.dumps([_base64url(salt), name, value], ensure_ascii=False).encode("utf-8"))


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")
