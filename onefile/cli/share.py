"""`onefile share`: granted tables in bulk, for one recipient, over Delta Sharing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.options import saying
from onefile.cli.share_handing import backflow, batch, nightly, put, reconcile, target
from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.shares import Share

HEADINGS = {
    "zh": ("编号", "部门", "状态", "令牌有效期至", "表"),
    "en": ("id", "department", "state", "token until", "tables"),
}


@click.group()
def command() -> None:
    """Make, list and end shares of granted tables; hand them out by Delta Sharing, as files, into own databases."""


for verb in (batch, nightly, target, put, reconcile, backflow):
    command.add_command(verb)


@command.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--grant", "grant_ids", required=True, multiple=True, metavar="GRANT",
              help="A grant by batch, of the recipient's department; as often as there are tables.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def create(settings: Settings, share_id: str, grant_ids: tuple[str, ...], as_json: bool) -> None:
    """Make the share SHARE of granted tables. They are there after the next run, or within the hour under Airflow."""
    from catalog import shares
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import changing

    _, entries = all_entries(settings)
    with changing(settings) as connection:
        made = shares.create(
            connection, share_id, grant_ids, entries, settings.operator, settings.now(), settings.today()
        )
    _print(settings, [made], as_json)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_shares(settings: Settings, as_json: bool) -> None:
    """List all shares, those that are over as well."""
    from catalog import shares
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = shares.shares(connection)
    _print(settings, found, as_json)


@command.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--reason", required=True, callback=saying, help="Why; kept with it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def revoke(settings: Settings, share_id: str, reason: str, as_json: bool) -> None:
    """End the share SHARE for good, with its token and all links that were given out."""
    from catalog import shares
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = shares.revoke(connection, share_id, reason, settings.now())
    _print(settings, [found], as_json)


@command.command()
@click.argument("share_id", metavar="SHARE")
@click.option("--to", "file", required=True, type=click.Path(path_type=Path), help="The file to write; a new one.")
@click.option("--days", type=click.IntRange(1, 366), default=90, show_default=True, help="How long its token opens.")
@click.pass_obj
def profile(settings: Settings, share_id: str, file: Path, days: int) -> None:
    """Write a profile file for SHARE, with a new token: hand it over as you would a key. An older token ends."""
    import secrets
    from datetime import timedelta

    from catalog import shares
    from onefile.cli.failure import Failure
    from onefile.cli.sharing import changing
    from onefile.files import write_whole

    if file.exists():
        raise Failure(f"{file.name} is there already: name a new file, or remove it")
    at, token = settings.now(), secrets.token_urlsafe(32)
    with changing(settings) as connection:
        found = shares.put_token(connection, share_id, token, at + timedelta(days), at)
    told = {
        "shareCredentialsVersion": 1,
        "endpoint": f"{settings.counter_url}/delta-sharing/",
        "bearerToken": token,
        "expirationTime": found.token_until,
    }
    write_whole(file, json.dumps(told, indent=2).encode() + b"\n")
    words = {"zh": "令牌有效期至", "en": "its token opens the share until"}
    click.echo(f"{file.name}: {words[settings.lang]} {found.token_until}")


def _print(settings: Settings, found: list[Share], as_json: bool) -> None:
    from onefile.cli.sharing import print_json
    from onefile.cli.sharing_words import said
    from onefile.cli.tables import aligned

    if as_json:
        print_json([_as_json(each) for each in found])
    elif found:
        rows = [(each.share_id, each.department, said(each.state, settings.lang), each.token_until or "-",
                 ", ".join(f"{t.schema}.{t.name} ({t.grant_id})" for t in each.tables)) for each in found]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


def _as_json(share: Share) -> dict[str, Any]:
    from dataclasses import asdict

    return asdict(share)
