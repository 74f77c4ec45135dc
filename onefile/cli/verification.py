"""`onefile verification`: contradictions in one files go to the lead of the attribute, who confirms or corrects."""

from __future__ import annotations

from collections.abc import Iterable

import click

from onefile.cli.options import PURPOSE, saying
from onefile.settings import Settings

ACTIONS = ("confirm", "correct", "withdraw", "dispute", "uphold")


@click.group()
def command() -> None:
    """Verifications (校核) with leads of attributes that are contradicted. Steps: docs/reference/sharing.md."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sweep(settings: Settings, as_json: bool) -> None:
    """Open a verification for each contradiction in the published files, resolve those gone, escalate those overdue.

    Run it daily. Again it changes nothing.
    """
    from dataclasses import asdict

    import catalog
    from catalog.verifications import published
    from catalog.verifications import sweep as swept
    from onefile.cli.sharing import actor, changing, print_json

    known = catalog.load(settings.declarations)
    with changing(settings) as connection:
        found = swept(connection, list(published(connection)), known, actor(settings, "rule", ""))
    if as_json:
        print_json(asdict(found))
        return
    told = {
        "zh": "新开校核 {}，已消除 {}，逾期上报 {}，没有数源部门的矛盾 {}",
        "en": "{} opened, {} resolved, {} escalated, {} contradictions that nobody leads",
    }
    click.echo(
        told[settings.lang].format(*map(_count, (found.opened, found.resolved, found.escalated)), found.leadless)
    )


def _count(found: Iterable[str]) -> int:
    return len(list(found))


@command.command(name="list")
@click.option("--department", help="With this lead, or found by this department.")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those that the lead did not answer in time only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_verifications(settings: Settings, department: str | None, is_overdue: bool, as_json: bool) -> None:
    """List verifications with attribute, lead, state and the day by which the lead answers; nobody is named."""
    from catalog.sharing_store import cases
    from catalog.verifications import overdue
    from onefile.cli.sharing import changing, listed

    with changing(settings) as connection:
        found = overdue(connection, settings.today()) if is_overdue else cases(connection, "V")
    listed(settings, [case for case in found if department in (None, case.consumer, case.provider)], as_json)


@command.command()
@click.argument("verification_id", metavar="VERIFICATION")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, verification_id: str, purpose: str, as_json: bool) -> None:
    """Show VERIFICATION with its steps and the number of the subject; the look goes into the ledger first."""
    from sqlalchemy import select

    from catalog.sharing_store import get, steps
    from catalog.verifications import subject_of
    from onefile.cli import looks
    from onefile.cli.sharing import as_dict, changing, print_json, told
    from schemas.serving.tables import SUBJECT

    with changing(settings) as connection:
        case, taken = get(connection, verification_id), steps(connection, verification_id)
        subject_id = subject_of(connection, verification_id)
        number = connection.execute(select(SUBJECT.c.number).where(SUBJECT.c.subject_id == subject_id)).scalar()
    looks.record(settings, purpose, [(subject_id, ("number",))], f"verification {verification_id}")
    if as_json:
        print_json({**as_dict(case), "number": number, "steps": taken})
        return
    told(settings, case, taken)
    click.echo(f"  number: {number or '-'}")


@command.command()
@click.argument("subject")
@click.argument("attribute")
@click.option("--department", required=True, help="The consumer that got the value, by its id.")
@click.option("--reason", required=True, callback=saying, help="What contradicts the value.")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def claim(
    settings: Settings, subject: str, attribute: str, department: str, reason: str, purpose: str, as_json: bool
) -> None:
    """Ask the lead whether the ATTRIBUTE of SUBJECT is right; - reads the number from input.

    The value is marked wherever it is shown until a new delivery brings another, or the lead
    confirms it with a reason. That somebody was looked up goes into the ledger.
    """
    import secrets

    import catalog
    from catalog.claims import open_claim
    from catalog.objections import Challenge
    from onefile.cli import looks
    from onefile.cli.failure import Failure
    from onefile.cli.sharing import actor, changing, listed

    numbers = looks.subject(subject)
    found = looks.find(settings, numbers)
    looks.record(settings, purpose, [(n.subject_id, ()) for n in numbers], "onefile verification claim")
    if len(found) != 1:
        raise Failure("查无此主体，或一号多人" if settings.lang == "zh" else "no such subject, or several")
    known = catalog.load(settings.declarations, with_items=False)
    known.department(department)
    challenge = Challenge(found[0].subject_id, found[0].kind, attribute, reason)
    with changing(settings) as connection:
        who = actor(settings, "consumer", department)
        case = open_claim(connection, challenge, known, who, secrets.token_hex(16))
    listed(settings, [case], as_json)


@command.command()
@click.argument("verification_id", metavar="VERIFICATION")
@click.argument("action", type=click.Choice(ACTIONS))
@click.option("--as", "role", required=True, type=click.Choice(["consumer", "provider", "authority"]),
              help="The role in which the department acts; the lead is the provider.")  # fmt: skip
@click.option("--department", required=True, help="The department that acts, by its id.")
@click.option("--reason", default="", callback=saying, help="Why; kept with the step.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def act(
    settings: Settings, verification_id: str, action: str, role: str, department: str, reason: str, as_json: bool
) -> None:
    """Take the step ACTION on VERIFICATION: the lead confirms its value, or says that a corrected delivery comes."""
    import catalog
    from catalog import verifications
    from onefile.cli.sharing import actor, changing, listed

    known = catalog.load(settings.declarations)
    with changing(settings) as connection:
        who = actor(settings, role, department)
        case = verifications.act(connection, verification_id, action, who, reason, known.sharing)
    listed(settings, [case], as_json)
