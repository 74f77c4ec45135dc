"""`onefile ledger`: is the record of looks whole, and what does it say."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli import ledger_findings, ledger_trail
from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from ledger.audit import Audit
    from ledger.entry import Entry, Look
    from ledger.errors import LedgerError
    from ledger.record import Ledger

KINDS_ZH = {
    "altered": "条目被改动",
    "gap": "缺少条目",
    "reordered": "条目顺序被调换",
    "truncated": "末尾被截去",
    "head": "签名的头不成立",
    "back_dated": "条目日期倒填",
    "forked": "与留存的签名头不符（分叉）",
}

NO_LEDGER = (
    "没有台账：尚无人查阅，或台账已被移走；请用留存的 ledger/head 核对（--head）",
    "no ledger: nobody has looked yet, or it was taken away, which a copy of ledger/head tells that was kept (--head)",
)


@click.group()
def command() -> None:
    """The record of who saw which fields of whom, and why: append-only, a signed Merkle log."""


for each in (ledger_trail.command, *ledger_findings.COMMANDS):
    command.add_command(each)


@command.command()
@click.option("--trust", type=click.Path(path_type=Path), help="The bureau's public keys, kept elsewhere.")
@click.option("--folder", type=click.Path(path_type=Path), help="The ledger, or a copy of it (default: the home's).")
@click.option("--head", "heads", multiple=True, type=click.Path(path_type=Path), help="A copy of ledger/head kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def audit(settings: Settings, trust: Path | None, folder: Path | None, heads: tuple[Path, ...], as_json: bool) -> None:
    """Read every entry and say whether the ledger is what was written, or where it is not.

    Needs the ledger and the public keys, nothing else, and holds up nobody who writes. Found:
    every change, removal, insertion, reordering and back-dating of entries, every cut at the
    end, and with --head FILE a folder that was set back to an older state of itself or
    written anew by somebody with the passphrase: keep copies of ledger/head elsewhere.
    """
    from ledger.audit import audit as read_all
    from ledger.errors import LedgerError
    from onefile.verify.reading import read_file
    from onefile.verify.trust import read_trust

    folder = folder or settings.home / "ledger"
    if not folder.exists():
        if heads:
            raise Failure(_say(settings, "台账不在，却有留存的头", "there is no ledger, though a head of it was kept"))
        empty = json.dumps({"whole": True, "entries": 0})
        click.echo(empty if as_json else _say(settings, *NO_LEDGER))
        return
    trusted = read_trust(read_file(trust or settings.home / "keys" / "trust.json"))
    kept = tuple(read_file(head) for head in heads)
    try:
        found = read_all(folder, trusted, _progress(settings), kept)
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


@command.command()
@click.option("--reason", required=True, help="How the clock came to be wrong; kept in the ledger.")
@click.pass_obj
def clock(settings: Settings, reason: str) -> None:
    """Let looks go on from now, though the last entry is dated later: its clock was wrong.

    Without it, a look that is dated more than a minute before the last entry is refused, and
    nothing is answered. The audit lists every such entry.
    """
    entry = _open(settings).set_clock(_own_look(settings, reason))
    click.echo(
        _say(settings, f"已记录（第 {entry.seq} 条），今后的条目从现在起", f"entry {entry.seq}: entries go on from now")
    )


@command.command()
@click.option("--years", type=click.IntRange(min=3), help="How long entries are kept; left out: as declared.")
@click.pass_obj
def expire(settings: Settings, years: int | None) -> None:
    """Remove entries that are older, whole segments at a time; an entry says which."""
    import catalog
    from ledger.retention import expire as remove

    kept = years or catalog.load(settings.declarations, with_items=False).watch.kept_years
    entry = remove(_open(settings), _own_look(settings, f"kept {kept} years"), kept)
    if entry is None:
        click.echo(_say(settings, "没有到期的条目", "no segment is that old"))
        return
    click.echo(_say(settings, f"已删除到期条目（第 {entry.seq} 条写明）", f"removed; entry {entry.seq} says which"))


def _open(settings: Settings) -> Ledger:
    from ledger.record import Ledger
    from onefile.cli.looks import keystore

    return Ledger(settings.home / "ledger", keystore(settings))


def _own_look(settings: Settings, reason: str) -> Look:
    from ledger.entry import Look

    return Look(settings.now(), settings.operator, reason, None, (), reason)


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
        "first": found.first,
        "repairs": found.repairs,
        "clocks": list(found.clocks),
        "last_at": last_at,
        "root": found.root,
    }


def _told(settings: Settings, found: Audit) -> str:
    told = _say(
        settings,
        f"台账完整：{found.entries} 条（其中修复记录 {found.repairs} 条），根 {found.root}",
        f"whole: {found.entries} entries ({found.repairs} of them tell of repairs), root {found.root}",
    )
    if found.first > 1:
        told += _say(settings, f"；保存期满，自第 {found.first} 条起", f"; kept from entry {found.first} on")
    if found.clocks:
        seqs = ", ".join(map(str, found.clocks))
        told += _say(settings, f"；时钟曾回拨：第 {seqs} 条", f"; the clock was set back at entries {seqs}")
    return told


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
        zh = f"台账末尾未经签名：{error.where}，第 {error.seq} 条；没有答复依此发出，下次记录时移开并写明"
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
