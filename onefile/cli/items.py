"""`onefile items`: service items as a portal lists them, and whose they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from schemas.item_import import ImportedItem

HEADINGS = {
    "zh": ("事项编码", "事项名称", "部门", "机构代码", "标记"),
    "en": ("code", "name", "department", "body", "flags"),
}


@click.group()
def command() -> None:
    """Service items. This release takes a portal's list in and says whose each item is."""


@command.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON.")
@click.pass_obj
def import_items(settings: Settings, file: Path, as_json: bool) -> None:
    """Take the list of items in FILE in, in the place of the one before, and count: nothing is left out."""
    from onefile.files import write_whole
    from schemas.item_import import read, tally

    found = read(file.read_bytes())
    written = json.dumps({"format": 1, "items": [asdict(item) for item in found]}, ensure_ascii=False, indent=1)
    write_whole(_path(settings), written.encode())
    _tell(settings, tally(found), as_json)


@command.command(name="list")
@click.option("--department", help="Of the department of this name only.")
@click.option("--flag", help="With this flag only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_items(settings: Settings, department: str | None, flag: str | None, as_json: bool) -> None:
    """List the items that were taken in, with the body each belongs to and its flags."""
    from onefile.cli.tables import aligned

    found = [
        item for item in _items(settings)
        if department in (None, item.department) and (flag is None or flag in item.flags)
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps([asdict(item) for item in found], ensure_ascii=False, indent=2))
        return
    rows = [(item.code, item.name, item.department, item.body or "-", ", ".join(item.flags)) for item in found]
    click.echo(aligned([HEADINGS[settings.lang], *rows]))


@command.command()
@click.argument("code")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, code: str, as_json: bool) -> None:
    """Show the item with that CODE, and what each of its flags means."""
    from onefile.cli.failure import Failure
    from schemas.item_import import FLAGS

    found = next((item for item in _items(settings) if item.code == code), None)
    if found is None:
        raise Failure("no item of that code was taken in: `onefile items list` names those there are")
    if as_json:
        click.echo(json.dumps({**asdict(found), "reasons": [FLAGS[flag] for flag in found.flags]}, ensure_ascii=False))
        return
    for name, value in asdict(found).items():
        click.echo(f"{name}: {', '.join(value) if isinstance(value, tuple) else value or '-'}")
    for flag in found.flags:
        click.echo(f"  {flag}: {FLAGS[flag]}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(settings: Settings, as_json: bool) -> None:
    """Say what is wrong with the items that were taken in: flags, names with several bodies, codes given twice."""
    from schemas.item_import import tally

    _tell(settings, tally(_items(settings)), as_json)


def _path(settings: Settings) -> Path:
    return settings.home / "items" / "imported.json"


def _items(settings: Settings) -> list[ImportedItem]:
    from onefile.cli.failure import Failure
    from schemas.item_import import ImportedItem

    if not _path(settings).exists():
        raise Failure("no items were taken in yet: `onefile items import` does it")
    found = json.loads(_path(settings).read_text(encoding="utf-8"))["items"]
    return [ImportedItem(**{**item, "flags": tuple(item["flags"])}) for item in found]


def _tell(settings: Settings, found: dict[str, object], as_json: bool) -> None:
    from schemas.item_import import FLAGS

    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    told = {"zh": "收到 {}，机构已识别 {}，未识别 {}", "en": "{} received, {} with a body, {} without"}[settings.lang]
    click.echo(told.format(found["received"], found["with_body"], found["without_body"]))
    for name in ("flags", "names_with_several_bodies", "bodies_with_several_names"):
        for key, value in dict(found[name]).items():  # type: ignore[call-overload]
            why = f": {FLAGS[key]}" if key in FLAGS else ""
            click.echo(f"  {key}  {', '.join(value) if isinstance(value, list) else value}{why}")
    for code in list(found["codes_given_twice"]):  # type: ignore[call-overload]
        click.echo(f"  {code}")
