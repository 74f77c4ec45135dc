"""The verdict on a batch of a shared table: genuine and whole, and what has to be taken over before it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from onefile.verify.batch import ENVELOPE, FULL, MANIFEST, Batch, BatchDiffers, check_folder, open_batch
from onefile.verify.reading import read_file
from onefile.verify.trust import read_trust


@dataclass(frozen=True)
class BatchVerdict:
    """A batch that is genuine, with every file as it was signed."""

    batch: Batch

    @property
    def exit_code(self) -> int:
        """0: what is not genuine raises."""
        return 0


def judge_batch(data: bytes, trust: bytes, folder: Path) -> BatchVerdict:
    """Check a batch: signature, manifest, each file's bytes, and each row.

    Args:
        data: the envelope's bytes.
        trust: those of the trust file.
        folder: where the envelope lies, with the files.

    Raises:
        VerificationError: it is not genuine, or cannot be read.
    """
    batch, payload = open_batch(data, read_trust(trust))
    if read_file(folder / MANIFEST) != payload:
        raise BatchDiffers(f"{MANIFEST} says something else than {ENVELOPE}", f"{MANIFEST} 与 {ENVELOPE} 不一致")
    check_folder(folder, batch)
    return BatchVerdict(batch)


def told(verdict: BatchVerdict, lang: str) -> str:
    """Return the verdict in a sentence."""
    batch = verdict.batch
    rows = sum(each.rows for each in batch.files)
    if lang == "zh":
        kind = "全量" if batch.kind == FULL else f"增量，须先接收 {batch.since}"
        return f"真实：批次 {batch.id}，{batch.resource}，版本 {batch.version}，{rows} 行（{kind}）"
    kind = "all of the table" if batch.kind == FULL else f"changes; take {batch.since} over before"
    return f"genuine: batch {batch.id} of {batch.resource}, version {batch.version}, {rows} rows ({kind})"


def as_json(verdict: BatchVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    batch = verdict.batch
    return {
        "verdict": "genuine", "words": told(verdict, lang), "id": batch.id, "resource": batch.resource,
        "kind": batch.kind, "since": batch.since, "share": batch.share, "consumer": batch.consumer,
        "grant": batch.grant, "generation": batch.generation, "version": batch.version,
        "rows": sum(each.rows for each in batch.files),
        "table": {"rows": batch.tally.rows, "digest": batch.tally.digest},
    }  # fmt: skip
