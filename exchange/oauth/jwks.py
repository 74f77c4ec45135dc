"""The bureau's public keys that tokens and answers are checked with, as a JWK Set (RFC 7517): what `jwks_uri` names."""

from __future__ import annotations

import json
from typing import Any

from joserfc.jwk import JWKRegistry

from onefile.verify.algorithms import ECDSA_P256, ED25519

USES = ("tokens", "answers")
KINDS = {ED25519: ("OKP", "EdDSA"), ECDSA_P256: ("EC", "ES256")}
"""Kind of key and algorithm as JOSE has them; it has none for SM2."""


def key_set(trust: bytes) -> dict[str, list[dict[str, Any]]]:
    """Return the keys in a trust file that JOSE knows, but those that were lost, by their ids there."""
    keys = [key for key in json.loads(trust)["keys"] if key["use"] in USES and not key.get("lost_at")]
    return {"keys": [_jwk(key) for key in keys if key["algorithm"] in KINDS]}


def _jwk(key: dict[str, Any]) -> dict[str, Any]:
    kind, algorithm = KINDS[key["algorithm"]]
    pem = f"-----BEGIN PUBLIC KEY-----\n{key['public']}\n-----END PUBLIC KEY-----\n"
    public = JWKRegistry.import_key(pem.encode("ascii"), kind).as_dict(private=False)
    return {**public, "kid": key["id"], "use": "sig", "alg": algorithm}
