"""`onefile city`: a synthetic city whose departments deliver what is declared, with the defects of life."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import click

from onefile.settings import Settings

QUIET_SECONDS = 2.0
MOST_RATE = 1000

SAID = {
    "zh": "{out}：{deliveries} 批，{rows:,} 行，其中应退回 {quarantined:,} 行、重复 {duplicates:,} 行；"
    "真相见 {truth}（{seconds:.0f} 秒）",
    "en": "{out}: {deliveries} deliveries, {rows:,} rows, of which {quarantined:,} are to be rejected "
    "and {duplicates:,} are duplicates; the truth is in {truth} ({seconds:.0f} s)",
}


def _rates(_context: click.Context, _parameter: click.Parameter, value: tuple[str, ...]) -> dict[str, float]:
    found = {}
    for text in value:
        kind, _equals, rate = text.partition("=")
        if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", rate) or float(rate) > MOST_RATE:
            raise click.BadParameter(f"{text!r} is no KIND=N with N from 0 to {MOST_RATE}, of 1,000")
        found[kind] = float(rate)
    return found


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
@click.option(
    "--rate",
    "rates",
    metavar="KIND=N",
    multiple=True,
    callback=_rates,
    help="Plant this kind of defect in N of 1,000 rows (or names, or deliveries); may be repeated.",
)
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
    rates: dict[str, float],
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
    firms = max(5, people // 10) if enterprises is None else enterprises
    order = making.Order(seed, people, firms, days, start, sign, rates)
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


@command.command()
@click.argument("home", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("city", metavar="DIR", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def score(settings: Settings, home: Path, city: Path, as_json: bool) -> None:
    """Hold HOME, in which a city's deliveries were taken in, against the truth in DIR.

    For each kind of defect recall and precision; how many values of the one files are the declared ranking's
    winner over the accepted rows, reckoned anew; how many are as the truth has them. Exit code 0: every
    delivery has its receipt with the right counts, every kind that a row shows reaches 0.99, every value is the winner;
    else 1.
    """
    import catalog
    from onefile.cli import city_score
    from pipelines import places
    from pipelines.errors import NotInAStore
    from samples.scoring.score import score as scored

    if places.note(home) is not None:
        raise NotInAStore("the score of a city", "take the city in with a home that has its lake itself")
    found = scored(home, city, catalog.load(settings.declarations, with_items=False))
    click.echo(city_score.as_json(found) if as_json else city_score.as_text(found, settings.lang))
    if not found.is_good:
        raise click.exceptions.Exit(1)
