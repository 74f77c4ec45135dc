"""Time stamps (RFC 3161) on checkpoints: an authority of time saw this very signature, then.

What is stamped is the note's text, a blank line, and the log's own signature line. Checked by
`rfc3161-client`, behind the extra `[tsa]`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from onefile.verify import extras
from onefile.verify.checkpoint import SignedCheckpoint
from onefile.verify.errors import BadTimestamp
from onefile.verify.note import NoteKey, note_kind, read_note, signature_line
from onefile.verify.trust import Trust


def stamped_bytes(note: bytes, signed: SignedCheckpoint) -> bytes:
    """Return what a time stamp of a checkpoint is over: its text and the line of the log's key that signed it."""
    found, key = read_note(note), signed.key
    own = NoteKey(signed.checkpoint.origin, note_kind(key.algorithm), key.public, key.id).note_id
    line = next(s for s in found.signatures if (s.name, s.key_id) == (signed.checkpoint.origin, own))
    return found.text + b"\n" + signature_line(line.name, line.key_id, line.signature)


def open_timestamp(response: bytes, message: bytes, trust: Trust) -> datetime:
    """Return when an authority that is trusted for time saw a message.

    Raises:
        BadTimestamp: it is no time stamp of these bytes by a trusted authority.
        ExtraMissing: the library for time stamps is not installed.
    """
    library = extras.tsa()
    from cryptography import x509

    builder = library.VerifierBuilder()
    if not trust.tsas:
        raise BadTimestamp("the trust file names no authority of time")
    for der in trust.tsas:
        builder = builder.add_root_certificate(x509.load_der_x509_certificate(der))
    try:
        found = library.decode_timestamp_response(response)
        builder.build().verify_message(found, message)
        at: datetime = found.tst_info.gen_time
    except (library.VerificationError, ValueError, TypeError):
        raise BadTimestamp("it is not of these bytes, or by nobody who is trusted") from None
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
