"""Judge identifiers by the million: what kind a text is, and whether it is good. No value leaves here.

A finding tells a line by its number and never repeats a text; only of a licence identifier,
which is no personal number, it says what was meant.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache

from schemas.identifiers import areas, licences
from schemas.identifiers.enterprises import CENTRAL_AREA, credit_fault
from schemas.identifiers.persons import citizen_fault, person_fault

KINDS = ("citizen_number", "person_number", "credit_code", "licence_id", "area_code")


@dataclass(frozen=True)
class Finding:
    """What was found of one text.

    `kind` is one of `KINDS`; `reason` a code of `schemas.reasons`, None when it is good;
    `warning` is noticed and no error. `faults` and `repaired` are of licence identifiers.
    """

    kind: str
    reason: str | None
    warning: str | None = None
    faults: tuple[str, ...] = ()
    repaired: str | None = None


@dataclass
class Tally:
    """Counts of findings, by kind, by kind and reason, and by kind and warning."""

    kinds: Counter[str] = field(default_factory=Counter)
    reasons: Counter[tuple[str, str]] = field(default_factory=Counter)
    warnings: Counter[tuple[str, str]] = field(default_factory=Counter)

    @property
    def bad(self) -> int:
        return sum(self.reasons.values())


def judge(text: str, kind: str | None = None, on: date | None = None) -> Finding:
    """Judge one text.

    Args:
        kind: one of `KINDS`; None: guessed from the shape. Texts of 18 digits may be a
            person's number or a credit code: the one whose check fits. Where that is the
            credit code's, by chance it may be a person's with a wrong check; so it has to
            have an area that is listed, and the person's number a day or an area that is none.
            One that begins with 9 needs no listed area: where its day is none it is no foreigner's.
        on: the day it was handed in, which no birth may be after.
    """
    if kind is None:
        kind, reason = _guess(text, on)
    else:
        reason = _fault(kind, text, on)
    if reason is None:
        return _good(kind, _warning(kind, text))
    if kind == "licence_id":
        faults, repaired = licences.diagnose(text)
        return Finding(kind, reason, None, faults, repaired)
    return Finding(kind, reason)


@lru_cache(64)
def _good(kind: str, warning: str | None) -> Finding:
    """Return the finding of a good text: one for all of them."""
    return Finding(kind, None, warning)


def lint(
    texts: Iterable[str], tally: Tally, kind: str | None = None, on: date | None = None
) -> Iterator[tuple[int, Finding]]:
    """Judge many texts, count every finding in `tally`, and yield the bad ones with their line.

    Args:
        texts: one identifier each, line ends taken off; empty ones are passed over.
    """
    for line, text in enumerate(texts, 1):
        if not text:
            continue
        found = judge(text, kind, on)
        tally.kinds[found.kind] += 1
        if found.reason is not None:
            tally.reasons[found.kind, found.reason] += 1
            yield line, found
        elif found.warning is not None:
            tally.warnings[found.kind, found.warning] += 1


def _fault(kind: str, text: str, on: date | None) -> str | None:
    if kind == "citizen_number":
        return citizen_fault(text, on)
    if kind == "person_number":
        return person_fault(text, on)
    return _OTHERS[kind](text)


_OTHERS: dict[str, Callable[[str], str | None]] = {
    "credit_code": credit_fault,
    "licence_id": licences.licence_fault,
    "area_code": areas.fault,
}


def _guess(text: str, on: date | None) -> tuple[str, str | None]:
    """Return the kind that a text looks like, and why it is not a good one, or None."""
    if "." in text:
        return "licence_id", licences.licence_fault(text)
    if len(text) in areas.LENGTHS and text.isdecimal():
        return "area_code", areas.fault(text)
    if not text[:17].isdecimal() or (text[17:].isalpha() and text[17:] not in "XxＸ"):
        return "credit_code", credit_fault(text)
    reason = person_fault(text, on)
    if reason is not None and credit_fault(text) is None and not _is_rather_a_person(text, reason):
        return "credit_code", None
    return "person_number", reason


def _is_rather_a_person(text: str, reason: str) -> bool:
    """Tell 18 digits that pass the credit code's check by chance from those that are one."""
    if text[0] == "9" and reason != "check":
        return False
    if text[2:8] != CENTRAL_AREA and areas.warning(text[2:8]) == "region_unknown":
        return True
    return reason == "check" and areas.warning(text) != "region_unknown"


def _warning(kind: str, text: str) -> str | None:
    """Return what is noticed of a good text: its area, where it has one."""
    if kind == "licence_id":
        return None
    if kind == "credit_code":
        return None if text[2:8] == CENTRAL_AREA else areas.warning(text[2:8])
    if kind == "area_code" or text[0] != "9" or len(text) == 15:
        return areas.warning(text)
    return None
