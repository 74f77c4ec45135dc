"""`onefile objection`: a subject says that a value of its file is wrong; the lead of the attribute answers."""

from __future__ import annotations

import secrets

import click

from onefile.cli.options import PURPOSE, saying
from onefile.settings import Settings

ACTIONS = ("correct", "refuse", "contest", "uphold", "withdraw")
ROLE = click.option("--as", "role", required=True, type=click.Choice(["subject", "provider", "authority"]),
                    help="The role of who acts; the lead is the provider.")  # fmt: skip


@click.group()
def command() -> None:
    """Objections (异议) of subjects to values of their files. Steps: docs/reference/sharing.md."""


@command.command(name="open")
@click.argument("subject")
@click.argument("attribute")
@click.option("--reason", required=True, callback=saying, help="What is wrong, in the subject's words.")
@click.option("--ticket", default="", callback=saying, help="The hotline's ticket, where it came by telephone.")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def open_(
    settings: Settings, subject: str, attribute: str, reason: str, ticket: str, purpose: str, as_json: bool
) -> None:
    """Open an objection of SUBJECT to its ATTRIBUTE, at a window or by the hotline; - reads the number from input.

    The value stays, and is marked wherever it is shown, until a new delivery brings another or
    the lead refuses with a reason. That somebody was looked up goes into the ledger.
    """
    import catalog
    from catalog.objections import Challenge, open_objection
    from onefile.cli import looks
    from onefile.cli.failure import Failure
    from onefile.cli.sharing import actor, changing, listed

    numbers = looks.subject(subject)
    found = looks.find(settings, numbers)
    looks.record(settings, purpose, [(n.subject_id, ()) for n in numbers], "onefile objection")
    if len(found) != 1:
        raise Failure("查无此主体，或一号多人" if settings.lang == "zh" else "no such subject, or several")
    known = catalog.load(settings.declarations, with_items=False)
    challenge = Challenge(found[0].subject_id, found[0].kind, attribute, reason, ticket)
    with changing(settings) as connection:
        case = open_objection(connection, challenge, known, actor(settings, "subject", ""), secrets.token_hex(16))
    listed(settings, [case], as_json)


@command.command(name="list")
@click.option("--department", help="With this lead only.")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those that are waited for beyond their clock only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_objections(settings: Settings, department: str | None, is_overdue: bool, as_json: bool) -> None:
    """List objections with attribute, lead, state and the day by which they are answered; nobody is named."""
    from dataclasses import replace

    from catalog.objections import overdue
    from catalog.sharing_store import cases
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = overdue(connection, settings.today()) if is_overdue else cases(connection, "O")
    listed(settings, [replace(case, wants={}) for case in found if department in (None, case.provider)], as_json)


@command.command()
@click.argument("objection_id", metavar="OBJECTION")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, objection_id: str, purpose: str, as_json: bool) -> None:
    """Show OBJECTION with its reason and its steps; the look goes into the ledger first."""
    from catalog.objections import subject_of
    from catalog.sharing_store import get, steps
    from onefile.cli import looks
    from onefile.cli.sharing import changing, told

    with changing(settings) as connection:
        case, taken = get(connection, objection_id), steps(connection, objection_id)
        subject_id = subject_of(connection, objection_id)
    looks.record(settings, purpose, [(subject_id, ("objection",))], f"objection {objection_id}")
    told(settings, case, taken, as_json)


@command.command()
@click.argument("objection_id", metavar="OBJECTION")
@click.argument("action", type=click.Choice(ACTIONS))
@ROLE
@click.option("--department", default="", help="The department that acts, by its id; none for the subject.")
@click.option("--reason", default="", callback=saying, help="Why; told to the subject, kept with the step.")
@click.option("--delivery", default="", callback=saying, help="The delivery that brings the new value, if known.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def act(
    settings: Settings, objection_id: str, action: str, role: str, department: str, reason: str, delivery: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Take the step ACTION on OBJECTION: the lead says that a corrected delivery comes, or refuses with a reason."""
    import catalog
    from catalog import objections
    from onefile.cli.sharing import actor, changing, listed

    known = catalog.load(settings.declarations, with_items=False)
    with changing(settings) as connection:
        subject_id = objections.subject_of(connection, objection_id) if role == "subject" else None
        who = actor(settings, role, department)
        case = objections.act(connection, objection_id, action, who, reason, known.sharing, subject_id, delivery)
    listed(settings, [case], as_json)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sweep(settings: Settings, as_json: bool) -> None:
    """Resolve objections and claims whose value is another now, send up what is late. The DAG `sharing` does it too."""
    import catalog
    from catalog import claims, disputes, objections
    from onefile.cli.sharing import actor, changing, print_json

    known = catalog.load(settings.declarations, with_items=False)
    with changing(settings) as connection:
        who = actor(settings, "rule", "")
        resolved, escalated = objections.sweep(connection, who)
        resolved += claims.sweep(connection, who)
        escalated += disputes.escalate(connection, who, known.sharing)
    if as_json:
        print_json({"resolved": resolved, "escalated": escalated})
        return
    told = {"zh": "已消除 {}，逾期上报 {}", "en": "{} resolved, {} escalated"}
    click.echo(told[settings.lang].format(len(resolved), len(escalated)))
