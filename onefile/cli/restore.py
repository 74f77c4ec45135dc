"""`onefile restore`: a backup back into an empty home, here or on another machine."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from onefile.settings import Settings

DONE = {
    "zh": "已恢复到 {home}：{files} 个文件，备份时间 {made_at}。",
    "en": "restored to {home}: {files} files, as of {made_at}. ",
}
NEXT = {
    "zh": "接着运行 onefile lake check 与 onefile vault audit",
    "en": "Next: `onefile lake check` and `onefile vault audit`",
}
KEYS = {
    "zh": "请先把另存的密钥库放到 {path}，口令文件见 ONEFILE_PASSPHRASE_FILE",
    "en": "First put the keystore that was kept apart to {path}, and its passphrase where ONEFILE_PASSPHRASE_FILE says",
}


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--keystore", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE",
              help="The encrypted keystore, as `onefile vault keys export --encrypted` wrote it.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, folder: Path, keystore: Path | None, as_json: bool) -> None:
    """Restore the backup in FOLDER into an empty home and a database without tables.

    Every file is compared with its digest before anything is written. Cut off, call it again: until it
    has come to its end, no other verb works in that home.
    """
    from onefile.keeping import restoring

    target = restoring.Target(settings.home, settings.database_url, settings.passphrase_file)
    note = restoring.restore(folder, target, keystore)
    if as_json:
        click.echo(json.dumps({"home": str(settings.home), **asdict(note)}, ensure_ascii=False))
        return
    done = DONE[settings.lang].format(home=settings.home, files=note.files, made_at=note.made_at)
    if note.keys and keystore is None:
        done += KEYS[settings.lang].format(path=settings.home / "keys" / "keystore.json") + "\n"
    click.echo(done + NEXT[settings.lang])
