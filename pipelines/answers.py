"""The bureau's answer to a delivery: the signed receipt, made from what the lake holds."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass

from inbox.deliveries import Delivery
from licence_vault import receipts
from licence_vault.receipts import Receipt, ReceivedFile, Rejection
from onefile.files import write_whole
from onefile.verify.errors import VerificationError
from onefile.verify.trust import read_trust
from pipelines import bronze, names
from pipelines.conform import Conformed
from pipelines.errors import PipelineError
from pipelines.workshop import Workshop
from schemas.model import Resource

READ_AGAIN, WOULD_SAY = "read-again.json", "would-say.json"


class NotLanded(PipelineError):
    """A receipt is asked for before the delivery's rows were landed."""

    def __init__(self, delivery: str) -> None:
        super().__init__(f"delivery {delivery} has not landed in bronze: run it again from its first step")


def answer(shop: Workshop, delivery: Delivery, resource: Resource, counts: Conformed, held_by: tuple[str, ...]) -> None:
    """Sign and keep the receipt of a conformed delivery. The same delivery gives the same receipt.

    One that is there stays as it was given: where a kill lies between, and declarations changed since, what the
    tables hold is noted beside it (`note_otherwise`).

    Args:
        held_by: the critical expectations that it does not meet; empty when it counts.
    """
    receipt = _receipt(shop, delivery, resource, counts, held_by)
    if given(shop, delivery.id) is None:
        receipts.save(shop.home, receipt, shop.keys.signer("receipts"))
    note_otherwise(shop, delivery, receipts.payload(receipt), counts)


def keep_wording(
    shop: Workshop, delivery: Delivery, resource: Resource, counts: Conformed, held_by: tuple[str, ...]
) -> None:
    """Keep beside a delivery's files, unsigned, what its receipt would say."""
    said = receipts.payload(_receipt(shop, delivery, resource, counts, held_by))
    write_whole(delivery.folder / WOULD_SAY, said)


def would_say(delivery: Delivery) -> bytes:
    """Return what `keep_wording` kept."""
    return (delivery.folder / WOULD_SAY).read_bytes()


@dataclass(frozen=True)
class Otherwise:
    """What the tables hold of a delivery whose receipt, given before a declaration changed, says something else.

    `wording` is the SHA-256, hex, of what the receipt would say today.
    """

    counts: Conformed
    wording: str


def note_otherwise(shop: Workshop, delivery: Delivery, wording: bytes, counts: Conformed) -> bool:
    """Note beside a delivery's kept files what the tables hold of it, where its receipt says something else.

    Args:
        wording: what the receipt would say by the declarations of today.

    Returns:
        Whether it says something else.
    """
    path = delivery.folder / READ_AGAIN
    is_otherwise = given(shop, delivery.id) not in (None, wording)
    if is_otherwise:
        note = asdict(counts) | {"wording": hashlib.sha256(wording).hexdigest()}
        write_whole(path, json.dumps(note, sort_keys=True).encode())
    else:
        path.unlink(missing_ok=True)
    return is_otherwise


def otherwise(delivery: Delivery) -> Otherwise | None:
    """Return what the tables hold of a delivery where its receipt says something else; None where it does not."""
    try:
        kept = json.loads((delivery.folder / READ_AGAIN).read_bytes())
    except FileNotFoundError:
        return None
    return Otherwise(Conformed(kept["accepted"], kept["quarantined"], kept["duplicates"]), kept["wording"])


def given(shop: Workshop, delivery_id: str) -> bytes | None:
    """Return what the receipt of a delivery says, as it is signed; None where no genuine one was given."""
    path = receipts.path(shop.home, delivery_id)
    if not path.exists():
        return None
    try:
        return receipts.payload(receipts.open_receipt(path.read_bytes(), read_trust(shop.keys.trust())))
    except VerificationError:  # then it is no receipt of ours
        return None


def _receipt(
    shop: Workshop, delivery: Delivery, resource: Resource, counts: Conformed, held_by: tuple[str, ...]
) -> Receipt:
    landed = bronze.landed(delivery)
    if landed is None:
        raise NotLanded(delivery.id)
    manifest = delivery.manifest
    return Receipt(
        delivery=delivery.id,
        department=delivery.department,
        resource=resource.id,
        period=manifest.period,
        status="taken",
        received_at=delivery.received_at,
        received=landed.rows,
        accepted=counts.accepted,
        quarantined=counts.quarantined,
        duplicates=counts.duplicates,
        rows_root=landed.rows_root,
        files=tuple(ReceivedFile(file.name, file.rows, file.sha256) for file in manifest.files),
        rejected=_rejected(shop, delivery, resource) if counts.quarantined else (),
        refusal=None,
        held_by=held_by,
    )


def _rejected(shop: Workshop, delivery: Delivery, resource: Resource) -> tuple[Rejection, ...]:
    """Return every reason of every quarantined row, also of those that were erased since, in the order of the rows."""
    places = [names.quarantine(resource.id)] + [names.TOMBSTONE] * shop.lake.exists(names.TOMBSTONE)
    found = [shop.lake.fetched(place, delivery.id, ["_row_no", "problems"]) for place in places]
    rows = ((row["_row_no"], problem) for table in found for row in table.to_pylist() for problem in row["problems"])
    return tuple(Rejection(*item) for item in sorted((row, each["column"], each["reason"]) for row, each in rows))
