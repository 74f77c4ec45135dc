"""Is a table's newest commit whole? A log file that was cut off between two lines reads like a smaller commit.

Which commit is the newest, and what was noted with it, is read here too: asking the engine takes a query.
Delta writes beside each commit how many data files the table has with it, and their bytes. What the commit adds and
removes has to lead from the sums before it to its own; three small files are read for that, whatever the table's size.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from pipelines.errors import LakeDamaged
from pipelines.places import LOG, Place, Where, at

COMMIT = re.compile(r"[0-9]{20}\.json")
SUMS = re.compile(r"[0-9]{20}\.crc")
COMMIT_INFO = '{"commitInfo":'
CUT, DIFFERS, GONE = "COMMIT_CUT_OFF", "COMMIT_DIFFERS_FROM_ITS_SUMS", "COMMIT_GONE"
UNREADABLE = "COMMIT_UNREADABLE"
LISTS = (
    ("setTransactions", "txn", ("appId", "version")),
    ("domainMetadata", "domainMetadata", ("domain", "configuration")),
)
"""What the sums list besides files: by its name there, the action that brings it, and what tells one from another."""


def check(lake: Where, table: str) -> None:
    """Look at the newest commit of a table; where there is none, do nothing.

    Raises:
        LakeDamaged: the commit's file is cut off, or is not what was committed.
    """
    place = at(lake)
    # The sums are looked for first: a commit that comes meanwhile has its file before its sums.
    summed, commit = (max(filter(kind.fullmatch, place.log(table)), default=None) for kind in (SUMS, COMMIT))
    if commit is None:
        return
    if summed is not None and _version(summed) > _version(commit):
        raise LakeDamaged(f"open {table}", GONE, table, f"{LOG}/{_version(summed):020d}.json")
    fault = _fault(place, table, commit)
    if fault is not None:
        raise LakeDamaged(f"open {table}", fault, table, f"{LOG}/{commit}")


def has_commits(lake: Where, table: str) -> bool:
    """Say whether there is a table's log, readable or not."""
    return any(name.endswith(".json") for name in at(lake).log(table))


def is_whole(lake: Where, table: str, version: int) -> bool:
    """Say whether a commit is what was committed, as far as the sums beside it tell; OSError: it is gone."""
    return _fault(at(lake), table, f"{version:020d}.json") is None


def newest(lake: Where, table: str) -> int | None:
    """Return the newest version of a table; None where there is no such table."""
    commit = max(filter(COMMIT.fullmatch, at(lake).log(table)), default=None)
    return None if commit is None else _version(commit)


def notes(lake: Where, table: str, limit: int) -> Iterator[str]:
    """Yield what the newest `limit` commits of a table were given as user metadata, newest first.

    Raises:
        LakeDamaged: the file of one is cut off or cannot be read.
    """
    place = at(lake)
    for commit in sorted(filter(COMMIT.fullmatch, place.log(table)), reverse=True)[:limit]:
        try:
            lines = place.read(table, commit).decode("utf-8").splitlines()
            told = [json.loads(line)["commitInfo"] for line in lines if line.startswith(COMMIT_INFO)]
        except FileNotFoundError:  # Delta takes the oldest files of a log away
            return
        except (ValueError, KeyError):
            raise LakeDamaged(f"read the notes of {table}", UNREADABLE, table, f"{LOG}/{commit}") from None
        yield from (info["userMetadata"] for info in told if info.get("userMetadata"))


def _version(name: str) -> int:
    return int(name[:20])


def _fault(place: Place, table: str, commit: str) -> str | None:
    content = place.read(table, commit)
    if not content.endswith((b"}", b"}\n")):  # also where there is nothing at all
        return CUT
    try:
        actions = [json.loads(line) for line in content.splitlines() if line.strip()]
        after, before = (_sums(place, table, _version(commit) - back) for back in (0, 1))
        is_told = after is None or before is None or _leads(actions, before, after)
    except (ValueError, KeyError, TypeError, AttributeError):
        return UNREADABLE
    return None if is_told else DIFFERS


def _leads(actions: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Say whether a commit leads from the sums before it to its own: files, bytes, each line they tell of."""
    files, size = _change(actions)
    grown = after["numFiles"] - before["numFiles"], after["tableSizeBytes"] - before["tableSizeBytes"]
    if files is not None and (grown != (files, size) or not _strikes_out(actions, before, after)):
        return False
    kinds = {kind for action in actions for kind in action}
    for name, kind in (("metadata", "metaData"), ("protocol", "protocol")):
        if after.get(name) != before.get(name) and kind not in kinds:
            return False
    return all(_has_new(actions, kind, keys, before.get(name), after.get(name)) for name, kind, keys in LISTS)


def _has_new(
    actions: list[dict[str, Any]], kind: str, keys: tuple[str, str], before: list[Any] | None, after: list[Any] | None
) -> bool:
    """Say whether all that a list of the sums has gained stands in the commit; where Delta kept no list, it does."""
    if before is None or after is None:
        return True
    old, new = ({tuple(str(each[key]) for key in keys) for each in listed} for listed in (before, after))
    told = {tuple(str(action[kind][key]) for key in keys) for action in actions if kind in action}
    return new - old <= told


def _change(actions: list[dict[str, Any]]) -> tuple[int | None, int]:
    """Return by how many files and bytes a commit lets the table grow; None: it does not say."""
    moved = [(grows, action[kind]) for action in actions for kind, grows in (("add", 1), ("remove", -1))
             if kind in action]  # fmt: skip
    if any(file.get("size") is None for _, file in moved) or _only_tells_anew(actions, [file for _, file in moved]):
        return None, 0
    return sum(grows for grows, _ in moved), sum(grows * int(file["size"]) for grows, file in moved)


def _strikes_out(actions: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Say whether a commit strikes out as many rows as the sums say; a file that goes takes its own along."""
    old, new = (each.get("numDeletedRecordsOpt") for each in (before, after))
    if old is None or new is None:  # a table of which no rows are struck out, or the first commit that says so
        return True
    struck = sum(
        grows * int(action[kind]["deletionVector"]["cardinality"])
        for action in actions
        for kind, grows in (("add", 1), ("remove", -1))
        if kind in action and action[kind].get("deletionVector")
    )
    return bool(new - old == struck)


def _only_tells_anew(actions: list[dict[str, Any]], files: list[dict[str, Any]]) -> bool:
    """Say whether a commit names files that are there already, to say more of them, as when rows get tracked."""
    operations = {action["commitInfo"].get("operation") for action in actions if "commitInfo" in action}
    if not files:
        return False
    changes = any(file.get("dataChange", True) for file in files)
    return not changes and operations.isdisjoint({"OPTIMIZE"}) and not any("remove" in action for action in actions)


def _sums(place: Place, table: str, version: int) -> dict[str, Any] | None:
    """Return what Delta keeps of the table at a version; of an empty table before its first."""
    if version < 0:
        return {"numFiles": 0, "tableSizeBytes": 0, "setTransactions": [], "domainMetadata": []}
    try:
        found = json.loads(place.read(table, f"{version:020d}.crc"))
        return {**found, "numFiles": int(found["numFiles"]), "tableSizeBytes": int(found["tableSizeBytes"])}
    except (OSError, ValueError, KeyError, TypeError):  # not there, or hurt itself: then they prove nothing
        return None
