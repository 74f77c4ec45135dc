"""`onefile meter`: what items still make people bring, per item, department and month; and what to connect next."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.prefill.meter import Metered

HEADINGS = {
    "zh": ("月份", "事项", "部门", "办件", "应交", "共享", "共享材料", "承诺", "重复索要", "免交率", "预填", "未改",
           "已改", "省时（分）"),
    "en": ("month", "item", "department", "cases", "demanded", "shared", "deposited", "promised", "asked again",
           "saved", "filled", "untouched", "amended", "minutes saved"),
}  # fmt: skip
PLAN = {"zh": "下一步接入（可免交份数）：", "en": "to connect next (demands it would save):"}


def _month(_context: click.Context, _parameter: click.Parameter, text: str | None) -> str | None:
    if text is not None and not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text):
        raise click.BadParameter("write a month like 2026-03")
    return text


@click.command()
@click.option("--since", callback=_month, metavar="MONTH", help="First month (default: the present one).")
@click.option("--until", callback=_month, metavar="MONTH", help="Last month (default: the present one).")
@click.option("--department", help="Items of this department only, by its id.")
@click.option("--csv", "csv_file", type=click.Path(path_type=Path, dir_okay=False), help="Write the lines to a file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    settings: Settings, since: str | None, until: str | None, department: str | None, csv_file: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Count materials demanded, shared, deposited, promised, asked for again though held, and fields amended.

    The share of materials that nobody had to bring stands beside the reform's target of 70 %. The plan says what, if
    it were connected next, would save the most demands. The DAG `meter` writes the same every day.
    """
    import catalog
    from catalog.prefill.meter import metered
    from catalog.prefill.meter_forms import as_csv
    from catalog.prefill.meter_forms import as_json as told
    from catalog.prefill.store import asked_between
    from onefile.cli.sharing import changing, print_json
    from onefile.files import write_whole

    present = settings.today().isoformat()[:7]
    known = catalog.load(settings.declarations).declarations
    with changing(settings) as connection:
        asked = asked_between(connection, f"{since or present}-01", f"{until or present}-31")
        found = metered(known, (each for each in asked if department in (None, each.department)))
    if csv_file is not None:
        write_whole(csv_file.absolute(), as_csv(found).encode(), 0o644)
    if as_json:
        print_json(told(found))
    else:
        _print(settings, found)


def _print(settings: Settings, found: Metered) -> None:
    from catalog.prefill.meter_forms import rows
    from onefile.cli.tables import aligned

    if not found.lines:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
        return
    told = [tuple(value or "-" for n, value in enumerate(row) if n != 10) for row in rows(found.lines)]
    click.echo(aligned([HEADINGS[settings.lang], *told]))
    for each in found.sources:
        said = {"zh": "申请人常修改其值：", "en": "values often amended: "}[settings.lang]
        click.echo(f"{said}{each.resource} {each.amended}/{each.handed_in}")
    if found.plan:
        click.echo(PLAN[settings.lang])
    for step in found.plan:
        click.echo(f"  {step.demands}  {step.what}  {step.name}  {step.label}  ({', '.join(step.items)})")
