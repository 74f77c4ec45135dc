"""`onefile open`: open data, checked and published."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.opening import Publication

HEADINGS = {
    "zh": ("资源", "发布时间", "行数", "隐去的值", "文件"),
    "en": ("resource", "published at", "rows", "values withheld", "files"),
}


@click.group()
def command() -> None:
    """Open data: resources of the open class as CSV and Parquet, without personal data and without small numbers."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def publish(settings: Settings, as_json: bool) -> None:
    """Publish what is open and other than it is; each publication is checked before anybody sees it.

    The files are at the counter under /open/, and data.json names them. The DAG `open_data` does it every night.
    """
    from pipelines.bulk import opening
    from pipelines.workshop import Workshop

    _print(settings, opening.publish(Workshop(settings)), as_json)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_published(settings: Settings, as_json: bool) -> None:
    """List what is published."""
    from catalog.opening import published

    _print(settings, list(published(settings.home).values()), as_json)


def _print(settings: Settings, found: list[Publication], as_json: bool) -> None:
    from dataclasses import asdict

    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        rows = [(each.resource, each.published_at, str(each.rows), str(each.withheld),
                 ", ".join(str(file["name"]) for file in each.files)) for each in found]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
