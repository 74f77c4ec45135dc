"""`onefile verify`: is a licence genuine, and in force on a day? Offline, with nothing but files."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from onefile.cli import options
from onefile.cli.failure import Failure
from onefile.settings import Settings


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--trust", type=click.Path(path_type=Path), required=True, help="Trust file of whoever issued it.")
@click.option("--on", callback=options.day, metavar="DATE", help="The day to judge (default today).")
@click.option("--status", type=click.Path(path_type=Path), help="Status list, in the place of the one inside.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, file: Path, trust: Path, on: date | None, status: Path | None, as_json: bool) -> None:
    """Verify FILE, a licence that `onefile vault export` wrote: no database, no network.

    Without --on the status list must not have expired; with it, the list has to reach that day.
    `python -m onefile.verify` does the same and needs nothing else of this program.
    """
    from onefile.verify import licence_verdict as verdicts
    from onefile.verify.errors import VerificationError
    from onefile.verify.reading import read_file
    from onefile.verify.verdict import told_error

    try:
        verdict = verdicts.judge_licence(
            read_file(file),
            read_file(trust),
            on or settings.today(),
            status=None if status is None else read_file(status),
            now=None if on is not None else settings.now(),
            zone=settings.timezone,
        )
    except VerificationError as error:
        if as_json:
            told = {"verdict": verdicts.code_of(error), "words": error.told(settings.lang)}
            click.echo(json.dumps(told, ensure_ascii=False))
        raise Failure(told_error(error, settings.lang), error.exit_code) from error
    as_object = verdicts.as_json(verdict, settings.lang)
    click.echo(json.dumps(as_object, ensure_ascii=False) if as_json else verdicts.told(verdict, settings.lang))
    if verdict.exit_code:
        raise click.exceptions.Exit(verdict.exit_code)
