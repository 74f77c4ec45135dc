"""`onefile city`: a synthetic city whose departments deliver what is declared, with the defects of life."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from onefile.settings import Settings

QUIET_SECONDS = 2.0

SAID = {
    "zh": "{out}：{deliveries} 批，{rows:,} 行，其中应退回 {quarantined:,} 行、重复 {duplicates:,} 行；"
    "真相见 {truth}（{seconds:.0f} 秒）",
    "en": "{out}: {deliveries} deliveries, {rows:,} rows, of which {quarantined:,} are to be rejected "
    "and {duplicates:,} are duplicates; the truth is in {truth} ({seconds:.0f} s)",
}


@click.group()
def command() -> None:
    """A synthetic city: nobody in it is real, and all its numbers belong to nobody."""


@command.command()
@click.option("--people", type=int, default=2000, show_default=True, help="How many people.")
@click.option("--enterprises", type=int, help="How many enterprises (default: a tenth of the people).")
@click.option(
    "--days", type=click.IntRange(0, 366), default=1, show_default=True, help="Days of changes after the first."
)
@click.option("--seed", type=int, default=1, show_default=True, help="Another seed, another city.")
@click.option(
    "--first-day",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Day of the full deliveries (default: so that it ends yesterday).",
)
@click.option("--only", metavar="RESOURCE", multiple=True, help="Deliver this resource only; may be repeated.")
@click.option("--sign", is_flag=True, help="Make a key for each department and sign its manifests.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Folder to make it in: new, or empty.",
)
@click.pass_obj
def make(
    settings: Settings,
    people: int,
    enterprises: int | None,
    days: int,
    seed: int,
    first_day: datetime | None,
    only: tuple[str, ...],
    sign: bool,
    out: Path,
) -> None:
    """Make a city and the deliveries of its departments: one in full, then the changes day by day.

    OUT/<department>/<delivery>/ is laid out as the inbox takes it; OUT/truth/ holds what is true, what was
    planted and what must become of every delivery; OUT/keys/ the departments' keys. The same seed, sizes and
    days give the same bytes (keys and signatures are new each time).
    """
    import catalog
    from samples import making, truth

    catalogue = catalog.load(settings.declarations, with_items=False)
    wanted = {catalogue.resource(resource).id for resource in only}
    start = first_day.date() if first_day else settings.today() - timedelta(days=days + 1)
    order = making.Order(seed, people, max(5, people // 10) if enterprises is None else enterprises, days, start, sign)
    began = time.monotonic()
    delivered = making.make_city(
        order, catalogue, out, only=lambda resource: not wanted or resource.id in wanted, on_step=_progress(began)
    )
    text = SAID[settings.lang].format(
        out=out,
        deliveries=len(delivered),
        rows=sum(d.received for d in delivered),
        quarantined=sum(d.quarantined for d in delivered),
        duplicates=sum(d.duplicates for d in delivered),
        truth=out / truth.FOLDER,
        seconds=time.monotonic() - began,
    )
    click.echo(text)


def _progress(began: float) -> Callable[[str], None]:
    """Return what says on standard error what is being done, once two seconds have gone by."""

    def say(step: str) -> None:
        seconds = time.monotonic() - began
        if seconds > QUIET_SECONDS:
            click.echo(f"{seconds:6.1f} s  {step}", err=True)

    return say
