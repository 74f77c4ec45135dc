"""`onefile plan`: what a changed declaration would change, before it does; and applied when asked."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.changing import Planned

NOTHING = {
    "zh": "各表均按现行声明制作，无需改动",
    "en": "the tables are by the declarations of today: nothing to change",
}
APPLIED = {"zh": "已应用。运行 onefile run 发布", "en": "applied. `onefile run` publishes it"}
GOES_ON = {"zh": "继续完成此前中断的改动", "en": "goes on with what was begun and did not end"}
WAITS = {
    "zh": "尚未改动任何表。onefile run 会先应用再接收；onefile plan --apply 立即应用",
    "en": "no table was changed. `onefile run` applies it before it takes anything in, `onefile plan --apply` now",
}


@click.command()
@click.option("--apply", "is_applied", is_flag=True, help="Apply it, after it is shown.")
@click.option(
    "--declarations", "folders", metavar="DIR", multiple=True, type=click.Path(path_type=Path, exists=True),
    help="Plan for the declarations in DIR, laid over the built-in ones, and not for those in use; may be given again.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, folders: tuple[Path, ...], is_applied: bool, as_json: bool) -> int:
    """Say what declarations that changed would change: rows, subjects, attributes, with masked examples.

    Deliveries are read again and files are made anew beside the tables, which stay as they are. Applying merges just
    the rows and files that come out otherwise, and ends as a rebuild would; receipts stay as they were given, and it
    is said which of them say something else. Killed and begun again, it goes on.
    """
    from onefile.files import lock
    from pipelines import changing
    from pipelines.workshop import Workshop

    if folders and is_applied:
        raise click.UsageError("--apply applies the declarations that are in use: put those in DIR there first")
    shop = Workshop(replace(settings, declarations=tuple(f.absolute() for f in folders)) if folders else settings)
    if not is_applied:
        _show(changing.plan(shop, _say, wait=False), settings.lang, as_json=as_json)
        return 0
    with lock(settings.home / "locks" / "run.lock", wait=False):
        shown: list[Planned] = []

        def show(planned: Planned) -> None:
            shown.append(planned)
            _show(planned, settings.lang, as_json=as_json)

        was_due = changing.apply(shop, _say, show)
        if not was_due:
            _show(None, settings.lang, as_json=as_json)
        else:
            _say(APPLIED[settings.lang] if shown else f"{GOES_ON[settings.lang]}; {APPLIED[settings.lang]}")
    return 0


def _say(text: str) -> None:
    click.echo(text, err=True)


def _show(planned: Planned | None, lang: str, *, as_json: bool) -> None:
    from onefile.cli.planning_text import lines

    if as_json:
        click.echo(json.dumps(asdict(planned) if planned is not None else {}, ensure_ascii=False, indent=2))
    elif planned is None:
        click.echo(NOTHING[lang])
    else:
        for line in lines(planned, lang):
            click.echo(line)
        _say(WAITS[lang])
