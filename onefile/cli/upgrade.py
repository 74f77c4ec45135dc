"""`onefile upgrade`: data of the last release moved on to the formats of this one."""

from __future__ import annotations

import json
from dataclasses import asdict
from importlib.metadata import version

import click

from onefile.settings import Settings

NOTHING = {
    "zh": "无需升级：各格式与本版本 {release} 一致",
    "en": "nothing to do: every format is the one of this release, {release}",
}
MOVED = {"zh": "{what}：{found} → {wanted}", "en": "{what}: {found} → {wanted}"}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """Bring the home and the serving database to the formats of this release. Make a backup before.

    Everything is looked at first: tables, notes of deliveries, receipts, ledger, keys, the database's
    shape. Where a later release wrote any of it, nothing is changed, and the exit code is 1.
    """
    from onefile.files import lock
    from onefile.keeping import upgrading
    from pipelines import places

    release = version("onefile")
    with lock(settings.home / "locks" / "run.lock", wait=False):
        moved = upgrading.upgrade(
            settings.home, settings.database_url, release, lambda: _track_rows(settings), places.of(settings)
        )
    if as_json:
        click.echo(json.dumps({"release": release, "moved": [asdict(each) for each in moved]}, ensure_ascii=False))
        return
    lines = [MOVED[settings.lang].format(**asdict(each)) for each in moved]
    click.echo("\n".join(lines) or NOTHING[settings.lang].format(release=release))


def _track_rows(settings: Settings) -> None:
    from pipelines import names
    from pipelines.workshop import Workshop

    Workshop(settings).lake.track_rows(names.RELEASE)
