"""Keys in a hardware security module, by PKCS#11: made there, used there, never out of it. Needs the extra `[hsm]`.

ECDSA on P-256. What the keystore keeps of such a key is where it is and the PIN, sealed as all of
its content is. Tried against SoftHSM2.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass, field
from functools import lru_cache
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from licence_vault.errors import HsmFailed
from onefile.verify.algorithms import ECDSA_P256


@dataclass(frozen=True)
class TokenKey:
    """A key in a token: the module that reaches it, the token's and the key's label, the PIN, the public half (DER)."""

    module: str
    token: str
    label: str
    pin: str = field(repr=False)
    public: bytes = field(repr=False)


class TokenSigner:
    """Signs with a key in a token; ECDSA on P-256, DER as the signer of the software keystore."""

    algorithm = ECDSA_P256

    def __init__(self, key_id: str, key: TokenKey) -> None:
        self.key_id, self._key = key_id, key

    def sign(self, message: bytes) -> bytes:
        """Return the signature, DER; HsmFailed when the token does not sign."""
        pkcs11 = _library()
        try:
            private = _session(self._key.module, self._key.token, self._key.pin).get_key(
                object_class=pkcs11.ObjectClass.PRIVATE_KEY, label=self._key.label
            )
            raw = bytes(private.sign(sha256(message).digest(), mechanism=pkcs11.Mechanism.ECDSA))
        except pkcs11.exceptions.PKCS11Error as error:
            raise HsmFailed(type(error).__name__) from None
        return encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    def __repr__(self) -> str:
        return f"TokenSigner(key_id={self.key_id!r}, token={self._key.token!r})"


def create(module: str, token: str, pin: str, label: str) -> TokenKey:
    """Make a key within a token, which never gives it out.

    Args:
        module: path of the PKCS#11 library.
        token: the token's label.
        pin: its user's PIN.
        label: the key's, not there yet.

    Raises:
        HsmFailed: the module cannot be loaded, the token is not there, or it refuses.
    """
    pkcs11 = _library()
    ec = importlib.import_module("pkcs11.util.ec")
    try:
        session = _session(module, token, pin)
        if list(session.get_objects({pkcs11.Attribute.LABEL: label})):
            raise HsmFailed(f"a key {label!r} is there already")
        curve = {pkcs11.Attribute.EC_PARAMS: ec.encode_named_curve_parameters("secp256r1")}
        parameters = session.create_domain_parameters(pkcs11.KeyType.EC, curve, local=True)
        kept_in = {pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False}
        public, _ = parameters.generate_keypair(store=True, label=label, private_template=kept_in)
        return TokenKey(module, token, label, pin, bytes(ec.encode_ec_public_key(public)))
    except pkcs11.exceptions.PKCS11Error as error:
        raise HsmFailed(type(error).__name__) from None


@lru_cache(maxsize=8)
def _session(module: str, token: str, pin: str) -> Any:
    """Return an open session; one a process, since opening one costs more than signing."""
    pkcs11 = _library()
    try:
        return pkcs11.lib(module).get_token(token_label=token).open(user_pin=pin, rw=True)
    except (RuntimeError, OSError) as error:
        raise HsmFailed(type(error).__name__) from None


def _library() -> Any:
    try:
        pkcs11 = importlib.import_module("pkcs11")
        importlib.import_module("pkcs11.exceptions")
    except ImportError:
        raise HsmFailed("the extra onefile[hsm] is not installed") from None
    return pkcs11
