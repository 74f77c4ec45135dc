"""`onefile rebuild`: the lake made anew from what was delivered, compared, and swapped in when asked."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.rebuilding import Difference

SAME = {
    "zh": "重建的各表与现有各表逐行一致",
    "en": "the rebuilt tables are the present ones, row for row",
}
DIFFERS = {
    "zh": "{table}：{only_present} 行只在现有表中，{only_rebuilt} 行只在重建表中",
    "en": "{table}: {only_present} rows only in the present one, {only_rebuilt} only in the rebuilt one",
}
SWAPPED = {
    "zh": "已换入；原来的表在 {kept}。运行 onefile run 发布",
    "en": "swapped in; what was there is in {kept}. `onefile run` publishes it",
}
WAITS = {
    "zh": "重建的表在 {place}；加 --swap 换入",
    "en": "the rebuilt tables are in {place}; with --swap they take the place of the present ones",
}


@click.command()
@click.option("--swap", is_flag=True, help="Put the rebuilt tables in the place of the present ones, which are kept.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, swap: bool, as_json: bool) -> int:
    """Make all tables anew from the kept deliveries, beside the present ones, and compare them row for row.

    Exit code 1 where they differ and --swap was not given: something was damaged, or a declaration changed.
    """
    from onefile.files import lock
    from pipelines import rebuilding
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    with lock(settings.home / "locks" / "run.lock", wait=False):
        rebuilding.end_swap(shop)
        if swap:
            rebuilding.require_folder(shop)
        beside = rebuilding.rebuild(shop, lambda step: click.echo(step, err=True))
        found = list(rebuilding.differences(shop, beside))
        kept = rebuilding.swap(shop, beside) if swap else None
    if as_json:
        click.echo(json.dumps({"differences": [asdict(each) for each in found], "is_swapped": swap}))
    else:
        for line in _lines(found, settings.lang):
            click.echo(line)
        place = (SWAPPED if swap else WAITS)[settings.lang]
        click.echo(place.format(kept=kept, place=settings.home / rebuilding.FOLDER), err=True)
    return 1 if found and not swap else 0


def _lines(found: list[Difference], lang: str) -> list[str]:
    return [DIFFERS[lang].format(**asdict(each)) for each in found] or [SAME[lang]]
