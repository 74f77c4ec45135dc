"""What follows from looks without anybody's hand: recalls and their notices, reconciliation with cases, unusual looks.

Each is a transaction of the serving database that changes nothing when there is nothing to do; none needs Spark.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from sqlalchemy import Connection

from ledger import events, index, outbox, reconciliation, retention, unusual
from ledger.addresses import networks
from ledger.entry import EXPIRY, Look, subject_hash
from ledger.events import Event, Telling
from ledger.licence_recall import recall_licences
from ledger.outbox import Notice
from ledger.recall import Recalling
from ledger.recall import recall as recall_values
from ledger.record import Ledger
from ledger.webhooks import USE, Webhooks
from licence_vault.vault import open_vault
from pipelines.names import SHARED_RECORDS
from pipelines.workshop import Workshop
from schemas.serving.connection import looking, writing
from schemas.serving.migration import upgrade


def recall(shop: Workshop) -> int:
    """Make a notice for each consumer of what was corrected or lost force since the last time; return how many.

    Raises:
        NoHolidayNotice: the clock runs into a year whose holidays are not declared; nothing is kept.
    """
    settings, secret = shop.settings, shop.keys.secret("subject-hash")
    recalling = Recalling(
        lambda subject_id: subject_hash(secret, subject_id), shop.catalogue, shop.at, shop.legal_day(shop.at)
    )
    vault = open_vault(shop.home, settings.database_url, settings.passphrase_file, settings.log_origin, shop.at)
    with _indexed(shop) as connection:
        return recall_values(connection, recalling) + recall_licences(connection, vault, recalling)


def send(shop: Workshop) -> dict[str, int]:
    """Send the notices that are due; return how many were taken, and how many not."""
    shop.keys.ensure((USE,), (), shop.at)
    hooks = Webhooks(shop.keys.signer(USE), networks(shop.settings.webhook_networks), shop.settings.now)

    def note(notice: Notice, fault: str) -> None:
        with writing(shop.settings.database_url) as connection:
            outbox.tried(connection, notice, shop.at, fault)

    with _indexed(shop) as connection:
        waiting = list(outbox.due(connection, shop.at))
    delivered, failed = outbox.send_due(waiting, hooks.send, note)
    return {"delivered": delivered, "failed": failed}


def make_events(shop: Workshop) -> int:
    """Make the events of what changed under the grants that somebody subscribed to; return how many."""
    shop.keys.ensure((), (SHARED_RECORDS,), shop.at)
    settings = shop.settings
    vault = open_vault(shop.home, settings.database_url, settings.passphrase_file, settings.log_origin, shop.at)
    book = Ledger(shop.home / "ledger", shop.keys)
    telling = Telling(
        shop.catalogue, vault, book.subject_hash, shop.keys.secret(SHARED_RECORDS), book.append_all,
        settings.operator, shop.at, shop.legal_day(shop.at),
    )  # fmt: skip
    with _indexed(shop) as connection:
        return events.make(connection, telling)


def send_events(shop: Workshop) -> dict[str, int]:
    """Send the events that are due, in order per subject; return how many were taken, and how many not."""
    shop.keys.ensure((USE,), (), shop.at)
    hooks = Webhooks(shop.keys.signer(USE), networks(shop.settings.webhook_networks), shop.settings.now)

    def note(event: Event, fault: str) -> None:
        with writing(shop.settings.database_url) as connection:
            events.tried(connection, event, shop.at, fault)

    upgrade(shop.settings.database_url)
    with looking(shop.settings.database_url) as connection:
        found = events.waiting(connection)
    delivered, failed = events.send_due(found, shop.at, hooks.send, note)
    return {"delivered": delivered, "failed": failed}


def reconcile(shop: Workshop, day: date | None = None) -> int:
    """Hold the looks of a day (the one before, by default) against their cases; return how many findings are new."""
    on = day or shop.legal_day(shop.at) - timedelta(days=1)
    with _indexed(shop) as connection:
        drafts = shop.catalogue.watch.draft_days
        return reconciliation.reconcile(connection, on, shop.settings.timezone, shop.at, drafts)


def find_unusual(shop: Workshop, day: date | None = None) -> int:
    """Look for unusual looks of a day (the one before, by default); return how many findings are new."""
    on = day or shop.legal_day(shop.at) - timedelta(days=1)
    with _indexed(shop) as connection:
        is_working, watch = shop.catalogue.sharing.is_working, shop.catalogue.watch
        return unusual.find(connection, on, shop.settings.timezone, shop.at, is_working, watch)


def expire(shop: Workshop) -> int:
    """Remove the entries of the ledger whose years are over; return the last number that is gone, 0: none went.

    Their lines in the index go too.
    """
    ledger = Ledger(shop.home / "ledger", shop.keys)
    years = shop.catalogue.watch.kept_years
    look = Look(shop.at, shop.settings.operator, EXPIRY, None, (), f"kept {years} years")
    if retention.expire(ledger, look, years) is None:
        return 0
    with _indexed(shop) as connection:
        return index.forget(connection, shop.home / "ledger")


def expire_events(shop: Workshop) -> int:
    """Remove the events of the feed that are kept no longer; return how many."""
    upgrade(shop.settings.database_url)
    with writing(shop.settings.database_url) as connection:
        return events.expire(connection, shop.at, shop.catalogue.watch.event_days)


@contextmanager
def _indexed(shop: Workshop) -> Iterator[Connection]:
    """Hold the write transaction, the index of the ledger caught up."""
    upgrade(shop.settings.database_url)
    with writing(shop.settings.database_url) as connection:
        index.caught_up(connection, shop.home / "ledger")
        yield connection
