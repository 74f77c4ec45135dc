"""Which files of a home belong into a backup, and how each is taken while the home is in use.

Keys stay out by name: of `keys/` only what is public goes along. What can be made anew, or belongs to
this machine alone (logs, locks, scratch, Airflow's own home), stays out too. All else goes along, also what a
later release puts there.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from onefile.files import TEMPORARY_SUFFIX

LEFT_OUT = ("airflow", "lake.json", "locks", "logs", "open", "planned", "rebuilt", "shares", "staging")
PUBLIC_KEYS = ("departments", "mandates", "trust.json")
SECRETS = ("keystore.json", "passphrase")
MARKER = "restoring.json"
# Written once under its name, or appended to: a link holds it still. Everything else is copied under the locks.
LINKED = ("deliveries", "lake", "ledger", "log", "materials", "receipts", "status")
REWRITTEN = ("ledger/head",)
"""What is written over in place: a link would not hold it still."""
VAULT = ("ledger", "log", "materials", "status")
"""What is taken last, together with the database: the counter waits for these locks."""


def files(home: Path, database: Path | None, secrets: tuple[Path, ...]) -> Iterator[Path]:
    """Yield the files to keep, those of a table's log before its data, relative to the home.

    Args:
        home: the folder of all that the product writes.
        database: the serving database's file, where it is SQLite: it is copied apart.
        secrets: files that must not go along wherever they lie.
    """
    kept_apart = {path.absolute() for path in secrets}
    for entry in sorted(home.iterdir()):
        if _is_left_out(entry, database):
            continue
        for path in _below(entry):
            if path.absolute() not in kept_apart and path.name not in SECRETS and _is_wanted(path, home):
                yield path.relative_to(home)


def _is_left_out(entry: Path, database: Path | None) -> bool:
    if database is not None and entry.name.startswith(database.name) and entry.parent == database.parent:
        return True
    return entry.name in (*LEFT_OUT, MARKER) or entry.name.startswith("lake.before-")


def _is_wanted(path: Path, home: Path) -> bool:
    parts = path.relative_to(home).parts
    if parts[0] == "keys":
        return len(parts) > 1 and parts[1] in PUBLIC_KEYS
    if parts[0] == "inbox":  # the manifest comes last: without it a department is still writing
        return len(parts) < 4 or (home / Path(*parts[:3]) / "manifest.json").exists()
    return not path.name.endswith(TEMPORARY_SUFFIX)


def _below(entry: Path) -> Iterator[Path]:
    """Yield the files below an entry. A table's `_last_checkpoint` and log come before the data that they name."""
    if not entry.is_dir():
        if entry.is_file():
            yield entry
        return
    for folder, folders, names in os.walk(entry):
        folders.sort(key=lambda name: (name != "_delta_log", name))
        here = Path(folder)
        log = [name for name in folders if name == "_delta_log"]
        if log:  # before the data files that lie right here
            yield from _below(here / log[0])
            folders.remove(log[0])
        ordered = sorted(names, key=lambda name: (name != "_last_checkpoint", name))
        yield from (path for name in ordered if (path := here / name).is_file() and not path.is_symlink())
