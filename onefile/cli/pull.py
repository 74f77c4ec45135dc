"""`onefile pull`: what departments' systems have becomes deliveries in the inbox."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings, machine_clock

if TYPE_CHECKING:
    from inbox.pulling.pull import Pulled

SAID = {
    "zh": {
        "new": "{resource}：{rows:,} 行，已放入收件箱：{delivery}",
        "waiting": "{resource}：已在收件箱中等待，没有变化：{delivery}",
        "taken": "{resource}：以前已接收，没有变化：{delivery}",
        "nothing": "{resource}：没有新数据",
        "none": "没有声明了来源（source）的资源",
        "next": "下一步：onefile run",
    },
    "en": {
        "new": "{resource}: {rows:,} rows, in the inbox: {delivery}",
        "waiting": "{resource}: waits in the inbox already, nothing changed: {delivery}",
        "taken": "{resource}: was received before, nothing changed: {delivery}",
        "nothing": "{resource}: nothing new",
        "none": "no resource has a 'source'",
        "next": "next: onefile run",
    },
}


@click.command()
@click.argument("resources", nargs=-1, metavar="[RESOURCE...]")
@click.option("--all", "is_all", is_flag=True, help="Every resource that has a source; one that fails holds up none.")
@click.option("--full", "is_full", is_flag=True, help="All rows, whatever was pulled before.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, resources: tuple[str, ...], is_all: bool, is_full: bool, as_json: bool) -> None:
    """Pull what the source of RESOURCE… holds (a database, an HTTP service, a folder of files) into the inbox.

    The source is declared in the resource; its address and credentials are the setting ONEFILE_SOURCE_NAME. Only what
    is new since the last time comes where the source has a watermark. Then `onefile run` takes it in.
    """
    import catalog
    from inbox.pulling.pull import Puller
    from onefile.errors import OneFileError

    if bool(resources) == is_all:
        raise click.UsageError("name resources, or all of them with --all")
    declared = catalog.load(settings.declarations, with_items=False)
    named = [declared.resource(each) for each in resources] or list(declared.resources.values())
    puller = Puller(settings.home, settings.sources, settings.now(), settings.timezone, machine_clock)
    pulled: list[Pulled] = []
    failed: list[tuple[str, OneFileError]] = []
    for resource in (each for each in named if each.source is not None or not is_all):
        try:
            pulled += puller.pull(resource, is_full=is_full)
        except OneFileError as error:
            failed.append((resource.id, error))
    _show(settings, pulled, failed, as_json=as_json)
    if failed:
        raise Failure("\n".join(f"{resource}: {error}" for resource, error in failed), failed[0][1].exit_code)


def _show(settings: Settings, pulled: list[Pulled], failed: Sequence[tuple[str, Exception]], *, as_json: bool) -> None:
    from dataclasses import asdict

    words = SAID[settings.lang]
    if as_json:
        gone = [{"resource": name, "state": "failed", "delivery": None, "rows": 0} for name, _ in failed]
        click.echo(json.dumps([*(asdict(each) for each in pulled), *gone], ensure_ascii=False))
        return
    for each in pulled:
        click.echo(words[each.state].format(**asdict(each)))
    if any(each.state in ("new", "waiting") for each in pulled):
        click.echo(words["next"])
    if not pulled and not failed:
        click.echo(words["none"])
