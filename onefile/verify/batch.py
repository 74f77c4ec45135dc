"""A batch of a shared table: its rows as a file, and a manifest under the bureau's signature.

The manifest is a delivery's (`resource`, `id`, `period`, `files`) and says in `batch` whose table it is, at which
version, whether it is all of it or the changes since an earlier batch, and what the table as a whole comes to then.
It lies beside its envelope (DSSE) as the same bytes, for whoever reads JSON and no envelopes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from onefile.verify.batch_files import CSV, XML, Change, read_changes
from onefile.verify.dsse import open_envelope
from onefile.verify.errors import Malformed, RetiredKey, Unreadable, VerificationError
from onefile.verify.reading import Record, parse
from onefile.verify.rows import Tally
from onefile.verify.trust import Trust

FORMAT = "onefile.batch/1"
PAYLOAD_TYPE = "application/vnd.onefile.batch+json"
USE = "batches"
MANIFEST, ENVELOPE = "manifest.json", "manifest.json.dsse"
FULL, CHANGES = "full", "changes"


class MalformedBatch(Malformed):
    """The signed payload is no manifest of a batch, or a file of it is no file of rows."""

    paper = ("batch", "批次")


class BatchDiffers(VerificationError):
    """What lies in a batch's folder is not what its manifest says."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(
            f"the batch is not as it was signed: {en}; fetch it anew", f"批次与签名清单不符：{zh}；请重新获取"
        )


@dataclass(frozen=True)
class BatchFile:
    """A file of a batch; `sha256` is hexadecimal."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True)
class Batch:
    """A batch of a share's table.

    `kind` is `full` or `changes`; these are since the batch `since`, which has to be taken over before. `tally` is what
    the table comes to with it. `columns` are those of a row after its key.
    """

    id: str
    resource: str
    period: str
    files: tuple[BatchFile, ...]
    kind: str
    form: str
    share: str
    consumer: str
    grant: str
    generation: int
    version: int
    since: str | None
    columns: tuple[str, ...]
    tally: Tally
    made_at: datetime


def open_batch(envelope: bytes, trust: Trust) -> tuple[Batch, bytes]:
    """Verify an envelope and return the batch that it is about, and the bytes that were signed.

    Raises:
        MalformedEnvelope, UnknownKey, WrongUse, BadSignature, LostKey: as `open_envelope`.
        MalformedBatch: it was signed, but is no manifest of this format.
        RetiredKey: its key was retired before the batch was made.
    """
    payload, key = open_envelope(envelope, PAYLOAD_TYPE, trust, USE)
    found = read_batch(payload)
    if key.retired_at is not None and found.made_at > key.retired_at:
        raise RetiredKey(key.id)
    return found, payload


def read_batch(payload: bytes) -> Batch:
    """Return the batch in a payload whose signature already holds; raise MalformedBatch."""
    told = Record(parse(payload, MalformedBatch), "the manifest", MalformedBatch)
    of = Record(told.take("batch"), "the batch", MalformedBatch)
    of.choice("format", (FORMAT,))
    kind = of.choice("kind", (FULL, CHANGES))
    since = of.text_or_none("since")
    if (kind == CHANGES) != (since is not None):
        raise of.wrong("since", "the batch before, where it has changes")
    return Batch(
        told.text("id"), told.text("resource"), told.text("period"),
        tuple(_file(Record(each, "a file", MalformedBatch)) for each in told.items("files")), kind,
        of.choice("form", (CSV, XML)), of.text("share"), of.text("consumer"), of.text("grant"),
        of.count("generation", 1), of.count("version"), since, tuple(of.texts("columns")),
        Tally.read(of.count("rows"), of.digest("digest")), of.instant("made_at"),
    )  # fmt: skip


def check_folder(folder: Path, batch: Batch) -> None:
    """Return where a folder holds the files of a batch and nothing else; every row of them is read.

    Raises:
        BatchDiffers: a file is not there, another, or one too many; the rows are not as many, or do not come to what
            the manifest says.
        MalformedBatch: a file is none of rows.
        Unreadable: a file cannot be read.
    """
    wanted = {each.name for each in batch.files}
    there = {path.name for path in folder.iterdir()} - {MANIFEST, ENVELOPE}
    if there - wanted or wanted - there:
        raise BatchDiffers("a file is missing, or one too many", "缺少文件或有多余文件")
    whole = Tally()
    for each in batch.files:
        path = folder / each.name
        if _sha256(path) != each.sha256:
            raise BatchDiffers(f"{each.name} has other bytes", f"{each.name} 内容不同")
        read = read_changes(path, batch.form, batch.columns, MalformedBatch)
        found = Tally().plus((change.record, *change.values) for change in read)
        if found.rows != each.rows:
            raise BatchDiffers(f"{each.name} has another number of rows", f"{each.name} 行数不同")
        whole = whole.joined(found)
    if batch.kind == FULL and whole != batch.tally:
        raise BatchDiffers("its rows do not come to what is signed", "行的汇总值不符")


def changes(folder: Path, batch: Batch) -> Iterator[Change]:
    """Yield what a batch whose folder was checked puts in place and takes out."""
    for each in batch.files:
        yield from read_changes(folder / each.name, batch.form, batch.columns, MalformedBatch)


def _file(record: Record) -> BatchFile:
    name = record.text("name")
    if Path(name).name != name or name in (MANIFEST, ENVELOPE):
        raise record.wrong("name", "the name of a file beside it")
    return BatchFile(name, record.count("rows"), record.digest("sha256"))


def _sha256(path: Path) -> str:
    found = sha256()
    try:
        with path.open("rb") as file:
            while part := file.read(2**20):
                found.update(part)
    except OSError as error:
        raise Unreadable(path.name, type(error).__name__) from error
    return found.hexdigest()
