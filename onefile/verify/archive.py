"""A case's archive package: a folder with a manifest of hashes under the bureau's signature, held by the four checks.

The folder is a BagIt bag (RFC 8493): `manifest-sha256.txt` names every file below `data/` as `sha256sum` writes it, and
beside it lies an envelope (DSSE) that says of which case it is and what the manifest's hash is. `data/metadata.json`
describes each file. The four checks (四性检测) follow the structure used by archives: authentic, whole, usable, safe.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from onefile.verify.dsse import open_envelope
from onefile.verify.errors import Malformed, RetiredKey, Unreadable
from onefile.verify.reading import Record, parse, read_file
from onefile.verify.trust import Trust

FORMAT, METADATA_FORMAT = "onefile.archive/1", "onefile.archive-metadata/1"
PAYLOAD_TYPE = "application/vnd.onefile.archive+json"
USE = "archives"
ENVELOPE, MANIFEST, BAGIT, METADATA = "archive.json.dsse", "manifest-sha256.txt", "bagit.txt", "data/metadata.json"
BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
CHECKS: Mapping[str, tuple[str, str]] = {
    "authentic": ("真实性", "authentic"),
    "whole": ("完整性", "whole"),
    "usable": ("可用性", "usable"),
    "safe": ("安全性", "safe"),
}
"""The four checks (四性检测)."""
BEGINNINGS: Mapping[str, tuple[bytes, ...]] = {
    "application/pdf": (b"%PDF-",), "image/jpeg": (b"\xff\xd8\xff",), "image/png": (b"\x89PNG\r\n\x1a\n",),
    "application/ofd": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": (b"PK\x03\x04",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": (b"PK\x03\x04",),
    "application/json": (b"{",), "application/jsonl": (b"",),
}  # fmt: skip
"""The types that a package may hold, and how their files begin."""
SAID = ("package", "fonds", "department", "item", "case", "retention", "keep_until")
"""What envelope and metadata both say."""
# In two parts, so that no scanner takes this file for what it looks for (EICAR's test file).
_TEST_STRING = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_LINE = re.compile(r"([0-9a-f]{64})  (data/(?:[0-9a-z_-]+/)*[0-9a-z_.-]+)\Z")
Problem = tuple[str, str]
"""What is wrong, in Chinese and in English."""


class MalformedArchive(Malformed):
    """The signed payload, the manifest or the metadata is none of an archive package."""

    paper = ("archive package", "归档包")


@dataclass(frozen=True)
class Archive:
    """What the bureau signed of a package. `keep_until` is a day, None: for good."""

    package: str
    fonds: str
    department: str
    item: str
    case: str
    retention: str
    keep_until: str | None
    files: int
    manifest_sha256: str
    made_at: datetime


class Folder(Mapping[str, bytes]):
    """The files of a package's folder by path, each read when it is asked for."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._paths = {path.relative_to(root).as_posix(): path for path in sorted(root.rglob("*")) if not _is_dir(path)}

    def __getitem__(self, path: str) -> bytes:
        """Return a file's bytes; KeyError where there is none, Unreadable for a link and what cannot be read."""
        found = self._paths[path]
        if found.is_symlink():
            raise Unreadable(found.name, "a link")
        return read_file(found)

    def __iter__(self) -> Iterator[str]:
        """Yield the paths in order."""
        return iter(self._paths)

    def __len__(self) -> int:
        """Return how many files there are."""
        return len(self._paths)


def open_archive(envelope: bytes, trust: Trust) -> Archive:
    """Verify an envelope and return what it says of its package.

    Raises:
        MalformedEnvelope, UnknownKey, WrongUse, BadSignature, LostKey: as `open_envelope`.
        MalformedArchive: it was signed, but is of no package.
        RetiredKey: its key was retired before the package was made.
    """
    payload, key = open_envelope(envelope, PAYLOAD_TYPE, trust, USE)
    told = Record(parse(payload, MalformedArchive), "the envelope", MalformedArchive)
    told.choice("format", (FORMAT,))
    found = Archive(
        told.text("package"), told.text("fonds"), told.text("department"), told.text("item"), told.text("case"),
        told.text("retention"), told.text_or_none("keep_until"), told.count("files", 1),
        told.digest("manifest_sha256"), told.instant("made_at"),
    )  # fmt: skip
    if key.retired_at is not None and found.made_at > key.retired_at:
        raise RetiredKey(key.id)
    return found


def read_manifest(data: bytes) -> dict[str, str]:
    """Return by path the hashes that a manifest names; MalformedArchive where it is none, or names a path twice."""
    try:
        lines = data.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise MalformedArchive("the manifest is not ASCII") from None
    found = [_LINE.match(line) for line in lines[:-1]]
    named = {match[2]: match[1] for match in found if match is not None}
    if lines[-1] or len(named) != len(found) or not named:
        raise MalformedArchive("a line of the manifest is none, or names a file twice")
    return named


def four_checks(archive: Archive, files: Mapping[str, bytes]) -> dict[str, list[Problem]]:
    """Hold the files of a package by the four checks; return by check what is wrong, nothing where it passes.

    Args:
        archive: what was signed of it.
        files: all that lies in its folder, by path.

    Raises:
        MalformedArchive: manifest or metadata is there, as it was signed, and is none.
    """
    found: dict[str, list[Problem]] = {name: [] for name in CHECKS}
    manifest = files.get(MANIFEST, b"")
    if sha256(manifest).hexdigest() != archive.manifest_sha256:
        found["authentic"].append(("清单与签名不符", "the manifest is not the one that was signed"))
        return found
    named = read_manifest(manifest)
    found["whole"] = list(_unwhole(named, files))
    if files.get(BAGIT) != BAGIT_TEXT:
        found["whole"].append(("bagit.txt 缺失或不符", "bagit.txt is missing or another"))
    if METADATA not in named or sha256(files.get(METADATA, b"")).hexdigest() != named[METADATA]:
        found["usable"].append(("元数据缺失或无法读取", "the metadata is missing, or cannot be read"))
        return found
    metadata = Record(parse(files[METADATA], MalformedArchive), "the metadata", MalformedArchive)
    metadata.choice("format", (METADATA_FORMAT,))
    if any(metadata.take(name) != getattr(archive, name) for name in SAID):
        found["authentic"].append(("元数据与签名不符", "the metadata says something else than was signed"))
    described = [_Described.read(each) for each in metadata.items("files")]
    found["whole"] += _undescribed(described, named, archive)
    for each in described:
        data = files.get(each.path, b"")
        if not data.startswith(BEGINNINGS.get(each.media_type, ())):
            found["usable"].append((f"{each.path} 不是所述类型", f"{each.path} is not of the type that is said of it"))
        if each.media_type not in BEGINNINGS or _TEST_STRING in data:
            found["safe"].append((f"{each.path} 含有害内容", f"{each.path} holds what harms, or may"))
    return found


@dataclass(frozen=True)
class _Described:
    """A file as the metadata describes it."""

    number: int
    path: str
    media_type: str
    size: int
    sha256: str

    @staticmethod
    def read(value: object) -> _Described:
        told = Record(value, "a file", MalformedArchive)
        return _Described(
            told.count("number", 1), told.text("path"), told.text("media_type"), told.count("size"),
            told.digest("sha256"),
        )  # fmt: skip


def _unwhole(named: Mapping[str, str], files: Mapping[str, bytes]) -> Iterator[Problem]:
    """Yield the files that are missing, other or one too many."""
    for path in sorted(set(files) - set(named) - {MANIFEST, BAGIT, ENVELOPE}):
        yield f"多余文件 {path!a}", f"a file too many: {path!a}"
    for path, wanted in named.items():
        if path not in files:
            yield f"缺少 {path}", f"{path} is missing"
        elif sha256(files[path]).hexdigest() != wanted:
            yield f"{path} 内容不同", f"{path} has other bytes"


def _undescribed(described: list[_Described], named: Mapping[str, str], archive: Archive) -> Iterator[Problem]:
    """Yield what metadata and manifest do not both say, and gaps in the numbers of files."""
    told = {each.path: each.sha256 for each in described}
    if told != {path: digest for path, digest in named.items() if path != METADATA} or len(told) != len(described):
        yield "元数据与清单不一致", "metadata and manifest do not name the same files"
    if [each.number for each in described] != list(range(1, archive.files + 1)):
        yield "文件编号不连续", "the numbers of its files have a gap"


def _is_dir(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()
