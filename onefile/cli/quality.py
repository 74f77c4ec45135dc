"""`onefile quality`: what the expectations said of the last runs, in counts."""

from __future__ import annotations

import json
from datetime import datetime

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

COLUMNS = (
    "run_at",
    "layer",
    "subject",
    "delivery",
    "expectation",
    "column",
    "severity",
    "is_met",
    "checked",
    "unexpected",
)
HEADINGS = {
    "zh": ("检查", "对象", "批次或版本", "期望", "数据项", "级别", "结果", "行数", "不符"),
    "en": ("layer", "of", "delivery or version", "expectation", "column", "severity", "outcome", "rows", "unexpected"),
}
UNKNOWN = {
    "zh": "没有这个对象的检查结果：请核对名称",
    "en": "nothing of that name was ever checked: look at its spelling",
}
OUTCOME = {"zh": {True: "符合", False: "不符合"}, "en": {True: "met", False: "NOT MET"}}


@click.command()
@click.option("--all", "show_all", is_flag=True, help="Also the expectations that are met.")
@click.option("--resource", help="Of this resource, or kind of one file, only.")
@click.option("--json", "as_json", is_flag=True, help="Print every outcome as JSON.")
@click.pass_obj
def command(settings: Settings, show_all: bool, resource: str | None, as_json: bool) -> None:
    """Show the newest outcome of each expectation, and how complete the one files are."""
    from onefile.cli.tables import aligned
    from pipelines import names, peek, places

    table = peek.rows(places.of(settings), names.QUALITY, COLUMNS)
    found = newest([] if table is None else peek.dicts(table), resource)
    if resource is not None and not found:
        raise Failure(UNKNOWN[settings.lang])
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, default=_text, indent=2))
        return
    shown = [r for r in found if show_all or not r["is_met"]]
    unmet = sum(not r["is_met"] for r in found)
    click.echo(_summary(len(found), unmet, settings))
    if shown:
        click.echo(aligned([HEADINGS[settings.lang], *(_line(row, settings.lang) for row in shown)]))


def newest(rows: list[dict[str, object]], resource: str | None) -> list[dict[str, object]]:
    """Keep of each expectation on each subject the outcome of its last check; of several at one instant the worst."""
    newest: dict[tuple[object, ...], dict[str, object]] = {}
    for row in sorted(rows, key=lambda r: (str(r["run_at"]), not r["is_met"], str(r["delivery"]))):
        if resource in (None, row["subject"]):
            newest[(row["layer"], row["subject"], row["expectation"], row["column"])] = row
    return [newest[key] for key in sorted(newest, key=str)]


def _line(row: dict[str, object], lang: str) -> tuple[str, ...]:
    outcome = OUTCOME[lang][bool(row["is_met"])]
    cells = (row["layer"], row["subject"], row["delivery"], row["expectation"], row["column"], row["severity"])
    return (*(str(cell or "") for cell in cells), outcome, str(row["checked"] or ""), str(row["unexpected"] or ""))


def _summary(total: int, unmet: int, settings: Settings) -> str:
    pages = settings.home / "quality" / "gx" / "uncommitted" / "data_docs" / "local_site" / "index.html"
    if settings.lang == "zh":
        return f"共 {total} 项期望，{unmet} 项不符合。网页：{pages}"
    return f"{total} expectations, {unmet} not met. Pages: {pages}"


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)
