"""`onefile ledger`: is the record of looks whole, and what does it say."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from ledger.audit import Audit
    from ledger.entry import Entry
    from ledger.errors import LedgerError

KINDS_ZH = {
    "altered": "条目被改动",
    "gap": "缺少条目",
    "reordered": "条目顺序被调换",
    "added": "多出条目",
    "truncated": "末尾被截去",
    "head": "签名的头不成立",
}


@click.group()
def command() -> None:
    """The record of who saw which fields of whom, and why: append-only, chained by hashes."""


@command.command()
@click.option("--trust", type=click.Path(path_type=Path), help="The bureau's public keys, kept elsewhere.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def audit(settings: Settings, trust: Path | None, as_json: bool) -> None:
    """Read every entry and say whether the ledger is what was written, or where it is not.

    Found: every change, removal, insertion and reordering of entries, and every cut at the
    end. Not found: that the whole folder was set back to an older state of itself, or
    rewritten by somebody with the passphrase. Keep copies of ledger/head.json elsewhere.
    """
    from ledger.audit import audit as read_all
    from ledger.errors import LedgerError
    from ledger.record import lock_path
    from onefile.files import lock
    from onefile.verify.reading import read_file
    from onefile.verify.trust import read_trust

    folder = settings.home / "ledger"
    if not folder.exists():
        empty = json.dumps({"whole": True, "entries": 0})
        click.echo(empty if as_json else _say(settings, "没有台账条目", "no entries"))
        return
    trusted = read_trust(read_file(trust or settings.home / "keys" / "trust.json"))
    try:
        with lock(lock_path(folder)):
            found = read_all(folder, trusted, _progress(settings))
    except LedgerError as error:
        if as_json:
            click.echo(json.dumps(_fault(error), ensure_ascii=False))
        raise Failure(_fault_told(settings, error)) from error
    click.echo(json.dumps(_figures(found)) if as_json else _told(settings, found))


@command.command()
@click.option("--last", type=click.IntRange(min=1), default=20, show_default=True, help="How many entries.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, last: int, as_json: bool) -> None:
    """Show the last entries. Subjects stand there as keyed hashes; `audit` proves the entries."""
    from ledger import files

    folder = settings.home / "ledger"
    segments = files.segments(folder)
    after = max(0, int(segments[-1].stem) - 1 - last) if segments else 0
    entries = deque(files.entries(folder, after), maxlen=last)
    if as_json:
        click.echo(json.dumps({"entries": [entry.as_json() for entry in entries]}, ensure_ascii=False))
        return
    if not entries:
        click.echo(_say(settings, "没有台账条目", "no entries"))
    for entry in entries:
        click.echo(_line(settings, entry))


def _line(settings: Settings, entry: Entry) -> str:
    at = entry.at.astimezone(settings.timezone).isoformat(sep=" ", timespec="seconds")
    subject = "-" if entry.subject is None else entry.subject[:12]
    fields = ", ".join(entry.fields) or "-"
    return f"{entry.seq}  {at}  {entry.operator}  {subject}  {fields}  ({entry.purpose}; {entry.basis})"


def _figures(found: Audit) -> dict[str, object]:
    from onefile.verify.reading import instant_text

    last_at = None if found.last_at is None else instant_text(found.last_at)
    return {
        "whole": True,
        "entries": found.entries,
        "repairs": found.repairs,
        "last_at": last_at,
        "last_hash": found.last_hash,
    }


def _told(settings: Settings, found: Audit) -> str:
    return _say(
        settings,
        f"台账完整：{found.entries} 条（其中修复记录 {found.repairs} 条），末条哈希 {found.last_hash}",
        f"whole: {found.entries} entries ({found.repairs} of them tell of repairs), last hash {found.last_hash}",
    )


def _fault(error: LedgerError) -> dict[str, object]:
    from ledger.errors import LedgerAltered, LedgerInterrupted

    kind = error.kind if isinstance(error, LedgerAltered) else "interrupted"
    place = {"where": error.where, "entry": error.seq} if isinstance(error, (LedgerAltered, LedgerInterrupted)) else {}
    return {"whole": False, "kind": kind, **place, "reason": str(error)}


def _fault_told(settings: Settings, error: LedgerError) -> str:
    from ledger.errors import LedgerAltered, LedgerInterrupted

    if isinstance(error, LedgerAltered):
        zh = f"台账被改动过（{KINDS_ZH[error.kind]}）：{error.where}，第 {error.seq} 条"
    elif isinstance(error, LedgerInterrupted):
        zh = f"台账末尾不完整：{error.where}，第 {error.seq} 条；签名的头保有该条，下次记录时补回并写明"
    else:
        zh = str(error)
    return _say(settings, zh, str(error))


def _progress(settings: Settings) -> Callable[[int], None]:
    """Return what tells the number of entries read, once reading has taken two seconds."""
    began = time.monotonic()

    def tell(entries: int) -> None:
        if time.monotonic() - began > 2:
            click.echo(_say(settings, f"已读 {entries} 条…", f"{entries} entries read …"), err=True)

    return tell


def _say(settings: Settings, zh: str, en: str) -> str:
    return zh if settings.lang == "zh" else en
