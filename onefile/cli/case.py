"""`onefile case`: cases that wait, and what becomes of them by law."""

from __future__ import annotations

from typing import Any

import click

from onefile.settings import Settings

HEADINGS = {
    "zh": ("办件", "事项", "部门", "状态", "承诺期限", "法定期限"),
    "en": ("case", "item", "department", "state", "promised by", "by law"),
}
PROMISE_HEADINGS = {
    "zh": ("承诺编号", "办件", "事项", "材料", "期限", "状态"),
    "en": ("promise", "case", "item", "material", "due", "state"),
}


@click.group()
def command() -> None:
    """Cases (办件) as the intake platform reported them; nobody is named."""


@command.command(name="list")
@click.option("--department", default="", help="Those that this department registered or decides.")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those whose promised day is over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_cases(settings: Settings, department: str, is_overdue: bool, as_json: bool) -> None:
    """List the cases that are open, with the days by which they are to be decided."""
    from catalog.cases import store
    from onefile.cli.sharing import changing

    today = settings.today().isoformat()
    with changing(settings) as connection:
        found = [case for case in store.listed(connection, department, "", None) if not case.is_closed]
    told = [
        {"case": case.number, "item": case.item, "department": case.department, "state": case.state,
         "promised_due_on": case.promised_due_on, "legal_due_on": case.legal_due_on}
        for case in found if not is_overdue or (case.promised_due_on or today) < today
    ]  # fmt: skip
    _print(settings, told, as_json)


@command.command(name="promises")
@click.option("--department", default="", help="Of cases that this department registered or decides.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_promises(settings: Settings, department: str, as_json: bool) -> None:
    """List the promises that nobody settled yet, the first due first."""
    from dataclasses import asdict

    from catalog.cases import store
    from catalog.prefill import promises
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import aligned

    with changing(settings) as connection:
        cases = {case.case_id: case for case in store.listed(connection, department, "", None)}
        found = promises.waiting(connection, cases)
    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        place = 0 if settings.lang == "zh" else 1
        rows = [(p.promise_id, p.case, p.item, p.material, p.due_on, promises.STATES[p.state][place]) for p in found]
        click.echo(aligned([PROMISE_HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sweep(settings: Settings, as_json: bool) -> None:
    """Let the cases count as accepted of which nobody told in time what they lack; follow up what was promised.

    The DAG `cases` does it too.
    """
    import catalog
    from catalog.cases import rules
    from catalog.prefill import promises
    from onefile.cli.sharing import changing, print_json

    known = catalog.load(settings.declarations, with_items=False)
    with changing(settings) as connection:
        accepted = rules.deem_accepted(connection, settings.now(), settings.timezone, known.sharing)
        followed = promises.follow_up(connection, settings.today(), settings.now())
    if as_json:
        print_json({"accepted": accepted, "promises": followed})
        return
    said = {
        "zh": "视为受理 {}；承诺未兑现 {}，到期待核查 {}",
        "en": "{} count as accepted; promises broken {}, overdue {}",
    }[settings.lang]
    click.echo(said.format(len(accepted), followed["broken"], followed["overdue"]))


def _print(settings: Settings, told: list[dict[str, Any]], as_json: bool) -> None:
    from catalog.cases.states import STATES
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    place = 0 if settings.lang == "zh" else 1
    if as_json:
        print_json(told)
    elif told:
        rows = [tuple(each.values()) for each in ({**c, "state": STATES[c["state"]][place]} for c in told)]
        click.echo(aligned([HEADINGS[settings.lang], *(tuple(value or "-" for value in row) for row in rows)]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
