"""`onefile ids bridges`: how many earlier numbers lead to a present one, and which are used by nobody, and why."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any

import click

from onefile.settings import Settings

_WORDS = {
    "used": ("采用", "used"),
    "ambiguous": ("指向不同的现号码，不采用", "leads to different present numbers: not used"),
    "circular": ("首尾循环，不采用", "runs in a circle: not used"),
    "in_use": (
        "同一登记仍以旧号码登记他人，不采用",
        "its register goes on using the number as somebody's own: not used",
    ),
    "unsound": ("旧号码不合规则，不采用", "the earlier number is not sound: not used"),
    "person": ("个人", "person"),
    "enterprise": ("企业", "enterprise"),
}
_SHOWN = ("type", "state", "resource", "delivery", "row_no")


@click.command(name="bridges")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, as_json: bool) -> None:
    """Bridges from earlier numbers to present ones: how many there are, and every one that is used by nobody.

    Those are told by the row that states them, never by the number: the department corrects that row.
    """
    found = {kind: _rows(settings, kind) for kind in ("enterprise", "person")}
    states = {kind: dict(sorted(Counter(row["state"] for row in rows).items())) for kind, rows in found.items() if rows}
    unused = [{"kind": kind} | row for kind, rows in found.items() for row in rows if row["state"] != "used"]
    if as_json:
        click.echo(json.dumps({"states": states, "unused": unused}, ensure_ascii=False))
        return
    column = 0 if settings.lang == "zh" else 1
    if not states:
        click.echo(("没有新旧号码对应关系", "there are no bridges between numbers")[column])
    for kind, counts in states.items():
        for state, count in counts.items():
            click.echo(f"{_WORDS[kind][column]} · {_WORDS[state][column]}: {count}")
    for row in unused:
        click.echo(f"{row['resource']} · {row['delivery']} #{row['row_no']} · {_WORDS[row['state']][column]}")


def _rows(settings: Settings, kind: str) -> list[dict[str, Any]]:
    from pipelines import names, peek, places

    rows = peek.rows(places.of(settings), names.bridge(kind), _SHOWN)
    return [] if rows is None else sorted(rows.to_pylist(), key=lambda row: tuple(map(str, row.values())))
