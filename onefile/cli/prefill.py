"""`onefile prefill`: what a case still needs and its form filled, for the clerk at the counter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from onefile.cli.options import PURPOSE
from onefile.settings import Settings

if TYPE_CHECKING:
    from exchange.counter import Counter
    from exchange.prefill.filling import Filled, Wish

ROUTE = "prefill.fill"


@click.command()
@click.argument("items", metavar="ITEM…", nargs=-1, required=True)
@click.option("--applicant", metavar="NUMBER", help="Who applies; - reads the number from standard input.")
@click.option("--party", "parties", multiple=True, metavar="NAME=NUMBER", help="Another party of the items; repeat.")
@click.option("--agent", metavar="NUMBER", help="Who comes for the applicant; - reads it, after the applicant's.")
@click.option("--mandate", default="", help="The agent's mandate; without it the one file has to say who may act.")
@click.option("--answer", "answers", multiple=True, metavar="QUESTION=ANSWER", help="What the situation is; repeat.")
@click.option("--case", "case_no", required=True, help="The case, by its number or its draft's.")
@click.option("--item", "item", required=True, metavar="CODE", help="The item that the case is registered for.")
@click.option("--grant", required=True, metavar="GRANT,…", help="The grants that are cited.")
@click.option("--department", required=True, help="Whose grants and whose case they are.")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON: what /v1/prefill answers.")
@click.pass_obj
def command(
    settings: Settings, items: tuple[str, ...], applicant: str | None, parties: tuple[str, ...], agent: str | None,
    mandate: str, answers: tuple[str, ...], case_no: str, item: str, grant: str, department: str, purpose: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Say what a case still needs for ITEM… (names, codes or a life event), and fill its form, as /v1/prefill does.

    What the grants do not give reads as not available here. The look goes into the ledger first.
    """
    import os

    from exchange.counter import open_counter
    from exchange.prefill import telling
    from exchange.prefill.filling import Wish
    from exchange.prefill.people import Coming
    from schemas.serving.migration import upgrade

    numbers = _numbers(applicant, agent, parties)
    coming = Coming(numbers.pop("", ""), mandate) if agent is not None else None
    wish = Wish(items, numbers, coming, dict(_pair(each, "--answer") for each in answers))
    upgrade(settings.database_url)
    counter = open_counter(settings, os.urandom)
    try:
        cites = {"onefile-grant": grant, "onefile-item": item, "onefile-case": case_no}
        filled = _fill(settings, counter, wish, cites, department)
        told = telling.told(counter, filled)
        _record(settings, counter, filled, purpose)
    finally:
        counter.close()
    _print(settings, told, as_json)


def _numbers(applicant: str | None, agent: str | None, parties: tuple[str, ...]) -> dict[str, str]:
    """Return the numbers by party; the agent's under an empty name."""
    from onefile.cli import looks

    named = {**({"applicant": applicant} if applicant is not None else {}), **({"": agent} if agent else {})}
    named |= dict(_pair(each, "--party") for each in parties)
    return dict(zip(named, looks.given(tuple(named.values())), strict=True))


def _pair(text: str, option: str) -> tuple[str, str]:
    name, sign, value = text.partition("=")
    if not sign or not name or not value:
        raise click.BadParameter("write NAME=VALUE", param_hint=option)
    return name, value


def _fill(settings: Settings, counter: Counter, wish: Wish, cites: dict[str, str], department: str) -> Filled:
    from exchange.access import purposes
    from exchange.access.callers import Caller
    from exchange.prefill import keeping
    from exchange.prefill.filling import Asked, fill

    clerk = Caller("clerk", settings.operator, settings.operator, department, frozenset({"consumer"}))
    with counter.database.looking() as connection:
        filled = fill(counter, connection, wish, clerk, Asked(ROUTE, purposes.cited(cites)))
        unkept = keeping.unkept(counter, connection, filled)
    keeping.keep_needs(counter, filled, unkept)
    return filled


def _record(settings: Settings, counter: Counter, filled: Filled, purpose: str) -> None:
    """Put the looks into the ledger, before anything is shown."""
    from ledger.entry import Look

    leave = filled.leave
    counter.ledger.append([
        Look(
            settings.now(), settings.operator, purpose, seen.subject_id, seen.fields,
            "; ".join(dict.fromkeys(given.basis for given in leave.grants)), kind=ROUTE,
            department=filled.caller.department, acting=filled.caller.acting, grant=leave.grant_ids, item=leave.item,
            case=leave.case.number, resource=",".join(dict.fromkeys(given.entry_id for given in leave.grants)),
            lake_version=seen.lake_version,
        )
        for seen in filled.looks
    ])  # fmt: skip


def _print(settings: Settings, told: dict[str, Any], as_json: bool) -> None:
    if as_json:
        from onefile.cli.sharing import print_json

        print_json(told)
        return
    from onefile.cli.prefill_text import lines

    for line in lines(told, settings.lang):
        click.echo(line)
