"""Is a table's newest commit whole? A log file that was cut off between two lines reads like a smaller commit.

Which commit is the newest, and what was noted with it, is read here too: asking the engine takes a query.
Delta writes beside each commit how many data files the table has with it, and their bytes. What the commit adds and
removes has to lead from the sums before it to its own; three small files are read for that, whatever the table's size.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pipelines.errors import LakeDamaged

LOG = "_delta_log"
COMMITS = f"{'[0-9]' * 20}.json"
COMMIT_INFO = '{"commitInfo":'
CUT, DIFFERS, GONE = "COMMIT_CUT_OFF", "COMMIT_DIFFERS_FROM_ITS_SUMS", "COMMIT_GONE"
UNREADABLE = "COMMIT_UNREADABLE"
LISTS = (
    ("setTransactions", "txn", ("appId", "version")),
    ("domainMetadata", "domainMetadata", ("domain", "configuration")),
)
"""What the sums list besides files: by its name there, the action that brings it, and what tells one from another."""


def check(root: str, table: str) -> None:
    """Look at the newest commit of a table in a folder; where there is none, or the lake is no folder, do nothing.

    Raises:
        LakeDamaged: the commit's file is cut off, or is not what was committed.
    """
    log = Path(root) / table / LOG
    if not log.is_dir():
        return
    # The sums are looked for first: a commit that comes meanwhile has its file before its sums.
    summed, commit = (max(log.glob("[0-9]" * 20 + end), default=None) for end in (".crc", ".json"))
    if commit is None:
        return
    if summed is not None and summed.stem > commit.stem:
        raise LakeDamaged(f"open {table}", GONE, table, f"{LOG}/{summed.stem}.json")
    fault = _fault(commit)
    if fault is not None:
        raise LakeDamaged(f"open {table}", fault, table, f"{LOG}/{commit.name}")


def has_commits(root: str, table: str) -> bool:
    """Say whether a folder holds a table's log, readable or not."""
    return any((Path(root) / table / LOG).glob("*.json"))


def newest(root: str, table: str) -> int | None:
    """Return the newest version of a table in a folder; None where there is no such folder to look into."""
    commit = max(Path(root, table, LOG).glob(COMMITS), default=None)
    return None if commit is None else int(commit.stem)


def notes(root: str, table: str, limit: int) -> Iterator[str]:
    """Yield what the newest `limit` commits of a table in a folder were given as user metadata, newest first.

    Raises:
        LakeDamaged: the file of one is cut off or cannot be read.
    """
    for commit in sorted(Path(root, table, LOG).glob(COMMITS), reverse=True)[:limit]:
        try:
            lines = commit.read_text("utf-8").splitlines()
            told = [json.loads(line)["commitInfo"] for line in lines if line.startswith(COMMIT_INFO)]
        except FileNotFoundError:  # Delta takes the oldest files of a log away
            return
        except (ValueError, KeyError):
            raise LakeDamaged(f"read the notes of {table}", UNREADABLE, table, f"{LOG}/{commit.name}") from None
        yield from (info["userMetadata"] for info in told if info.get("userMetadata"))


def _fault(commit: Path) -> str | None:
    content = commit.read_bytes()
    if not content.endswith((b"}", b"}\n")):  # also where there is nothing at all
        return CUT
    try:
        actions = [json.loads(line) for line in content.splitlines() if line.strip()]
        after, before = _sums(commit, 0), _sums(commit, 1)
        is_told = after is None or before is None or _leads(actions, before, after)
    except (ValueError, KeyError, TypeError, AttributeError):
        return UNREADABLE
    return None if is_told else DIFFERS


def _leads(actions: list[dict[str, Any]], before: dict[str, Any], after: dict[str, Any]) -> bool:
    """Say whether a commit leads from the sums before it to its own: files, bytes, each line they tell of."""
    files, size = _change(actions)
    grown = after["numFiles"] - before["numFiles"], after["tableSizeBytes"] - before["tableSizeBytes"]
    if files is not None and grown != (files, size):
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


def _only_tells_anew(actions: list[dict[str, Any]], files: list[dict[str, Any]]) -> bool:
    """Say whether a commit names files that are there already, to say more of them, as when rows get tracked."""
    operations = {action["commitInfo"].get("operation") for action in actions if "commitInfo" in action}
    if not files:
        return False
    changes = any(file.get("dataChange", True) for file in files)
    return not changes and operations.isdisjoint({"OPTIMIZE"}) and not any("remove" in action for action in actions)


def _sums(commit: Path, back: int) -> dict[str, Any] | None:
    """Return what Delta keeps of the table at a commit, or so many before it; of an empty table before its first."""
    version = int(commit.stem) - back
    if version < 0:
        return {"numFiles": 0, "tableSizeBytes": 0, "setTransactions": [], "domainMetadata": []}
    try:
        found = json.loads(commit.with_name(f"{version:020d}.crc").read_bytes())
        return {**found, "numFiles": int(found["numFiles"]), "tableSizeBytes": int(found["tableSizeBytes"])}
    except (OSError, ValueError, KeyError, TypeError):  # not there, or hurt itself: then they prove nothing
        return None
