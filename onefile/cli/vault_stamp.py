"""`onefile vault stamp`: an RFC 3161 time stamp on the log's checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import click

from onefile.cli.deliver import read_bytes
from onefile.cli.vault_present import opened, write_out
from onefile.settings import Settings


@click.group()
def stamp() -> None:
    """Time stamps of an authority elsewhere: they show that a checkpoint was signed before its key was lost."""


@stamp.command()
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The request (.tsq) to write.")
@click.pass_obj
def request(settings: Settings, out: Path) -> None:
    """Write a request for the log's present checkpoint, to be carried to an authority of time."""
    from licence_vault.stamping import request as make

    write_out(make(opened(settings)), out)


@stamp.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--url", help="Ask this authority at once, instead of taking FILE.")
@click.option("--trust", type=click.Path(path_type=Path), required=True, help="Trust file that names the authority.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def take(settings: Settings, file: Path | None, url: str | None, trust: Path, as_json: bool) -> None:
    """Keep FILE (.tsr), an authority's answer for the log's present checkpoint.

    `onefile vault export --stamped` puts it into a licence's file.
    """
    from licence_vault import stamping
    from onefile.verify.reading import instant_text, read_file
    from onefile.verify.trust import read_trust

    if (file is None) == (url is None):
        raise click.UsageError("name FILE, or --url")
    vault = opened(settings)
    answer = stamping.ask(str(url), stamping.request(vault)) if file is None else read_bytes(file)
    at = instant_text(stamping.take(vault, answer, read_trust(read_file(trust))))
    click.echo(json.dumps({"stamped_at": at}) if as_json else at)
