"""Whom a licence is of, as everything else knows them."""

from __future__ import annotations

import json

from licence_vault.exporting import Kept
from schemas.subjects import NotASubjectNumber, subject_numbers


def subject_ids(kept: Kept) -> list[str]:
    """Return the internal ids of a licence's holders; those whose number is none are left out."""
    found = []
    for holder in json.loads(kept.payload)["holders"]:
        try:
            numbers = subject_numbers(holder["number"])
        except NotASubjectNumber:
            continue
        found += [number.subject_id for number in numbers if number.kind == holder["kind"]]
    return found
