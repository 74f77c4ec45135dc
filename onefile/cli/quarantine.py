"""`onefile quarantine`: rejected rows by department and reason, and as a file to be corrected."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.quarantine import Pile

HEADINGS = {
    "zh": ("资源", "数据项", "原因", "行数", "最早", "怎么改"),
    "en": ("resource", "column", "reason", "rows", "oldest", "what to do"),
}


@click.group()
def command() -> None:
    """Rejected rows: see what waits and why, and export it to be corrected."""


@command.command("list")
@click.option("--department", help="Of this department only.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_obj
def list_(settings: Settings, department: str | None, as_json: bool) -> None:
    """List what waits, by resource, column and reason. No value is shown."""
    from onefile.cli.tables import aligned
    from pipelines import places, quarantine

    resources = _resources(settings, department)
    piles = quarantine.piles(quarantine.waiting(places.of(settings), resources))
    if as_json:
        click.echo(json.dumps([asdict(pile) for pile in piles], ensure_ascii=False, indent=2, default=_text))
    elif piles:
        click.echo(aligned([HEADINGS[settings.lang], *(_line(pile, settings.lang) for pile in piles)]))
    else:
        click.echo({"zh": "没有待处理的问题数据", "en": "nothing waits"}[settings.lang])


@command.command()
@click.option("--department", required=True, help="The department whose rows are exported.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True, help="Folder for the files.")
@click.pass_obj
def export(settings: Settings, department: str, out: Path) -> None:
    """Write the waiting rows of DEPARTMENT, one CSV file (UTF-8 with BOM) per resource, to be corrected.

    Correct the values, leave the first three columns as they are, and hand the file to
    `onefile redrive`. A cell that a spreadsheet would run has an apostrophe in front.
    """
    from pipelines import correction, places, quarantine

    lake, written = places.of(settings), 0
    for resource in _resources(settings, department):
        rows = list(quarantine.waiting(lake, [resource]))
        if rows:
            path = correction.write(out, resource, rows, settings.lang)
            click.echo(f"{path}: {len(rows)}")
            written += 1
    if not written:
        raise Failure(f"nothing of department {department!r} waits")


def _resources(settings: Settings, department: str | None) -> list[str]:
    import catalog

    declared = catalog.load(settings.declarations, with_items=False)
    if department is not None and department not in declared.declarations.departments:
        raise Failure(f"no department {department!r} is declared", 2)
    return [r.id for r in declared.resources.values() if department in (None, r.department)]


def _line(pile: Pile, lang: str) -> tuple[str, ...]:
    from schemas.reasons import REASONS

    reason = REASONS[pile.reason]
    words = f"{pile.reason}: {reason.words(lang)}"
    return (pile.resource, pile.column, words, str(pile.rows), pile.oldest.date().isoformat(), reason.fix(lang))


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
