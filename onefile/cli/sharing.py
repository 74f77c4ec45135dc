"""What `onefile request` and `onefile grant` share: who acts, the database, how a case is said."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from onefile.cli.options import saying
from onefile.cli.sharing_words import said
from onefile.cli.tables import aligned, shown
from onefile.settings import Settings

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from catalog.sharing_store import Actor, Case

F = TypeVar("F", bound=Callable[..., Any])
HEADINGS = {
    "zh": ("编号", "目录", "需求部门", "提供部门", "状态", "期限", "数据项"),
    "en": ("id", "resource", "consumer", "provider", "state", "due", "fields"),
}


def acting(command: F) -> F:
    """Give a command the options that say who acts and why."""
    options = (
        click.option("--as", "role", required=True, type=click.Choice(["consumer", "office", "provider", "authority"]),
                     help="The role in which the department acts."),
        click.option("--department", required=True, help="The department that acts, by its id."),
        click.option("--reason", default="", callback=saying, help="Why; kept with the step."),
        click.option("--fields", default="", metavar="NAME,…", help="Grant or leave these fields only."),
    )  # fmt: skip
    for option in reversed(options):
        command = option(command)
    return command


def actor(settings: Settings, role: str, department: str) -> Actor:
    """Return who acts, at the present instant."""
    from catalog.sharing_store import Actor

    return Actor(role, department, settings.operator, settings.now(), settings.today())


def names(text: str) -> tuple[str, ...]:
    """Return names written with commas."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


@contextmanager
def changing(settings: Settings) -> Iterator[Connection]:
    """Hold the one write transaction of a database that has this release's shape."""
    from schemas.serving.connection import writing
    from schemas.serving.migration import upgrade

    upgrade(settings.database_url)
    with writing(settings.database_url) as connection:
        yield connection


def listed(settings: Settings, found: list[Case], as_json: bool) -> None:
    """Print cases as a table or as JSON."""
    if as_json:
        print_json([as_dict(case) for case in found])
    elif found:
        rows = [(c.id, c.entry_id, c.consumer, c.provider, said(c.state, settings.lang),
                 c.due_on or c.valid_until or "-", ", ".join(c.fields)) for c in found]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


def told(settings: Settings, case: Case, steps: list[dict[str, object]], as_json: bool = False) -> None:
    """Print one case with its steps, in words or as JSON."""
    if as_json:
        print_json({**as_dict(case), "steps": steps})
        return
    listed(settings, [case], False)
    lang = settings.lang
    for name, value in case.wants.items():
        click.echo(f"  {said(name, lang)}: {shown(_plain(value)) or '-'}")
    for step in steps:
        detail = f" [{shown(str(step['detail']))}]" if step["detail"] else ""
        why = f": {shown(str(step['reason']))}" if step["reason"] else ""
        who = f"{said(str(step['role']), lang)} {step['department']} ({shown(str(step['operator']))})"
        what = f"{said(str(step['action']), lang)} → {said(str(step['to_state']), lang)}"
        click.echo(f"{step['step_no']}  {step['at']}  {who}  {what}{why}{detail}")


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def as_dict(case: Case) -> dict[str, object]:
    """Return a case as JSON's types."""
    from dataclasses import asdict

    return {**asdict(case), "wants": dict(case.wants)}


def print_json(found: object) -> None:
    """Print JSON."""
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
