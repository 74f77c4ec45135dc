"""`onefile file`: the one file of a subject, once the look is in the ledger."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import looks
from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from schemas.serving.reading import PublishedFile

BASIS = "onefile file"


def _day(_context: click.Context, _parameter: click.Parameter, text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("write a day like 2026-03-01") from None


@click.command()
@click.argument("subject")
@click.option(
    "--purpose", required=True, callback=looks.purpose, help="What for: the item and the case; kept in the ledger."
)
@click.option("--on", callback=_day, metavar="DATE", help="The day that ages are counted to (default today).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, subject: str, purpose: str, on: date | None, as_json: bool) -> None:
    """The one file of SUBJECT: a citizen's or foreigner's number, or a unified social credit code.

    With - the number is read from standard input, so that it stands in no shell history and
    no list of processes. The look goes into the ledger first, also one that finds nobody.
    """
    numbers = looks.subject(subject)
    found = looks.find(settings, numbers)
    shown = _views(settings, found, on or settings.today())
    told = [(file["subject_id"], _disclosed(file)) for file in shown] or [(n.subject_id, ()) for n in numbers]
    looks.record(settings, purpose, told, BASIS)
    if not shown:
        raise Failure("查无此主体" if settings.lang == "zh" else "no such subject")
    _print(settings, shown, as_json)


def _views(settings: Settings, found: list[PublishedFile], on: date) -> list[dict[str, Any]]:
    if not found:
        return []
    import catalog
    from onefile.cli.file_view import view

    catalogue = catalog.load(settings.declarations)
    return [view(file, catalogue, on) for file in found]


def _disclosed(shown: dict[str, Any]) -> tuple[str, ...]:
    from onefile.cli.file_view import disclosed

    return disclosed(shown)


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
