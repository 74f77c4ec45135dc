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
from licence_vault.chunks import Chunks, Moment
from licence_vault.drafts import Draft, Refused
from licence_vault.errors import ClockWentBack, LogAndTableDiffer
from licence_vault.log_folder import LogWriter
from licence_vault.store import PREPARED, SEALED, Batch
from licence_vault.vault import Vault
from onefile.verify.checkpoint import LOG_USE, open_checkpoint
from onefile.verify.reading import instant_text

CHUNK = 2_000


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
    first: Callable[[Connection], None] | None = None,
) -> Issued:
    """Issue a batch of any size, in constant memory.

    Args:
        drafts: in order; those refused already are counted and handed back.
        batch_id: names the batch: the same again issues nothing, whatever the drafts are.
        at: the instant of the batch, not before the last one's.
        day: the legal day of `at`, YYYY-MM-DD: since when a state holds whose record does not say.
        random: makes salts and payload keys.
        first: what else the batch's transaction writes, before the drafts are looked at.

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
            if first is not None:
                first(connection)
            moment = Moment(at, date.fromisoformat(day))
            chunks = Chunks(vault, connection, writer.head.size, moment, random)
            for chunk in _chunks(drafts):
                chunks.take(chunk)
            batch = _batch(connection, chunks, batch_id, writer.head.size, moment)
            store.put_batch(connection, batch)
        if batch.state == PREPARED:
            batch = _seal(vault, writer, batch)
        return Issued(batch, tuple(chunks.refusals), False)


def recover(vault: Vault) -> None:
    """Finish a batch that was cut off; errors as `issue`."""
    with vault.log.writing(vault.signer) as writer:
        _recover(vault, writer)


def renew(vault: Vault) -> None:
    """Sign the log's checkpoint with the present key where an earlier one signed it: that was rotated, or lost.

    Raises:
        LogAndTableDiffer: table and log do not agree, so that it may be somebody else's log.
        LogDamaged, Busy, ServingError: as `issue`.
    """
    signed = vault.log.signed()
    if signed is None or open_checkpoint(signed, vault.trust).key.id == vault.keystore.active_key(LOG_USE).id:
        return
    with vault.log.writing(vault.signer) as writer:
        _recover(vault, writer)
        with vault.tables() as connection:
            _check_agreed(store.last_batch(connection), writer)
        writer.renew()


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
    _check_agreed(last, writer)
    if last is not None and datetime.fromisoformat(last.recorded_at) > at:
        raise ClockWentBack(instant_text(at), last.recorded_at)


def _check_agreed(last: Batch | None, writer: LogWriter) -> None:
    """Return when the table's last batch ends where the log ends, with its root."""
    size = 0 if last is None else last.size_after
    if size != writer.head.size:
        raise LogAndTableDiffer(f"the table ends at {size}, the log at {writer.head.size}")
    if last is not None and last.root is not None and last.root != writer.head.root:
        raise LogAndTableDiffer(f"the log's root is not the one of batch {last.batch_no}")


def _batch(connection: Connection, chunks: Chunks, batch_id: str, size_before: int, moment: Moment) -> Batch:
    """Return the batch as it stands; one that issues nothing is sealed at once."""
    last = store.last_batch(connection)
    is_empty = chunks.size == size_before
    return Batch(
        batch_no=1 if last is None else last.batch_no + 1,
        batch_id=batch_id,
        size_before=size_before,
        size_after=chunks.size,
        recorded_at=moment.text,
        state=SEALED if is_empty else PREPARED,
        root=None if last is None or not is_empty else last.root,
        issued=chunks.issued,
        unchanged=chunks.unchanged,
        refused=len(chunks.refusals),
    )


def _chunks(drafts: Iterable[Draft | Refused]) -> Iterator[list[Draft | Refused]]:
    left = iter(drafts)
    while chunk := list(islice(left, CHUNK)):
        yield chunk
