"""DSSE 1.0 envelopes: the payload is read only once its signature holds.

The bytes handed back are the bytes that were signed. Exactly one signature; the key is the
one that the envelope names, and only if it is trusted for the use at hand. Fields that DSSE
does not know are ignored, as its specification asks.
"""

from __future__ import annotations

from onefile.verify.errors import LostKey, MalformedEnvelope
from onefile.verify.reading import Record, parse
from onefile.verify.trust import Trust, TrustedKey


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return what is signed: the pre-authentication encoding of DSSE 1.0."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def open_envelope(envelope: bytes, payload_type: str, trust: Trust, use: str) -> tuple[bytes, TrustedKey]:
    """Return the payload of a genuine envelope, and the key that signed it.

    Args:
        envelope: UTF-8 JSON.
        payload_type: the type that the payload must be of.
        trust: the keys that are believed.
        use: what the key must be trusted for.

    Raises:
        MalformedEnvelope: no such envelope.
        UnknownKey: `trust` lacks the key that it names.
        WrongUse: that key is trusted for something else.
        BadSignature: the payload is not what was signed.
        LostKey: the key was lost.
    """
    record = Record(parse(envelope, MalformedEnvelope), "the envelope", MalformedEnvelope)
    record.choice("payloadType", (payload_type,))
    payload = record.base64("payload")
    signatures = record.items("signatures")
    if len(signatures) != 1:
        raise MalformedEnvelope("it has not exactly one signature")
    signature = Record(signatures[0], "the signature", MalformedEnvelope)
    key = trust.key(signature.text("keyid"), use)
    key.verify(pae(payload_type, payload), signature.base64("sig"))
    if key.lost_at is not None:  # an envelope has no time stamp that could show that it is older
        raise LostKey(key.id)
    return payload, key
