"""The keys that a counter signs with: tokens for itself, answers and what forms are filled with for whoever asks."""

from __future__ import annotations

from datetime import datetime

from exchange.access.tokens import USE as TOKENS
from exchange.http.signing import USE as ANSWERS
from licence_vault.keystore import Keystore
from onefile.verify.attestation import USE as ATTESTATIONS


def ensure(keystore: Keystore, at: datetime) -> None:
    """Make what is missing of them."""
    keystore.ensure((TOKENS, ANSWERS, ATTESTATIONS), (), at)
