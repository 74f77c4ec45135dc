"""The bureau's answer to a delivery: the signed receipt, made from what the lake holds."""

from __future__ import annotations

from pyspark.sql import functions as f

from inbox.deliveries import Delivery
from licence_vault import receipts
from licence_vault.receipts import Receipt, ReceivedFile, Rejection
from pipelines import bronze, erasing, names
from pipelines.conform import Conformed
from pipelines.errors import PipelineError
from pipelines.lake import engine
from pipelines.workshop import Workshop
from schemas.model import Resource


class NotLanded(PipelineError):
    """A receipt is asked for before the delivery's rows were landed."""

    def __init__(self, delivery: str) -> None:
        super().__init__(f"delivery {delivery} has not landed in bronze: run it again from its first step")


def answer(shop: Workshop, delivery: Delivery, resource: Resource, counts: Conformed, held_by: tuple[str, ...]) -> None:
    """Sign and keep the receipt of a conformed delivery. The same delivery gives the same receipt.

    Args:
        held_by: the critical expectations that it does not meet; empty when it counts.
    """
    landed = bronze.landed(delivery)
    if landed is None:
        raise NotLanded(delivery.id)
    manifest = delivery.manifest
    receipt = Receipt(
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
    receipts.save(shop.home, receipt, shop.keys.signer("receipts"))


def _rejected(shop: Workshop, delivery: Delivery, resource: Resource) -> tuple[Rejection, ...]:
    """Return every reason of every quarantined row, also of those that were erased since, in the order of the rows."""
    found = shop.lake.read(names.quarantine(resource.id)).where(f.col("_delivery") == delivery.id)
    judged = found.select("_row_no", "problems")
    if shop.lake.exists(names.TOMBSTONE):
        judged = judged.unionByName(erasing.of_delivery(shop.lake, delivery.id).select("_row_no", "problems"))
    rows = judged.select("_row_no", f.explode("problems").alias("problem"))
    rows = rows.select("_row_no", "problem.column", "problem.reason")
    with engine(f"read the rejected rows of delivery {delivery.id}"):
        table = rows.toArrow()
    reasons = zip(*(table.column(name).to_pylist() for name in ("_row_no", "column", "reason")), strict=True)
    return tuple(Rejection(*item) for item in sorted(reasons))
