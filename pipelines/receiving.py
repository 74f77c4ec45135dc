"""Takes in what waits in the inbox, and answers what is refused there with a receipt. No Spark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from inbox import deliveries, door
from inbox.deliveries import Received
from inbox.door import Arrival
from inbox.errors import Refused
from inbox.manifest import Manifest, read_manifest
from inbox.names import MANIFEST
from licence_vault import receipts
from licence_vault.log import EMPTY_ROOT
from licence_vault.receipts import Receipt, ReceivedFile
from onefile.files import write_whole
from pipelines.workshop import Workshop


def receive(shop: Workshop, on_look: Callable[[str], None] = lambda _: None) -> list[Arrival]:
    """Let everything in that waits, and see that each refused delivery has its receipt.

    Raises:
        Busy: another run holds the door.
    """
    arrivals = door.receive(
        shop.home, shop.resources, shop.at, shop.settings.timezone, wait=True, on_look=on_look,
        rejected=lambda resource: _rejected(shop, resource),
    )  # fmt: skip
    for folder, note in deliveries.notes(shop.home):
        if note.status == "refused":
            _answer(shop, folder, note)
    return arrivals


def _rejected(shop: Workshop, resource: str) -> set[tuple[str, int]]:
    """Return what was ever quarantined of a resource; what reads tables is loaded when a correction comes in."""
    from pipelines import quarantine

    return quarantine.ever(shop.place, resource)


def _answer(shop: Workshop, folder: Path, note: Received) -> None:
    """Keep the receipt of a refused delivery: under its folder's name, and under its id unless a taken one has it."""
    kept = receipts.path(shop.home, note.name)
    if kept.exists():
        return
    receipts.save(shop.home, _refused(shop, folder, note), shop.keys.signer("receipts"), name=note.name)
    if note.delivery is not None and deliveries.find(shop.home, note.delivery) is None:
        write_whole(receipts.path(shop.home, note.delivery), kept.read_bytes())


def _refused(shop: Workshop, folder: Path, note: Received) -> Receipt:
    manifest = _manifest(folder)
    is_known = manifest is not None and manifest.resource in shop.resources  # else anything may stand there
    return Receipt(
        delivery=note.delivery or note.name,
        department=note.department,
        resource=manifest.resource if manifest and is_known else None,
        period=manifest.period if manifest else None,
        status="refused",
        received_at=note.received_at,
        received=0,
        accepted=0,
        quarantined=0,
        duplicates=0,
        rows_root=EMPTY_ROOT.hex(),
        files=tuple(ReceivedFile(f.name, f.rows, f.sha256) for f in manifest.files) if manifest else (),
        rejected=(),
        refusal=_why(note),
        held_by=(),
    )


def _why(note: Received) -> receipts.Refusal | None:
    """Return the refusal in both languages: a receipt does not depend on who made it."""
    if note.refusal is None:
        return None
    zh, en = note.refusal.words("zh"), note.refusal.words("en")
    return receipts.Refusal(
        reason=note.refusal.reason,
        found=f"{zh.found} / {en.found}",
        wanted=f"{zh.wanted} / {en.wanted}",
        do=f"{zh.do} / {en.do}",
    )


def _manifest(folder: Path) -> Manifest | None:
    """Return what could be read of a refused delivery's manifest."""
    try:
        return read_manifest((folder / MANIFEST).read_bytes())
    except (OSError, Refused):
        return None
