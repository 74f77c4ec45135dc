"""The keys that a counter signs with: tokens and links for itself, answers and what fills forms for others."""

from __future__ import annotations

from datetime import datetime

from exchange.access.tokens import USE as TOKENS
from exchange.http.signing import USE as ANSWERS
from exchange.sharing.links import SECRET as LINKS
from licence_vault.keystore import Keystore
from onefile.verify.attestation import USE as ATTESTATIONS


def ensure(keystore: Keystore, at: datetime) -> None:
    """Make what is missing of them."""
    keystore.ensure((TOKENS, ANSWERS, ATTESTATIONS), (LINKS,), at)
