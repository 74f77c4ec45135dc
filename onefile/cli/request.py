"""`onefile request`: a department applies for a resource; its office, the provider and the authority answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from onefile.cli.options import saying
from onefile.settings import Settings

F = TypeVar("F", bound=Callable[..., Any])
ACTIONS = (
    "approve", "send_back", "submit", "tell_lacking", "complete", "grant", "refuse", "ask_extension",
    "consent_extension", "deny_extension", "dispute", "uphold", "withdraw", "supply",
)  # fmt: skip
WISHES = (
    ("rows", "Rows wanted, by region or level, like area=690101; without it all."),
    ("items", "Codes of the service items that it serves, parted by commas."),
    ("basis", "The legal basis."),
    ("scenario", "The scenario in which it is used."),
    ("scope", "Who uses it, and how far it goes."),
    ("mode", "Share mode: query, check, batch, file, licence."),
    ("from", "First day, YYYY-MM-DD."),
    ("until", "Last day, YYYY-MM-DD."),
    ("assessment", "The impact assessment, where items are sensitive."),
    ("delay", "Last day on which subjects are not told of looks yet, for an investigation, YYYY-MM-DD."),
)


def wishing(command: F) -> F:
    """Give a command an option for each thing that a request says."""
    command = click.option("--quota", type=int, default=0, help="Looks a day.")(command)
    for name, about in reversed(WISHES):
        command = click.option(f"--{name}", f"wish_{name}", default="", callback=saying, help=about)(command)
    return command


@click.group()
def command() -> None:
    """Requests for resources: steps and who may take them are in docs/reference/sharing.md."""


@command.command(name="apply")
@click.argument("resource", metavar="RESOURCE")
@click.option("--department", required=True, help="The consumer, by its id.")
@click.option("--fields", default="", metavar="NAME,…", help="Information items wanted, by name.")
@wishing
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def apply_for(
    settings: Settings, /, resource: str, department: str, fields: str, as_json: bool, quota: int, **wishes: str
) -> None:
    """Apply for fields of RESOURCE. The request goes to the department's own sharing office first."""
    from catalog.entries import find
    from catalog.requests import apply
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import actor, changing, listed

    known, entries = all_entries(settings)
    known.department(department)
    entry = find(entries, resource)
    with changing(settings) as connection:
        case = apply(connection, _wanted(fields, quota, wishes), entry, actor(settings, "consumer", department))
    listed(settings, [case], as_json)


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.argument("action", type=click.Choice(ACTIONS))
@click.option("--as", "role", required=True, type=click.Choice(["consumer", "office", "provider", "authority"]),
              help="The role in which the department acts.")  # fmt: skip
@click.option("--department", required=True, help="The department that acts, by its id.")
@click.option("--reason", default="", callback=saying, help="Why; kept with the step.")
@click.option(
    "--fields", default="", metavar="NAME,…", help="Grant these fields only; or the fields of `complete`, `submit`."
)
@wishing
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def act(
    settings: Settings, /, request_id: str, action: str, role: str, department: str, reason: str, fields: str,
    as_json: bool, quota: int, **wishes: str,
) -> None:  # fmt: skip
    """Take the step ACTION on REQUEST. `grant` may name fewer fields.

    `complete` takes what was lacking as options, `submit` what is wanted otherwise after it was sent back.
    """
    from catalog import requests, sharing_store
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import actor, changing, listed, names

    known, entries = all_entries(settings)
    wanted = _wanted(fields, quota, wishes) if action in ("complete", "submit") else None
    with changing(settings) as connection:
        entry = entries.get(sharing_store.get(connection, request_id).entry_id)
        granted = names(fields) if action == "grant" else ()
        who = actor(settings, role, department)
        case = requests.act(connection, request_id, action, who, reason, entry, known.sharing, granted, wanted)
    listed(settings, [case], as_json)


@command.command(name="list")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those whose clock has run out only.")
@click.option("--department", help="Of this consumer or provider only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_requests(settings: Settings, is_overdue: bool, department: str | None, as_json: bool) -> None:
    """List requests with their state and the day by which the next step is due."""
    from catalog.requests import overdue
    from catalog.sharing_store import cases
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = overdue(connection, settings.today()) if is_overdue else cases(connection, "R")
    listed(settings, [c for c in found if department in (None, c.consumer, c.provider)], as_json)


@command.command()
@click.argument("request_id", metavar="REQUEST")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, request_id: str, as_json: bool) -> None:
    """Show REQUEST with every step: who, in which role, when and why."""
    from catalog.sharing_store import get, steps
    from onefile.cli.sharing import changing, told

    with changing(settings) as connection:
        case, taken = get(connection, request_id), steps(connection, request_id)
    told(settings, case, taken, as_json)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def escalate(settings: Settings, as_json: bool) -> None:
    """Send requests that nobody answered in time to the sharing authority. Run it daily."""
    from catalog import requests
    from onefile.cli.sharing import actor, changing, listed

    with changing(settings) as connection:
        found = requests.escalate(connection, actor(settings, "rule", ""))
    listed(settings, found, as_json)


@command.command()
@click.argument("text", metavar="[TEXT]", default="", callback=saying)
@click.option("--department", default="", help="Who needs it, by its id; with TEXT.")
@click.option("--item", default="", help="Code of the service item that needs it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def need(settings: Settings, text: str, department: str, item: str, as_json: bool) -> None:
    """Say a need that no resource meets, or without TEXT list all of them, the most wanted first."""
    import catalog
    from catalog.requests import needs, say_need
    from onefile.cli.sharing import changing, print_json

    if text:
        catalog.load(settings.declarations).department(department)
    with changing(settings) as connection:
        if text:
            say_need(connection, department, text, item, settings.today())
        found = needs(connection)
    if as_json:
        print_json([{"need": each, "times": times, "departments": who} for each, times, who in found])
    else:
        for each, times, who in found:
            click.echo(f"{times}  {who}  {each}")


def _wanted(fields: str, quota: int, wishes: dict[str, str]) -> Any:
    from catalog.requests import Wanted
    from onefile.cli.sharing import names

    said = {name.removeprefix("wish_"): value for name, value in wishes.items()}
    return Wanted(
        names(fields), said["rows"], names(said["items"]), said["basis"], said["scenario"], said["scope"],
        said["mode"], said["from"], said["until"], quota, said["assessment"], said["delay"],
    )  # fmt: skip
