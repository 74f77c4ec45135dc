"""`onefile dispute`: two departments differ over a request or its use; they consult, then it goes up."""

from __future__ import annotations

import click

from onefile.cli.options import saying
from onefile.settings import Settings

ACTIONS = ("agree", "refer", "decide", "appeal", "withdraw")


@click.group()
def command() -> None:
    """Sharing disputes (共享争议) over a request or a grant. Steps: docs/reference/sharing.md."""


@command.command(name="open")
@click.argument("of_id", metavar="REQUEST-OR-GRANT")
@click.option("--as", "role", required=True, type=click.Choice(["consumer", "provider"]), help="The role of who opens.")
@click.option("--department", required=True, help="The department that opens it, by its id.")
@click.option("--reason", required=True, callback=saying, help="Over what.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def open_(settings: Settings, of_id: str, role: str, department: str, reason: str, as_json: bool) -> None:
    """Open a dispute over a request or a grant: consumer and provider consult within the clock."""
    import catalog
    from catalog.disputes import open_dispute
    from onefile.cli.sharing import actor, changing, listed

    known = catalog.load(settings.declarations, with_items=False)
    with changing(settings) as connection:
        case = open_dispute(connection, of_id, actor(settings, role, department), reason, known.sharing)
    listed(settings, [case], as_json)


@command.command(name="list")
@click.option("--department", help="Of this consumer or provider only.")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those that were not ended in time only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_disputes(settings: Settings, department: str | None, is_overdue: bool, as_json: bool) -> None:
    """List disputes with what they are over, state and the day by which they are to end."""
    from catalog.disputes import overdue
    from catalog.sharing_store import cases
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = overdue(connection, settings.today()) if is_overdue else cases(connection, "D")
    listed(settings, [case for case in found if department in (None, case.consumer, case.provider)], as_json)


@command.command()
@click.argument("dispute_id", metavar="DISPUTE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, dispute_id: str, as_json: bool) -> None:
    """Show DISPUTE with its steps."""
    from catalog.sharing_store import get, steps
    from onefile.cli.sharing import changing, told

    with changing(settings) as connection:
        case, taken = get(connection, dispute_id), steps(connection, dispute_id)
    told(settings, case, taken, as_json)


@command.command()
@click.argument("dispute_id", metavar="DISPUTE")
@click.argument("action", type=click.Choice(ACTIONS))
@click.option("--as", "role", required=True, type=click.Choice(["consumer", "provider", "authority", "government"]),
              help="The role in which the department acts.")  # fmt: skip
@click.option("--department", required=True, help="The department that acts, by its id; `government` for that.")
@click.option("--reason", default="", callback=saying, help="Why, or what was agreed or decided; kept with the step.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def act(
    settings: Settings, dispute_id: str, action: str, role: str, department: str, reason: str, as_json: bool
) -> None:
    """Take the step ACTION on DISPUTE."""
    import catalog
    from catalog import disputes
    from onefile.cli.sharing import actor, changing, listed

    known = catalog.load(settings.declarations, with_items=False)
    with changing(settings) as connection:
        case = disputes.act(connection, dispute_id, action, actor(settings, role, department), reason, known.sharing)
    listed(settings, [case], as_json)
