"""`onefile backup`: what a home holds, as it is at one moment, beside whatever runs."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from onefile.settings import Settings

MADE = {
    "zh": "已备份到 {folder}：{files} 个文件，{mib} MiB，数据库 {database}。"
    "密钥库不在其中：onefile vault keys export --encrypted",
    "en": "backed up to {folder}: {files} files, {mib} MiB, database {database}. "
    "The keystore is not in it: `onefile vault keys export --encrypted`",
}
NO_DATABASE = {"zh": "尚无", "en": "none yet"}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, folder: Path, as_json: bool) -> None:
    """Write a backup of the home and the serving database into FOLDER, which is new or empty.

    Runs, the counter and issuers go on: each step waits for a moment. What it holds is the state of one instant.
    The keystore and its passphrase are never in it. It holds personal data: keep it as you keep the home.
    """
    import catalog
    from onefile.keeping import backing
    from pipelines import places

    declared = catalog.load(settings.declarations)
    place = backing.Place(
        settings.home, settings.database_url, (settings.passphrase_file,), tuple(declared.resources),
        tuple(declared.declarations.files), places.of(settings),
    )  # fmt: skip
    note = backing.back_up(place, folder, settings.now())
    if as_json:
        click.echo(json.dumps({"folder": str(folder), **asdict(note)}, ensure_ascii=False))
        return
    database = note.database or NO_DATABASE[settings.lang]
    mib = f"{note.bytes / 2**20:.1f}"
    click.echo(MADE[settings.lang].format(folder=folder, files=note.files, mib=mib, database=database))
