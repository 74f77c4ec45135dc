"""`onefile lake`: whether what always holds of the lake holds, and its upkeep."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.invariants import Broken
    from pipelines.upkeep import Kept

FINE = {
    "zh": "湖中数据完好：行数与回执一致，值皆有来源，服务库与一档一致",
    "en": "the lake is sound: rows agree with the receipts, every value has its source, what is published is gold",
}
DAMAGED = {
    "zh": "{table}：无法读取，未作整理；请用 onefile lake check 查看",
    "en": "{table}: it cannot be read, and was left as it is; see `onefile lake check`",
}
FORGOTTEN = {
    "zh": "已依法删除的数据，其全部历史版本已清除：{tables}",
    "en": "what was erased by law is gone from every version of: {tables}",
}
HEADINGS = {
    "zh": ("数据表", "文件", "原有", "MiB", "原有"),
    "en": ("table", "files", "before", "MiB", "before"),
}
LEAST_DAYS = 7


@click.group()
def command() -> None:
    """The tables that everything lies in: what must always hold of them, and their upkeep."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(settings: Settings, as_json: bool) -> int:
    """Say whether counts add up from delivery to receipt, every row and value has its source, and gold is published.

    Nothing is changed, and no value is shown. Exit code 1 when a rule does not hold.
    """
    from onefile.files import lock
    from pipelines import invariants
    from pipelines.workshop import Workshop

    with lock(settings.home / "locks" / "run.lock", wait=False):
        found = sorted({*invariants.check(Workshop(settings))}, key=str)
    if as_json:
        click.echo(json.dumps([asdict(broken) for broken in found], ensure_ascii=False))
    else:
        click.echo("\n".join(_line(broken, settings.lang) for broken in found) or FINE[settings.lang])
    return 1 if found else 0


def _line(broken: Broken, lang: str) -> str:
    from pipelines.invariants import RULES

    zh, en, do = RULES[broken.rule]
    rows = f"{broken.rows} × " if broken.rows else ""
    return f"{rows}{zh}：{broken.where}" if lang == "zh" else f"{rows}{en}: {broken.where}; {do}"


@command.command()
@click.option(
    "--keep",
    "days",
    type=click.IntRange(min=LEAST_DAYS),
    default=30,
    show_default=True,
    metavar="DAYS",
    help=f"How long versions of the tables that are past can still be read; at least {LEAST_DAYS}.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def maintain(settings: Settings, days: int, as_json: bool) -> int:
    """Join small files, and remove those that no version of the kept days needs.

    Runs and readers may be at work meanwhile. No row changes, and what was known on a past day can still
    be asked for: that is kept in rows. What was erased by law goes at once, from every version, from lakes
    that a rebuild put aside and from the serving database's free pages. Exit code 1 when a table cannot be read.
    """
    from onefile.files import lock
    from pipelines import upkeep
    from pipelines.workshop import Workshop

    shop, done = Workshop(settings), []
    with lock(settings.home / "locks" / "maintain.lock", wait=False):
        for each in upkeep.maintain(shop.lake, days * 24):
            done.append(each)
            if not as_json:
                click.echo(each.table, err=True)
        forgotten = upkeep.forget(shop)
    if as_json:
        click.echo(json.dumps([asdict(each) for each in done]))
    else:
        _print_upkeep(done, settings.lang)
        if forgotten:
            click.echo(FORGOTTEN[settings.lang].format(tables=", ".join(forgotten)))
    return 0 if all(each.is_whole for each in done) else 1


def _print_upkeep(done: list[Kept], lang: str) -> None:
    from onefile.cli.tables import aligned

    sizes = [(f"{each.bytes / 2**20:.1f}", f"{each.bytes_before / 2**20:.1f}") for each in done]
    rows = [
        (each.table, str(each.files), str(each.files_before), *size) for each, size in zip(done, sizes, strict=True)
    ]
    click.echo(aligned([HEADINGS[lang], *rows]))
    for each in done:
        if not each.is_whole:
            click.echo(DAMAGED[lang].format(table=each.table), err=True)
