"""What is done with the vault on the clock's account: licences lapse, status lists are signed. No engine is loaded.

The lists are signed every minute: a process that did it with Spark's modules would take longer to load than to sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from licence_vault import expiry
from licence_vault.issuing import Issued
from licence_vault.status_lists import Published
from licence_vault.status_lists import publish as publish_lists
from licence_vault.vault import Vault, open_vault
from pipelines.workshop import Workshop
from schemas.licence_types import LicenceType


@dataclass(frozen=True)
class Told:
    """What became of drafts; the counts add up to those that were made."""

    issued: int = 0
    unchanged: int = 0
    refused: int = 0

    def and_of(self, done: Issued) -> Told:
        """Return the counts with those of a batch."""
        batch = done.batch
        return Told(self.issued + batch.issued, self.unchanged + batch.unchanged, self.refused + batch.refused)


def lapse(shop: Workshop) -> Told:
    """Let the licences lapse whose last day is over."""
    return Told(issued=expiry.lapse(opened(shop), _kinds(shop), at=shop.at, day=shop.legal_day(shop.at)))


def is_due(shop: Workshop) -> bool:
    """Say whether a licence's last day is over that has not lapsed yet."""
    if not (shop.home / "log" / "checkpoint").exists():
        return False
    return expiry.is_due(opened(shop), _kinds(shop), shop.legal_day(shop.at))


def _kinds(shop: Workshop) -> dict[str, LicenceType]:
    return {kind.code: kind for kind in shop.declarations.licences.values()}


def publish(shop: Workshop) -> Published:
    """Sign the status lists anew."""
    return publish_lists(opened(shop), at=shop.at, day=shop.legal_day(shop.at))


def opened(shop: Workshop) -> Vault:
    """Return the vault of the workshop's home."""
    settings = shop.settings
    return open_vault(shop.home, settings.database_url, settings.passphrase_file, settings.log_origin, shop.at)
