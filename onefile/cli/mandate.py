"""`onefile mandate`: guardians, legal representatives, agents, community helpers: registered at a window, and ended."""

from __future__ import annotations

import secrets
from datetime import date
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.options import PURPOSE, day, saying
from onefile.settings import Settings

if TYPE_CHECKING:
    from exchange.access.mandates import Kept
    from ledger.entry import Look

HEADINGS = {
    "zh": ("编号", "关系", "依据", "事项", "自", "至", "登记人", "终止"),
    "en": ("id", "relation", "source", "items", "since", "until", "registered by", "ended"),
}


@click.group()
def command() -> None:
    """Mandates to act for another, each with source, scope and end; what is done of them stands on both trails."""


@command.command()
@click.argument("agent")
@click.argument("principal")
@click.option("--relation", required=True, type=click.Choice(["guardian", "representative", "agent", "helper"]),
              help="By what right.")  # fmt: skip
@click.option("--source", required=True, callback=saying, help="Where it is from: household register, ruling, letter.")
@click.option("--scope", required=True, metavar="ITEM,…", help="For which items, by their codes; * for all.")
@click.option("--since", required=True, callback=day, metavar="DATE", help="First day.")
@click.option("--until", required=True, callback=day, metavar="DATE", help="Last day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def add(
    settings: Settings, agent: str, principal: str, relation: str, source: str, scope: str, since: date, until: date,
    as_json: bool,
) -> None:  # fmt: skip
    """Let AGENT act for PRINCIPAL, each a number, or - for one that is read from standard input (AGENT first)."""
    from exchange.access import mandates
    from onefile.cli import looks
    from onefile.cli.sharing import changing, names

    numbers = tuple(looks.subject(text)[0] for text in looks.given((agent, principal)))
    wish = mandates.Wish(
        numbers[0].subject_id, numbers[1].subject_id, relation, source, names(scope), since.isoformat(),
        until.isoformat(), numbers,
    )  # fmt: skip
    with changing(settings) as connection:
        mandate_id = f"M{secrets.token_hex(8)}"
        made = mandates.put(connection, wish, mandate_id, settings.operator, settings.now())
        _note(settings, mandates.noted(made, mandates.REGISTERED, _by(settings, source)))
        kept = mandates.find(connection, mandate_id)
    _print(settings, [kept], as_json)


@command.command(name="list")
@click.argument("subject", required=False)
@click.option("--purpose", default="", callback=saying, help="With SUBJECT: what for; kept in the ledger.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_mandates(settings: Settings, subject: str | None, purpose: str, as_json: bool) -> None:
    """List all mandates, without whose they are; or those that SUBJECT has or gave (- reads the number)."""
    from exchange.access import mandates
    from onefile.cli import looks
    from onefile.cli.sharing import changing

    if (subject is None) != (not purpose):
        raise click.UsageError("with SUBJECT say --purpose, the item and the case; without it none is needed")
    numbers = [] if subject is None else looks.subject(subject)
    if numbers:
        looks.record(settings, purpose, [(n.subject_id, ("mandate",)) for n in numbers], "onefile mandate")
    with changing(settings) as connection:
        found = mandates.every(connection) if subject is None else [
            kept for number in numbers for kept in mandates.of_subject(connection, number.subject_id)
        ]  # fmt: skip
    _print(settings, found, as_json)


@command.command()
@click.argument("mandate")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def end(settings: Settings, mandate: str, purpose: str, as_json: bool) -> None:
    """End MANDATE, from the next request on; --purpose says why, and stands on both trails."""
    from exchange.access import mandates
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        ended = mandates.end(connection, mandate, settings.now())
        _note(settings, mandates.noted(ended, mandates.ENDED, _by(settings, purpose)))
        kept = mandates.find(connection, mandate)
    _print(settings, [kept], as_json)


def _by(settings: Settings, why: str) -> Look:
    from ledger.entry import Look

    return Look(settings.now(), settings.operator, "代办授权", None, (), why)


def _note(settings: Settings, noted: list[Look]) -> None:
    """Put it into the ledger, within the transaction: without the entries nothing is kept."""
    from ledger.record import Ledger
    from onefile.cli.looks import keystore

    Ledger(settings.home / "ledger", keystore(settings)).append_all(noted)


def _print(settings: Settings, found: list[Kept], as_json: bool) -> None:
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    told = [_told(kept) for kept in found]
    if as_json:
        print_json(told)
    elif told:
        rows = [tuple("," .join(value) if isinstance(value, list) else value or "-" for value in each.values())
                for each in told]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


def _told(kept: Kept) -> dict[str, Any]:
    mandate = kept.mandate
    return {
        "mandate": mandate.mandate_id, "relation": mandate.relation, "source": mandate.source,
        "scope": list(mandate.scope), "since": mandate.since, "until": mandate.until,
        "registered_by": kept.registered_by, "ended_at": kept.ended_at,
    }  # fmt: skip
