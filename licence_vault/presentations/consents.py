"""The holder's own consent (用证授权): who may see what, for which item, until when; withdrawn at any moment."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from licence_vault.presentations.errors import LifeTooLong, NoSuchConsent
from onefile.verify.reading import instant_text
from schemas.serving.tables import LICENCE_CONSENT

MOST_DAYS = 366


@dataclass(frozen=True)
class Consent:
    """A row of `licence_consent`. `item` None: for any. `until` is its last day; `given_how` how the holder said so."""

    consent_id: str
    licence_key: str
    audience: str
    fields: tuple[str, ...]
    item: str | None
    given_at: str
    given_how: str
    until: str
    withdrawn_at: str | None = None

    def covers(self, audience: str, fields: tuple[str, ...], item: str, day: date) -> bool:
        """Say whether this use is what the holder agreed to."""
        return (
            self.withdrawn_at is None
            and self.audience == audience
            and set(fields) <= set(self.fields)
            and self.item in (None, item)
            and day.isoformat() <= self.until
        )


def give(connection: Connection, consent: Consent, day: date) -> None:
    """Write a consent down, from `day` on; LifeTooLong when it ends before, or after more than a year."""
    if not 0 <= (date.fromisoformat(consent.until) - day).days <= MOST_DAYS:
        raise LifeTooLong("a consent", "a year")
    values = {name: getattr(consent, name) for name in Consent.__dataclass_fields__}
    connection.execute(insert(LICENCE_CONSENT).values(**{**values, "fields": json.dumps(list(consent.fields))}))


def withdraw(connection: Connection, consent_id: str, at: datetime) -> None:
    """End a consent at once; what was shown before stays shown. NoSuchConsent when there is nothing to end."""
    row = LICENCE_CONSENT.c
    where = (row.consent_id == consent_id) & row.withdrawn_at.is_(None)
    ended = connection.execute(update(LICENCE_CONSENT).where(where).values(withdrawn_at=instant_text(at)))
    if ended.rowcount != 1:
        raise NoSuchConsent(consent_id)


def of_licence(connection: Connection, licence_key: str) -> list[Consent]:
    """Return the consents for a licence, the oldest first, those that ended too."""
    row = LICENCE_CONSENT.c
    rows = select(LICENCE_CONSENT).where(row.licence_key == licence_key).order_by(row.given_at, row.consent_id)
    return [_read(found._mapping) for found in connection.execute(rows)]


def agreed_fields(connection: Connection, licence_key: str, audience: str, item: str, day: date) -> tuple[str, ...]:
    """Return the fields of the newest consent that covers an audience and item on a day; none where none does."""
    found = [one for one in of_licence(connection, licence_key) if one.covers(audience, (), item, day)]
    return found[-1].fields if found else ()


def _read(row: Mapping[Any, Any]) -> Consent:
    values = {str(name): value for name, value in row.items()}
    return Consent(**{**values, "fields": tuple(json.loads(values["fields"]))})
