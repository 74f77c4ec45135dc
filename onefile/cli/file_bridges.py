"""By which bridge a file was found that is known by another number now, and where a bridge comes from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from onefile.settings import Settings
from schemas.identifiers.earlier import ORGANISATION, STANDARD
from schemas.subjects import SubjectNumber

OF_15_DIGITS = "GB 11643-1999"
BROUGHT = ("department", "delivery", "row_no", "learnt_at")


def bridged(settings: Settings, shown: Mapping[str, Any], asked: Sequence[SubjectNumber]) -> dict[str, Any]:
    """Return what is to be shown of a file's earlier numbers: `identifiers` with what brought them, and `found_by`.

    Args:
        shown: the file, as `file_view.view` returns it.
        asked: the numbers that were asked for.

    Returns:
        `found_by` is empty where the file is known by the number that was asked for.
    """
    brought = _brought(settings, shown)
    identifiers = [
        each | brought.get((each["number"], each["resource"]), dict.fromkeys(BROUGHT)) for each in shown["identifiers"]
    ]
    found = [way for n in asked if n.kind == shown["kind"] for way in _ways(n, shown["number"], identifiers)]
    return {"identifiers": identifiers, "found_by": found}


def _ways(asked: SubjectNumber, present: str, identifiers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the bridges from a number that was asked for to the present one of a file."""
    found = []
    if asked.original is not None:
        standard = OF_15_DIGITS if asked.kind == "person" else STANDARD
        found.append(_by_standard(standard, asked.number_type, asked.original))
    if asked.number != present:
        meant = (asked.number_type, asked.number)
        stated = [each for each in identifiers if (each["type"], each["number"]) == meant]
        if not stated and asked.number_type == ORGANISATION:
            stated = [_by_standard(STANDARD, ORGANISATION, asked.number)]
        found += stated
    return found


def _by_standard(standard: str, number_type: str, number: str) -> dict[str, Any]:
    told: dict[str, Any] = {"type": number_type, "number": number, "resource": standard, "observed_on": None}
    return told | {"resource_title": None, "resource_title_en": None} | dict.fromkeys(BROUGHT)


def _brought(settings: Settings, shown: Mapping[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    """Return by earlier number and resource what brought the bridge; the lake is asked only where there is one."""
    if all(each["number"] == shown["number"] for each in shown["identifiers"]):
        return {}
    import pyarrow.dataset as ds

    from pipelines import names, peek, places

    columns = ("earlier", "resource", "since", *BROUGHT)
    mine = ds.field("present") == shown["number"]
    rows = peek.rows(places.of(settings), names.bridge(shown["kind"]), columns, mine)
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for row in sorted([] if rows is None else rows.to_pylist(), key=lambda row: row["since"]):
        told = {name: row[name] for name in BROUGHT} | {"learnt_at": row["learnt_at"].isoformat()}
        found.setdefault((row["earlier"], row["resource"]), told)
    return found
