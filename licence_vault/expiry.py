"""What time does to licences: those whose last day is over lapse, and those that soon will be are listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice

from licence_vault import store
from licence_vault.chunks import ENDS_BY_TIME, lapsed
from licence_vault.drafts import Draft
from licence_vault.issuing import issue
from licence_vault.restating import restated
from licence_vault.store import Version
from licence_vault.vault import Vault
from schemas.licence_types import LicenceType

AT_ONCE = 20_000
"""Licences in one batch: bounds how long others wait for the log and the database."""
LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class Ending:
    """A licence in force whose last day is near: `days_left` 0 on the last day itself."""

    version: Version
    days_left: int


def is_due(vault: Vault, kinds: Mapping[str, LicenceType], day: date) -> bool:
    """Say whether the last day of any licence of a declared type is over that has not lapsed yet."""
    return next(_ended(vault, kinds, day), None) is not None


def lapse(vault: Vault, kinds: Mapping[str, LicenceType], *, at: datetime, day: date) -> int:
    """Let the licences lapse whose last day is over: a version and a leaf for each, and nothing for the rest.

    Run again, or killed and run again, nothing is done twice.

    Args:
        kinds: the declared types by code; a licence of another type is left as it is.
        at: the instant of the batches, `AT_ONCE` licences each.
        day: its legal day: a licence whose last day is before it lapses, since the day after its last.

    Returns:
        How many lapsed.

    Raises:
        VaultError, ServingError: as `issuing.issue`.
    """
    number = 0
    while drafts := list(islice(_drafts(vault, kinds, day), AT_ONCE)):
        head = vault.log.checkpoint()
        batch_id = f"lapse:{day.isoformat()}:{0 if head is None else head.size}"
        done = issue(vault, drafts, batch_id=batch_id, at=at, day=day.isoformat())
        number += 0 if done.is_repeat else done.batch.issued
        if not done.batch.issued:
            break
    return number


def ending(vault: Vault, day: date, within: int) -> Iterator[Ending]:
    """Yield the licences in force that end within so many days from a day on, page by page of their keys."""
    for version in _between(vault, day, day + timedelta(days=within)):
        yield Ending(version, (date.fromisoformat(version.valid_until or "") - day).days)


def _drafts(vault: Vault, kinds: Mapping[str, LicenceType], day: date) -> Iterator[Draft]:
    for version in _ended(vault, kinds, day):
        draft = restated(vault, kinds, version)
        if draft is not None and draft.valid_until is not None:
            yield lapsed(draft, draft.valid_until)


def _ended(vault: Vault, kinds: Mapping[str, LicenceType], day: date) -> Iterator[Version]:
    for version in _between(vault, LONG_AGO, day - timedelta(days=1)):
        if version.licence_key.partition(".")[0] in kinds:
            yield version


def _between(vault: Vault, first: date, last: date) -> Iterator[Version]:
    after = ""
    while True:
        with vault.looking() as connection:
            page = store.ending_between(connection, ENDS_BY_TIME, first.isoformat(), last.isoformat(), after)
        yield from page
        if not page:
            return
        after = page[-1].licence_key
