"""Packs what is known of a closed case into the files of an archive package, and signs them. Pure but for the key."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any

from licence_vault import dsse
from licence_vault.archive.errors import NotArchivable, NotPassed
from licence_vault.canonical import canonical
from licence_vault.signers import Signer
from onefile.verify.archive import (
    BAGIT,
    BAGIT_TEXT,
    CHECKS,
    ENVELOPE,
    FORMAT,
    MANIFEST,
    METADATA,
    METADATA_FORMAT,
    PAYLOAD_TYPE,
    four_checks,
    open_archive,
)
from onefile.verify.reading import instant_text
from onefile.verify.trust import Trust

MOST_BYTES = 512 * 2**20
_FIRST = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Part:
    """A file of a package: its path below `data/`, its bytes, its type, and what else its description says."""

    path: str
    data: bytes = field(repr=False)
    media_type: str
    about: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class About:
    """What a package is of. `keep_until` is a day, None: for good; `case_about` what else its metadata says of it."""

    package: str
    fonds: str
    department: str
    item: str
    case: str
    retention: str
    keep_until: str | None
    made_at: datetime
    case_about: Mapping[str, Any]

    def said(self) -> dict[str, Any]:
        """Return what envelope and metadata both say."""
        return {
            "package": self.package, "fonds": self.fonds, "department": self.department, "item": self.item,
            "case": self.case, "retention": self.retention, "keep_until": self.keep_until,
            "made_at": instant_text(self.made_at),
        }  # fmt: skip


def packed(about: About, parts: Iterable[Part], signer: Signer, trust: Trust) -> dict[str, bytes]:
    """Return the files of a package by path, signed, once they pass the four checks.

    Raises:
        NotArchivable: they are larger than a package may be.
        NotPassed: a check fails.
    """
    files = {f"data/{part.path}": part for part in parts}
    if sum(len(part.data) for part in files.values()) > MOST_BYTES:
        raise NotArchivable(f"its files are larger than {MOST_BYTES >> 20} MiB together: archive it by hand")
    described = [
        {**part.about, "number": number, "path": path, "media_type": part.media_type, "size": len(part.data),
         "sha256": sha256(part.data).hexdigest()}
        for number, (path, part) in enumerate(files.items(), 1)
    ]  # fmt: skip
    metadata = canonical({"format": METADATA_FORMAT, **about.said(), **about.case_about, "files": described})
    data = {METADATA: metadata, **{path: part.data for path, part in files.items()}}
    manifest = "".join(f"{sha256(content).hexdigest()}  {path}\n" for path, content in data.items()).encode("ascii")
    payload = canonical({
        "format": FORMAT, **about.said(), "files": len(files), "manifest_sha256": sha256(manifest).hexdigest(),
    })  # fmt: skip
    made = {
        BAGIT: BAGIT_TEXT, MANIFEST: manifest, ENVELOPE: dsse.sign(PAYLOAD_TYPE, payload, signer), **data,
    }  # fmt: skip
    require_passed(made, trust)
    return made


def require_passed(files: Mapping[str, bytes], trust: Trust) -> None:
    """Return where a package passes the four checks; NotPassed, VerificationError where not."""
    found = four_checks(open_archive(files[ENVELOPE], trust), files)
    if any(found.values()):
        raise NotPassed(f"{CHECKS[name][1]}: {each[1]}" for name, wrong in found.items() for each in wrong)


def zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the files of a package as one ZIP; the same files give the same bytes."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in files.items():
            archive.writestr(zipfile.ZipInfo(path, _FIRST), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def unzipped(data: bytes) -> dict[str, bytes]:
    """Return the files of a package that was zipped here."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}
