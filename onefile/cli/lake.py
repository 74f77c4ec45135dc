"""`onefile lake`: whether what always holds of the lake holds."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.invariants import Broken

FINE = {
    "zh": "湖中数据完好：行数与回执一致，值皆有来源，服务库与一档一致",
    "en": "the lake is sound: rows agree with the receipts, every value has its source, what is published is gold",
}


@click.group()
def command() -> None:
    """The tables that everything lies in: what must always hold of them."""


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
        found = sorted(invariants.check(Workshop(settings)), key=str)
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
