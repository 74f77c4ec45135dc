"""`onefile file`: the one file of a subject, once the look is in the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import looks, options
from onefile.cli.failure import Failure
from onefile.cli.options import PURPOSE
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.keystore import Keystore
    from schemas.serving.reading import PublishedFile
    from schemas.subjects import SubjectNumber

BASIS = "onefile file"


@click.command()
@click.argument("subject")
@PURPOSE
@click.option("--on", callback=options.day, metavar="DATE", help="The file of that day in the world (default today).")
@click.option("--known-at", callback=options.instant, metavar="INSTANT", help="As we knew it then (default: now).")
@click.option("--history", metavar="ATTRIBUTE", help="How an attribute changed, with the delivery that brought it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    settings: Settings,
    subject: str,
    purpose: str,
    on: date | None,
    known_at: datetime | None,
    history: str | None,
    as_json: bool,
) -> None:
    """The one file of SUBJECT: a citizen's or foreigner's number, a unified social credit code, or an earlier number.

    With - the number is read from standard input, so that it stands in no shell history and
    no list of processes. The look goes into the ledger first, also one that finds nobody.

    A day before today, an instant or --history is answered from the lake, which starts Spark
    and takes up to a minute: what had been learnt by then, by the rules of today.
    """
    if history is not None and (on, known_at) != (None, None):
        raise click.UsageError("--history shows every change: leave --on and --known-at out")
    numbers = looks.subject(subject)
    if history is not None:
        _history(settings, purpose, numbers, history, as_json)
        return
    is_past = known_at is not None or (on is not None and on < settings.today())
    found = _files_then(settings, numbers, on, known_at) if is_past else looks.find(settings, numbers)
    keys = looks.keystore(settings)
    asked = (on or settings.today(), known_at or settings.now())
    shown = [_bridged(settings, each, numbers) for each in _views(settings, found, keys, asked, is_past=is_past)]
    told = [(file["subject_id"], _disclosed(file)) for file in shown] or [(n.subject_id, ()) for n in numbers]
    looks.record(settings, purpose, told, BASIS, keys)
    if not shown:
        raise Failure("查无此主体" if settings.lang == "zh" else "no such subject")
    _print(settings, shown, as_json)


def _history(
    settings: Settings, purpose: str, numbers: tuple[SubjectNumber, ...], attribute: str, as_json: bool
) -> None:
    from onefile.cli import file_then

    file_then.history(settings, purpose, numbers, attribute, as_json)


def _files_then(
    settings: Settings, numbers: tuple[SubjectNumber, ...], on: date | None, known_at: datetime | None
) -> list[PublishedFile]:
    from onefile.cli import file_then

    return file_then.files(settings, numbers, file_then.Then(on, known_at))


def _views(
    settings: Settings, found: list[PublishedFile], keys: Keystore, asked: tuple[date, datetime], *, is_past: bool
) -> list[dict[str, Any]]:
    """Return the files as they are to be shown, each with its subject's licences."""
    if not found:
        return []
    import catalog
    from onefile.cli import file_licences
    from onefile.cli.file_view import view

    catalogue, day = catalog.to_show(settings.declarations), file_licences.Asked(*asked)
    finder = file_licences.at_rest(settings, keys)
    marks = {} if is_past else looks.marks(settings, [file.subject_id for file in found])
    shown = [view(file, catalogue, day.on, is_past=is_past, marks=marks) for file in found]
    if finder is None:
        return shown
    return [each | {"licences": file_licences.licences(settings, finder, catalogue, each, day)} for each in shown]


def _bridged(settings: Settings, shown: dict[str, Any], numbers: tuple[SubjectNumber, ...]) -> dict[str, Any]:
    from onefile.cli import file_bridges

    return shown | file_bridges.bridged(settings, shown, numbers)


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
