"""What time does to licences: those whose last day is over lapse, and those that soon will be are listed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from licence_vault import store
from licence_vault.chunks import ENDS_BY_TIME, lapsed
from licence_vault.drafts import Draft
from licence_vault.issuing import Issued, issue
from licence_vault.restating import restated
from licence_vault.store import Version
from licence_vault.vault import Vault
from schemas.licence_types import LicenceType

LONG_AGO = date(1, 1, 1)


@dataclass(frozen=True)
class Ending:
    """A licence in force whose last day is near: `days_left` 0 on the last day itself."""

    version: Version
    days_left: int


def is_due(vault: Vault, day: date) -> bool:
    """Say whether the last day of any licence is over that has not lapsed yet."""
    return next(_ended(vault, day), None) is not None


def lapse(vault: Vault, kinds: Mapping[str, LicenceType], *, at: datetime, day: date) -> Issued | None:
    """Let the licences lapse whose last day is over: a version and a leaf for each, and nothing for the rest.

    Run again, or killed and run again, nothing is done twice.

    Args:
        kinds: the declared types by code; a licence of another type is left as it is.
        at: the instant of the batch.
        day: its legal day: a licence whose last day is before it lapses, since the day after its last.

    Returns:
        What was issued; None where nothing had ended.

    Raises:
        VaultError, ServingError: as `issuing.issue`.
    """
    if not is_due(vault, day):
        return None
    head = vault.log.checkpoint()
    batch_id = f"lapse:{day.isoformat()}:{0 if head is None else head.size}"
    return issue(vault, _drafts(vault, kinds, day), batch_id=batch_id, at=at, day=day.isoformat())


def ending(vault: Vault, day: date, within: int) -> Iterator[Ending]:
    """Yield the licences in force that end within so many days from a day on, page by page of their keys."""
    for version in _between(vault, day, day + timedelta(days=within)):
        yield Ending(version, (date.fromisoformat(version.valid_until or "") - day).days)


def _drafts(vault: Vault, kinds: Mapping[str, LicenceType], day: date) -> Iterator[Draft]:
    for version in _ended(vault, day):
        draft = restated(vault, kinds, version)
        if draft is not None and draft.valid_until is not None:
            yield lapsed(draft, draft.valid_until)


def _ended(vault: Vault, day: date) -> Iterator[Version]:
    return _between(vault, LONG_AGO, day - timedelta(days=1))


def _between(vault: Vault, first: date, last: date) -> Iterator[Version]:
    after = ""
    while True:
        with vault.looking() as connection:
            page = store.ending_between(connection, ENDS_BY_TIME, first.isoformat(), last.isoformat(), after)
        yield from page
        if not page:
            return
        after = page[-1].licence_key
