"""The verdict on an archive package: genuine, and how it stands by each of the four checks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from onefile.verify.archive import CHECKS, Archive, Folder, Problem, four_checks, open_archive
from onefile.verify.licence_verdict import printable
from onefile.verify.trust import read_trust


@dataclass(frozen=True)
class ArchiveVerdict:
    """A package that the bureau signed; `checks` are by check what is wrong, nothing where it passes."""

    archive: Archive
    checks: Mapping[str, list[Problem]]

    @property
    def exit_code(self) -> int:
        """4: a check does not pass; 0: all do."""
        return 4 if any(self.checks.values()) else 0


def judge_archive(envelope: bytes, trust: bytes, folder: Path) -> ArchiveVerdict:
    """Check an archive package in its folder, offline.

    Args:
        envelope, trust: the bytes of its envelope and of the trust file.
        folder: where the envelope lies, with the files.

    Raises:
        VerificationError: the envelope is not the bureau's, or something cannot be read.
    """
    archive = open_archive(envelope, read_trust(trust))
    return ArchiveVerdict(archive, four_checks(archive, Folder(folder)))


def told(verdict: ArchiveVerdict, lang: str) -> str:
    """Return the verdict in words: the package, then each check."""
    archive, place = verdict.archive, 0 if lang == "zh" else 1
    if lang == "zh":
        head = f"归档包 {archive.package}：全宗 {archive.fonds}，办件 {archive.case}，保管期限 {archive.retention}"
        passed, failed = "通过", "不通过"
    else:
        head = f"archive package {archive.package}: fonds {archive.fonds}, case {archive.case}, {archive.retention}"
        passed, failed = "passed", "failed"
    lines = [head]
    for name, wrong in verdict.checks.items():
        said = "; ".join(each[place] for each in wrong)
        lines.append(f"{CHECKS[name][place]}: {failed}: {said}" if wrong else f"{CHECKS[name][place]}: {passed}")
    return "\n".join(printable(line) for line in lines)


def as_json(verdict: ArchiveVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    archive, place = verdict.archive, 0 if lang == "zh" else 1
    return {
        "verdict": "damaged" if verdict.exit_code else "genuine", "words": told(verdict, lang),
        "package": archive.package, "fonds": archive.fonds, "case": archive.case, "item": archive.item,
        "retention": archive.retention, "keep_until": archive.keep_until,
        "checks": {name: [each[place] for each in wrong] for name, wrong in verdict.checks.items()},
    }  # fmt: skip
