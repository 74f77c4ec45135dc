"""`onefile redrive`: corrected rows go in again, as deliveries of their own."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.errors import quoted
from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.correction import Corrected
    from schemas.model import Resource

SAID = {
    "zh": "{id}：{rows} 行已放入收件箱；运行 onefile run 处理",
    "en": "{id}: {rows} rows are in the inbox; `onefile run` takes them in",
}

STRANGE = {
    "zh": "文件第 {rows} 行所写的不是被退回的行：_delivery 和 _row_no 请保持 onefile quarantine export 写出的样子",
    "en": "rows {rows} of the file name no row that was rejected: keep _delivery and _row_no as "
    "`onefile quarantine export` wrote them",
}

NOTHING = {
    "zh": "没有可重新提交的行：文件中没有与待处理行不同的内容；"
    "如果是声明已更正，或已删去同一主键的其他行，请加 --unchanged",
    "en": "nothing to re-drive: no row of the file differs from the one that waits; where a declaration was corrected, "
    "or the other rows of the key were taken out of the file, add --unchanged",
}


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--resource", help="Resource of the rows; else the file's name says it.")
@click.option(
    "--key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The department's private key."
)
@click.option(
    "--unchanged", is_flag=True, help="Rows that nobody changed too: a declaration was, or of rows that contradict "
    "each other the right one was left in the file."
)  # fmt: skip
@click.pass_obj
def command(settings: Settings, file: Path, resource: str | None, key: Path | None, unchanged: bool) -> None:
    """Put the corrected rows of FILE, as `onefile quarantine export` wrote it, into the inbox.

    Rows that nobody changed stay where they wait, without --unchanged. The same file again changes nothing.
    """
    import catalog
    from pipelines import correction

    resources = catalog.load(settings.declarations, with_items=False).resources
    declared = resources.get(resource or file.stem)
    if declared is None:
        raise Failure(f"no resource{quoted(resource or file.stem)} is declared: give it with --resource", 2)
    rows = correction.read(file, declared)
    _check_known(settings, declared, rows)
    changed = _to_redrive(settings, declared, rows, unchanged)
    if not changed:
        click.echo(NOTHING[settings.lang])
        return
    for period, group in _by_period(settings, changed).items():
        made = _deliver(settings, declared, group, period, key)
        click.echo(SAID[settings.lang].format(id=made, rows=len(group)))


def _check_known(settings: Settings, resource: Resource, rows: list[Corrected]) -> None:
    """Refuse rows that were never rejected: a number was mistyped, or the file is of another home."""
    from pipelines import places, quarantine

    known = quarantine.ever(places.of(settings), resource.id)
    strange = [str(line) for line, row in enumerate(rows, 1) if (row.delivery, row.row_no) not in known]
    if strange:
        shown = ", ".join(strange[:10]) + (" …" if len(strange) > 10 else "")
        raise Failure(STRANGE[settings.lang].format(rows=shown))


def _to_redrive(settings: Settings, resource: Resource, rows: list[Corrected], unchanged: bool) -> list[Corrected]:
    """Keep the rows that wait in quarantine and now say something else than there, or all that wait."""
    from pipelines import places, quarantine

    waiting = {(r.delivery, r.row_no): r.row for r in quarantine.waiting(places.of(settings), [resource.id])}
    return [
        row
        for row in rows
        if (known := waiting.get((row.delivery, row.row_no))) is not None
        and (unchanged or _differs(row.values, known, resource))
    ]


def _differs(values: Mapping[str, str], known: Mapping[str, str | None], resource: Resource) -> bool:
    return any(values.get(header, "") != (known.get(header) or "") for header in resource.headers)


def _by_period(settings: Settings, rows: list[Corrected]) -> dict[str, list[Corrected]]:
    """Group the rows by the period that their first delivery was about: it says since when they are true."""
    from inbox import deliveries

    found: dict[str, list[Corrected]] = {}
    periods: dict[str, str] = {}
    for row in rows:
        if row.delivery not in periods:
            periods[row.delivery] = deliveries.open_delivery(settings.home, row.delivery).manifest.period
        found.setdefault(periods[row.delivery], []).append(row)
    return found


def _deliver(settings: Settings, resource: Resource, rows: list[Corrected], period: str, key: Path | None) -> str:
    from inbox import making
    from inbox.manifest import Redriven
    from pipelines import correction

    content = correction.content(rows, resource)
    told = "\n".join(f"{row.delivery} {row.row_no}" for row in rows).encode()
    name = f"redrive-{resource.department}-{resource.name}-{sha256(content + told).hexdigest()[:16]}"
    with tempfile.TemporaryDirectory(dir=settings.home) as folder:
        file = Path(folder) / f"corrected.{resource.format}"
        file.write_bytes(content)
        redrives = tuple(Redriven(row.delivery, row.row_no) for row in rows)
        making.make(settings.home, resource, [file], id=name, period=period, key=key, redrives=redrives)
    return name
