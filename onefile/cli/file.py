"""`onefile file`: the one file of a subject, once the look is in the ledger."""

from __future__ import annotations

import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from schemas.serving.reading import PublishedFile
    from schemas.subjects import SubjectNumber

BASIS = "onefile file"


def _day(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a day like 2026-03-01") from None


def _purpose(_context: click.Context, _parameter: click.Parameter, text: str) -> str:
    if not text.strip():
        raise click.BadParameter("say what for: the item and the case")
    return text.strip()


@click.command()
@click.argument("subject")
@click.option(
    "--purpose", required=True, callback=_purpose, help="What for: the item and the case; kept in the ledger."
)
@click.option("--on", callback=_day, metavar="DATE", help="The day that ages are counted to (default today).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, subject: str, purpose: str, on: date | None, as_json: bool) -> None:
    """The one file of SUBJECT: a citizen's or foreigner's number, or a unified social credit code.

    With - the number is read from standard input, so that it stands in no shell history and
    no list of processes. The look goes into the ledger first, also one that finds nobody.
    """
    from schemas.subjects import subject_numbers

    numbers = subject_numbers(_from_standard_input() if subject == "-" else subject.strip())
    found = _find(settings, numbers)
    shown = _views(settings, found, on or settings.today())
    _record(settings, purpose, shown, numbers)
    if not shown:
        raise Failure("查无此主体" if settings.lang == "zh" else "no such subject")
    _print(settings, shown, as_json)


def _from_standard_input() -> str:
    lines = sys.stdin.read(1000).split()
    if len(lines) != 1:
        raise click.UsageError("standard input must hold one number and nothing else")
    return lines[0]


def _find(settings: Settings, numbers: tuple[SubjectNumber, ...]) -> list[PublishedFile]:
    from schemas.serving.reading import find, reading

    with reading(settings.database_url) as snapshot:
        return [file for n in numbers for file in find(snapshot, n.kind, n.number_type, n.number)]


def _views(settings: Settings, found: list[PublishedFile], on: date) -> list[dict[str, Any]]:
    if not found:
        return []
    import catalog
    from onefile.cli.file_view import view

    catalogue = catalog.load(settings.declarations)
    return [view(file, catalogue, on) for file in found]


def _record(settings: Settings, purpose: str, shown: list[dict[str, Any]], numbers: tuple[SubjectNumber, ...]) -> None:
    """Put the look into the ledger: an entry for each file that is to be shown, else for whom was asked for."""
    from ledger.entry import Look
    from ledger.record import Ledger
    from licence_vault.keystore import bureau
    from onefile.cli.file_view import disclosed

    told = [(file["subject_id"], disclosed(file)) for file in shown] or [(n.subject_id, ()) for n in numbers]
    at = settings.now()
    ledger = Ledger(settings.home / "ledger", bureau(settings.home, settings.passphrase_file, at))
    for subject_id, fields in told:
        ledger.append(Look(at, settings.operator, purpose, subject_id, fields, BASIS))


def _print(settings: Settings, shown: list[dict[str, Any]], as_json: bool) -> None:
    """Print each file; as JSON one object a line."""
    if as_json:
        import json

        for file in shown:
            click.echo(json.dumps(file, ensure_ascii=False, default=str))
        return
    from onefile.cli.file_text import FileText

    text = FileText(settings.lang, settings.timezone)
    for file in shown:
        for line in text.lines(file):
            click.echo(line)
