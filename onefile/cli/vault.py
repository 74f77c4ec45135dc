"""`onefile vault`: licences issued, shown, exported, audited, published, and the log followed."""

from __future__ import annotations

import json
import time
from contextlib import nullcontext
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import (
    options,
    vault_copy,
    vault_home,
    vault_keys,
    vault_life,
    vault_originals,
    vault_present,
    vault_stamp,
)
from onefile.cli.deliver import read_bytes
from onefile.cli.failure import Failure
from onefile.cli.options import PURPOSE
from onefile.cli.vault_home import say
from onefile.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from licence_vault.issuing import Issued
    from licence_vault.monitoring import News, Seen
    from licence_vault.vault import Vault
    from onefile.verify.trust import Trust


@click.group()
def command() -> None:
    """The e-licence vault: licences identified, versioned, and proved by a log that anybody can check."""


for _more in (
    vault_keys.keys, vault_present.present, vault_present.code, vault_present.consent, vault_present.bind,
    vault_copy.copy, vault_stamp.stamp,
    vault_life.expiring, vault_life.lapse, vault_life.refused, vault_life.erase,
    vault_originals.collect, vault_originals.original,
):  # fmt: skip
    command.add_command(_more)


@command.command()
@click.argument("licence_type", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--batch", help="Name of the batch: the same again issues nothing (default: the file's SHA-256).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def issue(settings: Settings, licence_type: str, file: Path, batch: str | None, as_json: bool) -> None:
    """Issue licences of TYPE from FILE: rows of its table, a JSON object a line, decimals as texts.

    What the newest version says already is unchanged; what cannot happen to a licence is refused
    with its reason. However large the batch, the log is signed once.
    """
    import catalog
    from licence_vault.errors import UnknownLicenceType
    from licence_vault.issuing import issue as issue_batch
    from licence_vault.plain_rows import drafts_of_rows
    from schemas.errors import one_of

    declared = catalog.load(settings.declarations, with_items=False).declarations
    if licence_type not in declared.licences:
        raise UnknownLicenceType(licence_type, one_of(declared.licences, licence_type))
    kind = declared.licences[licence_type]
    table = declared.tables[kind.table]
    made = drafts_of_rows(kind, table, declared.codes, _rows(file, {column.name for column in table.columns}))
    vault, day = vault_home.opened(settings), settings.today().isoformat()
    done = issue_batch(vault, made, batch_id=batch or _digest(file), at=settings.now(), day=day)
    vault_home.retire_scans(settings, vault)
    click.echo(json.dumps(_issued(done), ensure_ascii=False) if as_json else _issued_told(settings, done))


@command.command()
@click.argument("licence", required=False)
@click.option("--holder", metavar="NUMBER", help="Number of a person or enterprise who holds it; - reads it.")
@click.option("--type", "licence_type", metavar="TYPE", help="Only of this type; with --number, of which type.")
@click.option("--number", help="Number on the licence's face; - reads it from standard input.")
@click.option("--on", callback=options.day, metavar="DATE", help="The day whose state is told (default today).")
@click.option("--known-at", callback=options.instant, metavar="INSTANT", help="As it was known then (default now).")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(
    settings: Settings, licence: str | None, holder: str | None, licence_type: str | None, number: str | None,
    on: date | None, known_at: datetime | None, purpose: str, as_json: bool,
) -> None:  # fmt: skip
    """Show LICENCE (an identifier), or those of a holder, or the one with a number on its face: one licence, one file.

    Its versions, what happened, the state on a day as it was known at an instant, its proof.
    The look goes into the ledger first.
    """
    from onefile.cli import vault_view

    if sum(option is not None for option in (licence, holder, number)) != 1:
        raise click.UsageError("name a licence, or --holder, or --type with --number")
    if number is not None and licence_type is None:
        raise click.UsageError("--number needs --type")
    vault = vault_home.opened(settings)
    asked = vault_view.Asked(licence, holder, licence_type, number)
    shown = vault_view.views(vault, settings.declarations, asked, on or settings.today(), known_at or settings.now())
    vault_home.record(settings, vault, purpose, [kept for file in shown for kept in file.kept])
    if not shown:
        raise Failure("查无此证照" if settings.lang == "zh" else "no such licence")
    kinds = vault_home.kinds_of(settings)
    for file in shown:
        marks = vault_home.disputed(settings, file.kept[-1], kinds[file.kept[-1].place.type])
        as_object = {**vault_view.as_json(file), "disputed": marks}
        told = vault_view.told(file, settings.lang, marks)
        click.echo(json.dumps(as_object, ensure_ascii=False) if as_json else told)


@command.command()
@click.argument("licence")
@PURPOSE
@click.option("--out", type=click.Path(path_type=Path), help="File to write to, instead of standard output.")
@click.option("--known-at", callback=options.instant, metavar="INSTANT", help="With the status list of then.")
@click.option("--witnessed", is_flag=True, help="At the newest checkpoint that witnesses co-signed.")
@click.option("--stamped", is_flag=True, help="At the newest checkpoint with a time stamp.")
@click.pass_obj
def export(
    settings: Settings,
    licence: str,
    purpose: str,
    out: Path | None,
    known_at: datetime | None,
    witnessed: bool,
    stamped: bool,
) -> None:
    """Write LICENCE, a whole identifier, with its proof as one file that `onefile verify` takes.

    The look goes into the ledger first.
    """
    from licence_vault import exporting, status_lists
    from licence_vault.issuing import renew
    from onefile.files import write_whole
    from onefile.verify.status import LIST_SIZE

    vault = vault_home.opened(settings)
    kept = exporting.find(vault, licence)
    vault_home.record(settings, vault, purpose, [kept])
    renew(vault)
    number = kept.version.leaf_index // LIST_SIZE
    if known_at is None:
        status = status_lists.current(vault.home, number)
    else:
        status = status_lists.known_at(vault.home, number, known_at)
    content = exporting.export(vault, kept, status, witnessed, stamped)
    if out is None:
        click.echo(content.decode("utf-8"), nl=False)
        return
    try:
        write_whole(out, content)
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error


@command.command()
@click.option("--since", type=click.Path(path_type=Path), help="A checkpoint kept elsewhere: the log must follow it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def audit(settings: Settings, since: Path | None, as_json: bool) -> None:
    """Read log and licence table whole, and say whether they are sound and agree."""
    from licence_vault.auditing import audit as read_all
    from onefile.verify.errors import VerificationError

    try:
        found = read_all(vault_home.opened(settings), None if since is None else read_bytes(since))
    except VerificationError as error:
        raise Failure(error.told(settings.lang)) from error
    figures = {"whole": True, "leaves": found.leaves, "batches": found.batches, "erased": found.erased}
    told = say(
        settings,
        f"完整一致：{found.leaves} 条，{found.batches} 批，{found.erased} 条内容已销毁，树根 {found.root.hex()}",
        f"whole: {found.leaves} leaves in {found.batches} batches, {found.erased} erased, root {found.root.hex()}",
    )
    click.echo(json.dumps({**figures, "root": found.root.hex()}) if as_json else told)


@command.command()
@click.option("--bits", type=click.Choice(["2", "8"]), default="8", show_default=True, help="8: with the reason.")
@click.option("--cosigned", type=click.Path(path_type=Path), multiple=True,
              help="A checkpoint that a witness co-signed, to be kept; may be given several times.")  # fmt: skip
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Again and again, until stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def publish(settings: Settings, bits: str, cosigned: tuple[Path, ...], every: int | None, as_json: bool) -> None:
    """Finish a batch that was cut off, and sign the status lists anew; licences whose last day is over lapse."""
    vault = vault_home.opened(settings)
    for file in cosigned:
        vault.log.take_cosignatures(read_bytes(file))
    _publish(settings, vault, int(bits), as_json)
    while every is not None:
        time.sleep(every)
        _publish(settings, vault, int(bits), as_json)


def _publish(settings: Settings, vault: Vault, bits: int, as_json: bool) -> None:
    from licence_vault.status_lists import publish as publish_lists

    done = publish_lists(vault, at=settings.now(), day=settings.today(), bits=bits)
    told = say(
        settings,
        f"已发布 {done.lists} 个状态清单，其中 {done.changed} 个有变化，共 {done.leaves} 条",
        f"{done.lists} status lists published, {done.changed} of them with news, {done.leaves} leaves",
    )
    figures = {"lists": done.lists, "changed": done.changed, "leaves": done.leaves}
    click.echo(json.dumps(figures) if as_json else told)


@command.command()
@click.argument("log")
@click.option("--trust", type=click.Path(path_type=Path), help="Trust file (default: the home's).")
@click.option("--department", help="Only what was issued in the name of this department.")
@click.option("--state", type=click.Path(path_type=Path), help="Where to remember (default: in the home).")
@click.option("--cosign", type=click.Path(path_type=Path), help="Co-sign it with one's own witness key, into a file.")
@click.option("--every", type=click.IntRange(min=1), metavar="SECONDS", help="Look again and again, until stopped.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def monitor(
    settings: Settings, log: str, trust: Path | None, department: str | None, state: Path | None,
    cosign: Path | None, every: int | None, as_json: bool,
) -> None:  # fmt: skip
    """Follow LOG, a folder or an http address: check that it only grew since the last look, and tell what came.

    A witness co-signs what it has checked, with --cosign; the log's owner takes the file with
    `onefile vault publish --cosigned FILE`.
    """
    import catalog
    from onefile.files import lock
    from onefile.verify.reading import read_file
    from onefile.verify.trust import read_trust

    issuer = (
        None
        if department is None
        else catalog.load(settings.declarations, with_items=False).department(department).code
    )
    trusted = read_trust(read_file(trust or settings.home / "keys" / "trust.json"))
    place = state or settings.home / "monitor" / f"{_name_of(log, department)}.json"
    while True:
        with lock(settings.home / "locks" / "witness.lock") if cosign else nullcontext():
            _look(settings, log, trusted, issuer, place, cosign, as_json)
        if every is None:
            return
        time.sleep(every)


def _look(
    settings: Settings, log: str, trusted: Trust, issuer: str | None, place: Path, cosign: Path | None, as_json: bool
) -> None:
    """Look at a log once: hold it against all that was seen of it, tell what came, remember it, co-sign it."""
    from licence_vault import monitoring
    from licence_vault.errors import LogForked
    from onefile.files import write_whole

    read, folder = monitoring.source(log), settings.home / "monitor"
    seen = _seen(place)
    news = monitoring.look(read, trusted, seen, lambda leaf: issuer in (None, leaf.issuer))
    others = [found for path in sorted(folder.glob("*.json")) if (found := _seen(path)) is not None]
    monitoring.hold_against(read, trusted, news, others)
    witnessed = folder / f"{_name_of(news.seen.origin, 'cosigned')}.json"
    before = _seen(witnessed)
    if cosign is not None and before is not None and before.size > news.seen.size:
        raise LogForked(f"{before.size} leaves of it were co-signed, and it is {news.seen.size} now")
    for line in _news(settings, news, as_json):
        click.echo(line)
    write_whole(place, news.seen.written())
    if cosign is not None:
        write_whole(witnessed, news.seen.written())
        write_whole(cosign, news.checkpoint + _cosignature(settings, news.checkpoint), mode=0o644)


def _seen(place: Path) -> Seen | None:
    from licence_vault import monitoring

    return monitoring.read_seen(place.read_bytes()) if place.exists() else None


def _cosignature(settings: Settings, checkpoint: bytes) -> bytes:
    from licence_vault.keystore import bureau
    from licence_vault.notes import NoteSigner
    from onefile.verify.checkpoint import WITNESS_USE

    store = bureau(settings.home, settings.passphrase_file, settings.now())
    signer = NoteSigner.of(store.active_key(WITNESS_USE))
    return signer.cosign(checkpoint, int(settings.now().timestamp()))


def _rows(file: Path, columns: set[str]) -> Iterator[dict[str, Any]]:
    """Yield the objects of a JSON Lines file, read strictly."""
    from onefile.verify.errors import Malformed
    from onefile.verify.reading import parse

    try:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, 1):
                try:
                    row = parse(line, Malformed)
                except Malformed as error:
                    raise Failure(f"line {number} of {file.name}: {error}: nothing was issued", 2) from None
                if not isinstance(row, dict):
                    raise Failure(f"line {number} of {file.name} is no JSON object: nothing was issued", 2)
                if not row.keys() <= columns:
                    raise Failure(
                        f"line {number} of {file.name} has columns that its table lacks: nothing was issued", 2
                    )
                yield row
    except OSError as error:
        raise Failure(f"{file.name} cannot be read ({error.strerror}): look at its path", 2) from error


def _digest(file: Path) -> str:
    from hashlib import file_digest

    try:
        with file.open("rb") as content:
            return file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise Failure(f"{file.name} cannot be read ({error.strerror}): look at its path", 2) from error


def _issued(done: Issued) -> dict[str, object]:
    batch = done.batch
    return {
        "batch": batch.batch_id,
        "is_repeat": done.is_repeat,
        "issued": batch.issued,
        "unchanged": batch.unchanged,
        "refused": batch.refused,
        "log_size": batch.size_after,
        "refusals": [{"row": r.number, "reason": r.reason, "column": r.column} for r in done.refusals],
    }


def _issued_told(settings: Settings, done: Issued) -> str:
    from schemas.reasons import REASONS

    batch = done.batch
    again = say(settings, "（该批次此前已签发，本次未做任何事）", " (issued before: nothing was done now)")
    lines = [
        say(
            settings,
            f"签发 {batch.issued}，无变化 {batch.unchanged}，拒绝 {batch.refused}，日志共 {batch.size_after} 条",
            f"{batch.issued} issued, {batch.unchanged} unchanged, {batch.refused} refused; log of {batch.size_after}",
        )
        + (again if done.is_repeat else "")
    ]
    for refused in done.refusals[:20]:
        reason = REASONS[refused.reason]
        lines.append(f"  {refused.number}: {refused.column or '-'}: {reason.words(settings.lang)} ({refused.reason})")
    return "\n".join(lines)


def _news(settings: Settings, news: News, as_json: bool) -> Iterator[str]:
    from onefile.verify.reading import instant_text

    for index, leaf in news.leaves:
        told = {"leaf": index, "at": instant_text(leaf.at), "type": leaf.type, "issuer": leaf.issuer}
        words = f"{index}  {instant_text(leaf.at)}  {leaf.type}  {leaf.issuer}  v{leaf.version}"
        yield json.dumps({**told, "version": leaf.version}) if as_json else words
    if not as_json:
        count = len(news.leaves)
        yield say(
            settings,
            f"日志 {news.seen.origin} 只增未改，共 {news.seen.size} 条，新增 {count} 条",
            f"log {news.seen.origin} only grew: {news.seen.size} leaves, {count} new ones told",
        )


def _name_of(log: str, department: str | None) -> str:
    from hashlib import sha256

    return sha256(f"{log}\x00{department}".encode()).hexdigest()[:16]
