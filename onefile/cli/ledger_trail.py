"""`onefile ledger trail`: what a subject is told about the looks at it, at a window or for an export."""

from __future__ import annotations

import json

import click

from onefile.cli.options import PURPOSE
from onefile.settings import Settings


@click.command(name="trail")
@click.argument("subject")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON, one look a line.")
@click.pass_obj
def command(settings: Settings, subject: str, purpose: str, as_json: bool) -> None:
    """The looks at SUBJECT as it is told them, the newest first; - reads the number from standard input.

    Looks whose notice waits, for an investigation under a grant that says so, stand here after
    the grant's day. That the trail was asked for is a look of its own.
    """
    import catalog
    from ledger import index
    from ledger.record import Ledger
    from ledger.trail import Whose, trail
    from ledger.words import Dictionary
    from onefile.cli import looks
    from onefile.cli.sharing import changing

    numbers, keys = looks.subject(subject), looks.keystore(settings)
    looks.record(settings, purpose, [(n.subject_id, ("trail",)) for n in numbers], "onefile ledger trail", keys)
    ledger = Ledger(settings.home / "ledger", keys)
    words = Dictionary(catalog.load(settings.declarations))
    with changing(settings) as connection:
        index.caught_up(connection, ledger.folder)
        for number in numbers:
            whose = Whose(ledger.subject_hash(number.subject_id), number.kind, settings.today(), settings.timezone)
            for used in trail(connection, whose, words):
                said = json.dumps(used.as_json(), ensure_ascii=False) if as_json else used.sentence.text(settings.lang)
                click.echo(said)
