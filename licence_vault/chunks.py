"""From drafts to rows, chunk by chunk, within the batch's transaction: the middle of `issuing`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from licence_vault import provenance, store
from licence_vault.drafts import BoundOriginal, Draft, Refused
from licence_vault.lifecycle import Standing, event
from licence_vault.payloads import payload, place_of, serial
from licence_vault.provenance import Order, Refusal, Source
from licence_vault.store import Version
from licence_vault.vault import Vault
from onefile.verify.leaf import SALT_BYTES, commitment
from onefile.verify.licence import PAYLOAD_TYPE
from onefile.verify.reading import instant_text

MOST_VERSIONS = 999
ENDS_BY_TIME = ("valid", "suspended")
"""States that a last day ends."""


@dataclass(frozen=True)
class Moment:
    """When a batch is made: the instant, and its legal day."""

    at: datetime
    day: date

    @property
    def text(self) -> str:
        """The instant as rows and payloads have it."""
        return instant_text(self.at)


@dataclass
class _Known:
    """What the tables say of a chunk's licences; `versions` grows as the chunk is worked through."""

    versions: dict[str, Version]
    holders: set[tuple[bytes, str]]
    orders: dict[str, Order]
    originals: dict[str, tuple[BoundOriginal, ...]]
    erased: set[str]
    refusals: list[Refusal]

    @classmethod
    def of(cls, connection: Connection, keys: Collection[str], records: Collection[bytes]) -> _Known:
        versions = store.newest(connection, keys)
        return cls(
            versions,
            store.known_holders(connection, versions),
            provenance.newest_orders(connection, versions),
            provenance.originals(connection, versions),
            provenance.erased(connection, versions),
            provenance.refusals_about(connection, records) if records else [],
        )


@dataclass
class _Rows:
    """What a chunk is to write."""

    licences: dict[str, tuple[str, str, bytes | None]]
    holders: dict[tuple[bytes, str], None]
    versions: list[Version]
    sources: list[Source]
    refusals: list[Refusal]
    taken: dict[bytes, Order]


class Chunks:
    """Turns drafts into rows in an open transaction. Counts are of drafts."""

    def __init__(
        self, vault: Vault, connection: Connection, size: int, moment: Moment, random: Callable[[int], bytes]
    ) -> None:
        self._vault, self._connection, self._random, self._moment = vault, connection, random, moment
        self.size = size
        self.issued = self.unchanged = 0
        self.refusals: list[Refused] = []
        self._number = 0

    def take(self, chunk: list[Draft | Refused]) -> None:
        """Write the rows of a chunk of drafts."""
        secret = self._vault.at_rest.lookup
        keys = [None if isinstance(d, Refused) else d.key or key_of(d, serial(d, secret)) for d in chunk]
        records = [self._record(draft) for draft in chunk]
        known = _Known.of(self._connection, {key for key in keys if key}, {record for record in records if record})
        rows = _Rows({}, {}, [], [], [], {})
        for draft, key, record in zip(chunk, keys, records, strict=True):
            self._number += 1
            if isinstance(draft, Refused):
                self._refuse(rows, draft, record)
            elif key is not None:
                self._take(rows, known, draft, key, record)
        self._write(known, rows)

    def _take(self, rows: _Rows, known: _Known, draft: Draft, key: str, record: bytes | None) -> None:
        """Make of a draft the next version of its licence; where nothing is new, or it is refused, that is noted."""
        if draft.origin is not None and known.orders.get(key, draft.origin.order) > draft.origin.order:
            self.unchanged += 1  # a statement that comes before what the licence was made from already
            return
        before = known.versions.get(key)
        draft = _as_it_stands(replace(draft, originals=known.originals.get(key, ())), before, self._moment.day)
        content_hash = self._vault.at_rest.content(draft.content_bytes())
        if before is not None and before.content_hash == content_hash:
            self.unchanged += 1
        else:
            happened = event(standing_of(before), Standing(draft.state, draft.valid_until))
            wrong = _wrong(happened, before, key in known.erased)
            if happened is None or wrong is not None:
                refused = Refused(self._number, wrong or "transition", draft.type.state_column, draft.origin)
                self._refuse(rows, refused, record, draft.type.name)
                return
            version = self._version(draft, key, before, happened, content_hash)
            self._add(rows, known, draft, version)
        if draft.origin is not None and record is not None:
            rows.taken[record] = draft.origin.order

    def _add(self, rows: _Rows, known: _Known, draft: Draft, version: Version) -> None:
        key, at_rest = version.licence_key, self._vault.at_rest
        if key not in known.versions:
            printed = None if draft.printed is None else at_rest.printed(draft.type.code, draft.printed)
            rows.licences[key] = (key, draft.type.name, printed)
        for holder in draft.holders:
            found = (at_rest.holder(holder.kind, holder.number), key)
            if found not in known.holders:
                rows.holders[found] = None
        if draft.origin is not None:
            rows.sources.append(Source.of(key, version.version, draft.origin))
            known.orders[key] = draft.origin.order
        known.versions[key] = version
        rows.versions.append(version)

    def _refuse(self, rows: _Rows, refused: Refused, record: bytes | None, type_name: str | None = None) -> None:
        self.refusals.append(replace(refused, number=self._number))
        origin, type_name = refused.origin, type_name or refused.type_name
        if origin is None or record is None or type_name is None:
            return
        told_on, seq, row_no = origin.order
        rows.refusals.append(
            Refusal(
                record, origin.delivery, row_no, type_name, origin.resource, refused.column, refused.reason,
                told_on, seq, self._moment.text, None,
            )
        )  # fmt: skip

    def _version(self, draft: Draft, key: str, before: Version | None, happened: str, content_hash: bytes) -> Version:
        number = 1 if before is None else before.version + 1
        since_on = _since(draft, self._moment.day).isoformat()
        place = place_of(key, number)
        content = payload(draft, place, happened, since_on, self._moment.at)
        salt = self._random(SALT_BYTES)
        kept = self._vault.at_rest.seal(place.id, salt, content, self._random)
        self.size += 1
        self.issued += 1
        return Version(
            licence_key=key,
            version=number,
            leaf_index=self.size - 1,
            recorded_at=self._moment.text,
            event=happened,
            state=draft.state,
            raw_state=draft.raw_state,
            since_on=since_on,
            valid_from=draft.valid_from.isoformat(),
            valid_until=None if draft.valid_until is None else draft.valid_until.isoformat(),
            commitment=commitment(salt, PAYLOAD_TYPE, content),
            content_hash=content_hash,
            sealed=kept.sealed,
            wrapped_key=kept.wrapped_key,
            master=kept.master,
        )

    def _write(self, known: _Known, rows: _Rows) -> None:
        store.put(self._connection, list(rows.licences.values()), rows.holders, rows.versions)
        provenance.put_sources(self._connection, rows.sources)
        open_ones = [r for r in known.refusals if r.settled_at is None]
        done = [r for r in open_ones if r.record_hash in rows.taken and rows.taken[r.record_hash] > r.order]
        provenance.settle(self._connection, done, self._moment.text)
        provenance.put_refusals(self._connection, rows.refusals)
        done = [r for r in rows.refusals if rows.taken.get(r.record_hash, r.order) > r.order]
        provenance.settle(self._connection, done, self._moment.text)

    def _record(self, draft: Draft | Refused) -> bytes | None:
        """Return what finds the refusals about a draft's record; None where no delivery brought it."""
        if draft.origin is None:
            return None
        name = draft.type_name if isinstance(draft, Refused) else draft.type.name
        return self._vault.at_rest.record(name or "", draft.origin.record)


def standing_of(version: Version | None) -> Standing | None:
    """Return how a licence stands after a version; None before the first."""
    if version is None:
        return None
    return Standing(version.state, None if version.valid_until is None else date.fromisoformat(version.valid_until))


def key_of(draft: Draft, text: str) -> str:
    """Return what a licence's identifier has without version and check character."""
    return f"{draft.type.code}.{draft.type.issuer_code}.{text}"


def lapsed(draft: Draft, valid_until: date) -> Draft:
    """Return the draft of a licence that its last day has ended: since the day after."""
    return replace(draft, state="lapsed", since_on=valid_until + timedelta(days=1))


def _as_it_stands(draft: Draft, before: Version | None, day: date) -> Draft:
    """Return a draft as time left it: departments go on calling valid what has ended.

    What a delivery states of a time after the last day has lapsed, and so has what had lapsed and
    got no later last day. A statement about the time before stands as it is, for what came of it then.
    """
    until = draft.valid_until
    if draft.state not in ENDS_BY_TIME or until is None or until >= day:
        return draft
    was_lapsed = before is not None and before.state == "lapsed" and (before.valid_until or "") >= until.isoformat()
    is_after = draft.origin is not None and until < _since(draft, day)
    return lapsed(draft, until) if was_lapsed or is_after else draft


def _since(draft: Draft, day: date) -> date:
    """Return since when a draft's state holds: as the record says, else its statement, else since the batch's day."""
    stated = draft.since_on or draft.since_else
    if stated is not None:
        return stated
    return day if draft.origin is None else draft.origin.told_on


def _wrong(happened: str | None, before: Version | None, is_erased: bool) -> str | None:
    """Return why a licence gets no further version; None when it may."""
    if is_erased:
        return "erased"
    if happened is None:
        return "transition"
    return "version_limit" if before is not None and before.version >= MOST_VERSIONS else None
