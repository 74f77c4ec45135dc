"""What every verb that looks at a subject does: read who is meant, find the files, put the look into the ledger."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.marking import Marks
    from licence_vault.keystore import Keystore
    from schemas.serving.reading import PublishedFile
    from schemas.subjects import SubjectNumber


def subject(text: str) -> tuple[SubjectNumber, ...]:
    """Return what the argument SUBJECT may mean; `-` has it read from standard input."""
    from schemas.subjects import subject_numbers

    return subject_numbers(_from_standard_input() if text == "-" else text.strip())


def find(settings: Settings, numbers: Iterable[SubjectNumber]) -> list[PublishedFile]:
    """Return the published files of the subjects that have one of the numbers.

    An organisation code that no file lists leads to the one credit code that it stands in; to none where there are two.
    """
    from schemas.identifiers.earlier import ORGANISATION
    from schemas.serving.reading import containing, find, reading

    found: dict[str, PublishedFile] = {}
    with reading(settings.database_url) as snapshot:
        for n in numbers:
            files = find(snapshot, n.kind, n.number_type, n.number)
            if not files and n.number_type == ORGANISATION:
                codes = containing(snapshot, n.number)
                files = find(snapshot, n.kind, "credit_code", codes[0]) if len(codes) == 1 else ()
            found |= {file.subject_id: file for file in files}
    return [*found.values()]


def marks(settings: Settings, subject_ids: Sequence[str]) -> Marks:
    """Return what stands beside values of some subjects while they are in question."""
    from catalog.marking import marks as found
    from schemas.serving.reading import reading

    with reading(settings.database_url) as snapshot:
        return found(snapshot, subject_ids)


def keystore(settings: Settings) -> Keystore:
    """Open the bureau's keystore."""
    from licence_vault.keystore import bureau

    return bureau(settings.home, settings.passphrase_file, settings.now())


def record(
    settings: Settings,
    purpose: str,
    told: Iterable[tuple[str, Sequence[str]]],
    basis: str,
    keys: Keystore | None = None,
) -> None:
    """Put a look into the ledger for each (subject id, fields that are to be shown), before anything is shown.

    Args:
        keys: the bureau's keystore, where it is open already.
    """
    from ledger.entry import Look
    from ledger.record import Ledger

    at = settings.now()
    ledger = Ledger(settings.home / "ledger", keys or keystore(settings))
    for subject_id, fields in told:
        ledger.append(Look(at, settings.operator, purpose, subject_id, tuple(fields), basis))


def given(texts: Sequence[str]) -> list[str]:
    """Return several arguments, each `-` among them read from standard input, in order."""
    wanted = texts.count("-")
    lines = sys.stdin.read(1000).split() if wanted else []
    if len(lines) != wanted:
        raise click.UsageError(f"standard input must hold {wanted} numbers and nothing else")
    read = iter(lines)
    return [next(read) if text == "-" else text for text in texts]


def _from_standard_input() -> str:
    lines = sys.stdin.read(1000).split()
    if len(lines) != 1:
        raise click.UsageError("standard input must hold one number and nothing else")
    return lines[0]
