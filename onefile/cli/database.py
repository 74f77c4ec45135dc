"""`onefile database`: the serving database moved, with what stands in it alone."""

from __future__ import annotations

import json
from urllib.parse import quote

import click

from onefile.settings import Settings

MOVED = {
    "zh": "已移入{to}：{rows:,} 行，{tables} 张表。原数据库未改动，确认后可删除",
    "en": "moved into the {to}: {rows:,} rows of {tables} tables. The old one is as it was: remove it when all is well",
}


@click.group()
def command() -> None:
    """The serving database: one files, licences, grants, cases, notices."""


@command.command()
@click.option("--from", "source", metavar="URL", help="The database in use until now (default: SQLite in the home).")
@click.option("--json", "as_json", is_flag=True, help="Print the rows of each table as JSON.")
@click.pass_obj
def move(settings: Settings, source: str | None, as_json: bool) -> None:
    """Copy all that a database holds into the empty one that ONEFILE_DATABASE_URL names.

    Stop the counter, Airflow and runs first, and start them with the new URL afterwards: what they would still
    write into the old database is not taken along. Cut off, call it again.
    """
    from onefile.files import lock
    from onefile.keeping import moving
    from schemas.serving.database import database

    with lock(settings.home / "locks" / "run.lock", wait=False):
        moved = moving.move(source or f"sqlite:///{quote(str(settings.home / 'serving.db'))}", settings.database_url)
    if as_json:
        click.echo(json.dumps(moved, indent=2))
        return
    told = {"to": database(settings.database_url).place, "rows": sum(moved.values()), "tables": len(moved)}
    click.echo(MOVED[settings.lang].format(**told))
