"""`onefile grant`: what was granted, what it gives today, and how it ends."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from onefile.cli.options import instant
from onefile.cli.sharing import acting
from onefile.settings import Settings

ACTIONS = (
    "narrow", "suspend", "resume", "propose_end", "agree_end", "object_end", "decide_end", "revoke", "give_up",
    "allow_passing_on", "report", "dispute", "settle", "dispose",
)  # fmt: skip

STATES = ("active", "suspended", "end_proposed", "disputed", "ended", "disposed")


@click.group()
def command() -> None:
    """Grants: the one thing that the counter obeys. Steps are in docs/reference/sharing.md."""


@command.command(name="list")
@click.option("--department", help="Of this consumer or provider only.")
@click.option("--state", type=click.Choice(STATES), help="In this state only; `ended` ones lack their statement.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_grants(settings: Settings, department: str | None, state: str | None, as_json: bool) -> None:
    """List grants with their state and last day."""
    from catalog.sharing_store import cases
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = [c for c in cases(connection, "G")
                 if department in (None, c.consumer, c.provider) and state in (None, c.state)]  # fmt: skip
    listed(settings, found, as_json)


@command.command()
@click.argument("grant_id", metavar="GRANT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, grant_id: str, as_json: bool) -> None:
    """Show GRANT with its steps, and what it gives today: fields that its resource has no more are told."""
    from dataclasses import asdict

    from catalog.errors import GrantNotInForce
    from catalog.grants import given, lost_fields
    from catalog.sharing_store import get, steps
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import as_dict, changing, print_json, told

    _, entries = all_entries(settings)
    with changing(settings) as connection:
        case, taken = get(connection, grant_id), steps(connection, grant_id)
        entry = entries.get(case.entry_id)
        gives, why = None, None
        try:
            gives = asdict(given(connection, grant_id, entry, settings.today()))
        except GrantNotInForce as error:
            why = error.reason
    lost = list(lost_fields(case, entry))
    if as_json:
        print_json({**as_dict(case), "steps": taken, "gives": gives, "gives_nothing_because": why, "lost_fields": lost})
        return
    told(settings, case, taken)
    words = {
        "zh": ("今日可用", "今日不可用", "资源已无的数据项"),
        "en": ("gives today", "gives nothing", "gone from the resource"),
    }
    can, cannot, gone = words[settings.lang]
    click.echo(f"{can}: {', '.join(gives['fields'])}" if gives else f"{cannot}: {why}")
    if lost:
        click.echo(f"{gone}: {', '.join(lost)}")


@command.command()
@click.argument("grant_id", metavar="GRANT")
@click.argument("action", type=click.Choice(ACTIONS))
@acting
@click.option("--rows", default="", help="`narrow`: to these rows, like area=690101.")
@click.option("--items", default="", metavar="CODE,…", help="`narrow`: to these service items.")
@click.option("--quota", type=int, default=0, help="`narrow`: to this many looks a day.")
@click.option("--to", "passed_to", default="", help="`allow_passing_on`: the department that may have it too.")
@click.option("--statement", type=click.Path(path_type=Path), help="`dispose`: the statement of disposal.")
@click.option("--signature", type=click.Path(path_type=Path), help="`dispose`: Ed25519 over its bytes, 64 bytes.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def act(
    settings: Settings, grant_id: str, action: str, role: str, department: str, reason: str, fields: str,
    rows: str, items: str, quota: int, passed_to: str, statement: Path | None, signature: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Take the step ACTION on GRANT. `dispose` wants a statement signed with a key of the department."""
    import catalog
    from catalog import grants
    from onefile.cli.sharing import actor, changing, listed, names

    detail = _statement(settings, grant_id, department, statement, signature) if action == "dispose" else ""
    known = catalog.load(settings.declarations)
    if action == "allow_passing_on":
        detail = known.department(passed_to).id
    with changing(settings) as connection:
        who = actor(settings, role, department)
        limits = grants.Limits(names(fields), rows, names(items), quota)
        case = grants.act(connection, grant_id, action, who, reason, known.sharing, (), detail, limits)
    listed(settings, [case], as_json)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def review(settings: Settings, as_json: bool) -> None:
    """End grants whose period is over; suspend those whose basis lapsed or that were overused. Run it daily."""
    from catalog import grants
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import actor, changing, listed

    _, entries = all_entries(settings)
    with changing(settings) as connection:
        found = grants.review(connection, entries, actor(settings, "rule", ""))
    listed(settings, found, as_json)


@command.command()
@click.option("--department", required=True, help="Whose grants, as consumer or provider, by its id.")
@click.option("--since", required=True, callback=instant, metavar="INSTANT", help="Steps taken from then on.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def notices(settings: Settings, department: str, since: datetime, as_json: bool) -> None:
    """Tell a department what others did to its grants: narrowed, suspended, ended, and why."""
    import catalog
    from catalog import grants
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.sharing_words import said
    from onefile.cli.tables import shown
    from onefile.verify.reading import instant_text

    catalog.load(settings.declarations).department(department)
    with changing(settings) as connection:
        found = grants.notices(connection, department, instant_text(since))
    if as_json:
        print_json(found)
        return
    for step in found:
        role, action, state = (said(str(step[name]), settings.lang) for name in ("role", "action", "to_state"))
        who = f"{role} {step['department']}".strip()
        click.echo(f"{step['at']}  {step['of_id']}  {who}  {action} → {state}: {shown(str(step['reason']))}")


@command.command(name="reports-due")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def reports_due(settings: Settings, as_json: bool) -> None:
    """List grants whose consumer told of use and effect (`act … report`) for no year."""
    from catalog import grants
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = grants.reports_due(connection, settings.today())
    listed(settings, found, as_json)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def unused(settings: Settings, as_json: bool) -> None:
    """List granted fields that nobody used in the last 90 days: to be taken out."""
    from catalog import grants
    from onefile.cli.sharing import changing, print_json

    with changing(settings) as connection:
        found = grants.unused(connection, settings.today())
    if as_json:
        print_json([{"grant": grant_id, "field": field} for grant_id, field in found])
    else:
        for grant_id, field in found:
            click.echo(f"{grant_id}  {field}")


def _statement(
    settings: Settings, grant_id: str, department: str, statement: Path | None, signature: Path | None
) -> str:
    """Return the SHA-256 of a statement that names the grant and whose signature holds, and the key's id."""
    import hashlib
    import re

    from inbox import departments
    from onefile.cli.failure import Failure
    from onefile.verify.reading import read_file

    if statement is None or signature is None:
        raise Failure("dispose without --statement and --signature: give both files")
    content = read_file(statement)
    if not re.search(rb"(?<![0-9A-Za-z])" + re.escape(grant_id.encode()) + rb"(?![0-9A-Za-z])", content):
        raise Failure(f"a statement that does not name {grant_id}: write the grant that it is about into it")
    key = departments.verify(settings.home, department, content, read_file(signature), settings.now())
    return f"sha256 {hashlib.sha256(content).hexdigest()}, signed by {key}"
