"""Issuing: drafts become versions in the licence table and leaves in the log, each once, whatever happens.

Under the log's lock, and so by one issuer at a time:

1. A batch that was cut off is finished first.
2. Table and log are held against each other: what was set back is found, and nothing is issued.
3. One transaction writes the versions, with their places in the log, and the batch as `prepared`.
4. Their entries are appended to the log from the table: one signature.
5. The batch is marked `sealed`.

Killed before 3 ends, nothing happened. Killed later, the table knows what is to be in the
log, and the next issuer, or `recover`, brings it there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import islice

from sqlalchemy import Connection

from licence_vault import store
from licence_vault.at_rest import MASTER
from licence_vault.drafts import Draft, Refused
from licence_vault.errors import ClockWentBack, LogAndTableDiffer
from licence_vault.lifecycle import Standing, event
from licence_vault.log_folder import LogWriter
from licence_vault.payloads import payload, place_of, serial
from licence_vault.store import PREPARED, SEALED, Batch, Version
from licence_vault.vault import Vault
from onefile.verify.leaf import SALT_BYTES, commitment
from onefile.verify.licence import PAYLOAD_TYPE
from onefile.verify.reading import instant_text

CHUNK = 2_000
MOST_VERSIONS = 999


@dataclass(frozen=True)
class Issued:
    """What became of a batch. `is_repeat`: it had been issued before, and nothing was done now.

    Counts are of drafts: issued + unchanged + refused = handed in. `refusals` say why; they
    are empty for a repeat.
    """

    batch: Batch
    refusals: tuple[Refused, ...]
    is_repeat: bool


def issue(
    vault: Vault,
    drafts: Iterable[Draft | Refused],
    *,
    batch_id: str,
    at: datetime,
    day: str,
    random: Callable[[int], bytes] = os.urandom,
) -> Issued:
    """Issue a batch of any size, in constant memory.

    Args:
        drafts: in order; those refused already are counted and handed back.
        batch_id: names the batch: the same again issues nothing, whatever the drafts are.
        at: the instant of the batch, not before the last one's.
        day: the legal day of `at`, YYYY-MM-DD: since when a state holds whose record does not say.
        random: makes salts and payload keys.

    Raises:
        LogAndTableDiffer: one of them was set back or altered; nothing is issued.
        ClockWentBack: `at` is before the last batch.
        LogDamaged: the log's files are not what was signed.
        Busy, ServingError: as the lock and the database say.
    """
    with vault.log.writing(vault.signer) as writer:
        _recover(vault, writer)
        with vault.tables() as connection:
            _check(connection, writer, at)
            known = store.batch_of(connection, batch_id)
            if known is not None:
                return Issued(known, (), True)
            chunks = _Chunks(vault, connection, writer.head.size, at, day, random)
            for chunk in _chunks(drafts):
                chunks.take(chunk)
            batch = chunks.batch(batch_id, writer.head.size)
            store.put_batch(connection, batch)
        if batch.state == PREPARED:
            batch = _seal(vault, writer, batch)
        return Issued(batch, tuple(chunks.refusals), False)


def recover(vault: Vault) -> None:
    """Finish a batch that was cut off; errors as `issue`."""
    with vault.log.writing(vault.signer) as writer:
        _recover(vault, writer)


def _recover(vault: Vault, writer: LogWriter) -> None:
    with vault.tables() as connection:
        last = store.last_batch(connection)
    if last is not None and last.state == PREPARED:
        _seal(vault, writer, last)


def _seal(vault: Vault, writer: LogWriter, batch: Batch) -> Batch:
    """Bring a prepared batch into the log, unless it is there already, and mark it."""
    with vault.tables() as connection:
        rows = store.versions(connection, batch.size_before, batch.size_after)
        if writer.head.size == batch.size_before:
            writer.append(version.entry() for version in rows)
        elif writer.head.size == batch.size_after:
            there = vault.log.entries(batch.size_before, batch.size_after)
            if any(version.entry() != entry for version, entry in zip(rows, there, strict=True)):
                raise LogAndTableDiffer(f"the entries of batch {batch.batch_no} are others")
        if writer.head.size != batch.size_after:
            raise LogAndTableDiffer(f"batch {batch.batch_no} ends at {batch.size_after}, the log at {writer.head.size}")
        store.seal_batch(connection, batch, writer.head.root)
    return replace(batch, state=SEALED, root=writer.head.root)


def _check(connection: Connection, writer: LogWriter, at: datetime) -> None:
    last = store.last_batch(connection)
    size = 0 if last is None else last.size_after
    if size != writer.head.size:
        raise LogAndTableDiffer(f"the table ends at {size}, the log at {writer.head.size}")
    if last is None:
        return
    if last.root is not None and last.root != writer.head.root:
        raise LogAndTableDiffer(f"the log's root is not the one of batch {last.batch_no}")
    if datetime.fromisoformat(last.recorded_at) > at:
        raise ClockWentBack(instant_text(at), last.recorded_at)


class _Chunks:
    """Turns drafts into rows, chunk by chunk, in an open transaction."""

    def __init__(
        self, vault: Vault, connection: Connection, size: int, at: datetime, day: str, random: Callable[[int], bytes]
    ) -> None:
        self._vault, self._connection, self._random = vault, connection, random
        self._at, self._day, self._at_text = at, day, instant_text(at)
        self._size = size
        self._issued = self._unchanged = 0
        self.refusals: list[Refused] = []
        self._number = 0

    def batch(self, batch_id: str, size_before: int) -> Batch:
        """Return the batch as it stands; one that issues nothing is sealed at once."""
        last = store.last_batch(self._connection)
        is_empty = self._size == size_before
        return Batch(
            batch_no=1 if last is None else last.batch_no + 1,
            batch_id=batch_id,
            size_before=size_before,
            size_after=self._size,
            recorded_at=self._at_text,
            state=SEALED if is_empty else PREPARED,
            root=None if last is None or not is_empty else last.root,
            issued=self._issued,
            unchanged=self._unchanged,
            refused=len(self.refusals),
        )

    def take(self, chunk: list[Draft | Refused]) -> None:
        """Write the rows of a chunk of drafts."""
        secret = self._vault.at_rest.lookup
        keys = [None if isinstance(d, Refused) else _key(d, serial(d, secret)) for d in chunk]
        wanted = {key for key in keys if key is not None}
        known = store.newest(self._connection, wanted)
        holders = store.known_holders(self._connection, known)
        licences: dict[str, tuple[str, str, bytes | None]] = {}
        new_holders: dict[tuple[bytes, str], None] = {}
        versions: list[Version] = []
        for draft, key in zip(chunk, keys, strict=True):
            self._number += 1
            if isinstance(draft, Refused) or key is None:
                self.refusals.append(draft if isinstance(draft, Refused) else Refused(self._number, "required", None))
                continue
            version = self._version(draft, key, known.get(key))
            if version is None:
                continue
            if key not in known:
                licences[key] = (key, draft.type.name, self._printed(draft))
            for holder in draft.holders:
                found = (self._vault.at_rest.holder(holder.kind, holder.number), key)
                if found not in holders:
                    new_holders[found] = None
            known[key] = version
            versions.append(version)
        store.put(self._connection, list(licences.values()), new_holders, versions)

    def _printed(self, draft: Draft) -> bytes | None:
        return None if draft.printed is None else self._vault.at_rest.printed(draft.type.code, draft.printed)

    def _version(self, draft: Draft, key: str, before: Version | None) -> Version | None:
        """Return the next version of a licence; None when nothing changed, or when it is refused, which is noted."""
        content_hash = self._vault.at_rest.content(draft.content_bytes())
        if before is not None and before.content_hash == content_hash:
            self._unchanged += 1
            return None
        happened = event(_standing(before), Standing(draft.state, draft.valid_until))
        number = 1 if before is None else before.version + 1
        if happened is None or number > MOST_VERSIONS:
            self.refusals.append(
                Refused(self._number, "version_limit" if happened else "transition", draft.type.state_column)
            )
            return None
        since_on = self._day if draft.since_on is None else draft.since_on.isoformat()
        place = place_of(key, number)
        content = payload(draft, place, happened, since_on, self._at)
        salt = self._random(SALT_BYTES)
        kept = self._vault.at_rest.seal(place.id, salt, content, self._random)
        self._size += 1
        self._issued += 1
        return Version(
            licence_key=key,
            version=number,
            leaf_index=self._size - 1,
            recorded_at=self._at_text,
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
            master=MASTER,
        )


def _standing(before: Version | None) -> Standing | None:
    if before is None:
        return None
    return Standing(before.state, None if before.valid_until is None else date.fromisoformat(before.valid_until))


def _key(draft: Draft, text: str) -> str:
    """Return what a licence's identifier has without version and check character."""
    return f"{draft.type.code}.{draft.type.issuer_code}.{text}"


def _chunks(drafts: Iterable[Draft | Refused]) -> Iterator[list[Draft | Refused]]:
    left = iter(drafts)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
