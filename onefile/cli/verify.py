"""`onefile verify`: is a licence or a presentation genuine, and in force? Offline, with nothing but files."""

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
@click.option("--audience", metavar="NAME", help="Whom a presentation must be made for: yourself.")
@click.option("--nonce", metavar="TEXT", help="What a presentation must answer: the nonce you asked with.")
@click.option("--case", "case_no", default="", metavar="NUMBER", help="The case that a form was handed in for.")
@click.option("--item", "items", multiple=True, metavar="CODE", help="An item that a form was handed in for; repeat.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    settings: Settings, file: Path, trust: Path, on: date | None, status: Path | None,
    audience: str | None, nonce: str | None, case_no: str, items: tuple[str, ...], as_json: bool,
) -> None:  # fmt: skip
    """Verify FILE: an exported licence, a presentation, a form with its attestations, a batch of a shared table or an
    archive package (its envelope, .dsse, beside its files); no database, no network.

    Without --on the status list must not have expired; with it, the list has to reach that day.
    A presentation is judged at the present instant, and only by whom it was made for.
    A form is told field by field: untouched, amended, stale, tampered with, or never attested; --case and --item say
    what it was handed in for, else the form's own word is taken.
    `python -m onefile.verify` does the same and needs nothing else of this program.
    """
    from onefile.verify.errors import VerificationError
    from onefile.verify.paper import Asked, error_told, judge_paper
    from onefile.verify.reading import read_file
    from onefile.verify.verdict import told_error

    try:
        listed = None if status is None else read_file(status)
        asked = Asked(
            read_file(trust),
            settings.now(),
            settings.timezone,
            on,
            listed,
            audience,
            nonce,
            case_no,
            items,
            file.parent,
        )
        told = judge_paper(read_file(file), asked, settings.lang)
    except VerificationError as error:
        if as_json:
            click.echo(json.dumps(error_told(error, settings.lang), ensure_ascii=False))
        raise Failure(told_error(error, settings.lang), error.exit_code) from error
    click.echo(told.text(as_json))
    if told.exit_code:
        raise click.exceptions.Exit(told.exit_code)
