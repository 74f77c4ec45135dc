"""DSSE 1.0: a payload is signed as the bytes it is. Opening is `onefile.verify.dsse`'s."""

from __future__ import annotations

import base64

from licence_vault.canonical import canonical
from licence_vault.signers import Signer
from onefile.verify.dsse import pae


def sign(payload_type: str, payload: bytes, signer: Signer) -> bytes:
    """Return an envelope (UTF-8 JSON) with one signature over the payload's type and bytes."""
    signature = signer.sign(pae(payload_type, payload))
    return canonical(
        {
            "payload": base64.b64encode(payload).decode("ascii"),
            "payloadType": payload_type,
            "signatures": [{"keyid": signer.key_id, "sig": base64.b64encode(signature).decode("ascii")}],
        }
    )
