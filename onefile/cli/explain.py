"""`onefile explain`: why somebody may use a route of the counter, or may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from exchange.access.explaining import Step


@click.command()
@click.argument("route")
@click.option("--who", default="", help="A client's id, or ISSUER#SUBJECT of an official; without it: which roles may.")
@click.option("--relation", type=click.Choice(["own", "party", "represented", "any"]), default="own", show_default=True,
              help="What the thing is to whoever asks.")  # fmt: skip
@click.option("--grant", default="", help="The grants cited, with commas; then --item and --case too.")
@click.option("--item", default="", help="The item cited, by its code.")
@click.option("--case", "case_no", default="", help="The case cited, or its draft.")
@click.option("--fields", default="", metavar="NAME,…", help="The fields asked for.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    settings: Settings, route: str, who: str, relation: str, grant: str, item: str, case_no: str, fields: str,
    as_json: bool,
) -> None:  # fmt: skip
    """Say which checks a call to ROUTE (like files.query) passes, in their order, and which it fails.

    ROUTE stands with each call in /openapi.json as x-onefile-route. Nothing is recorded, and nothing given. Exit code 1
    where a check fails.
    """
    from exchange.access import purposes
    from exchange.access.explaining import MODES, Question, explain
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import changing, names

    if not who:
        _roles(settings, route, as_json)
        return
    cites = {"onefile-grant": grant, "onefile-item": item, "onefile-case": case_no}
    purpose = purposes.cited(cites) if route in MODES and grant else None
    known, entries = all_entries(settings)
    with changing(settings) as connection:
        question = Question(route, who, relation, purpose, names(fields))
        steps = explain(connection, known, entries, question, settings.today())
    _tell(settings, steps, as_json)


def _roles(settings: Settings, route: str, as_json: bool) -> None:
    from exchange.access.callers import CLIENT_KINDS, OFFICIAL_ROLES, RELATIONS
    from exchange.access.explaining import who_may
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    found = who_may(route)
    if as_json:
        print_json([{"role": role, "relations": list(relations)} for role, relations in found])
        return
    place = 0 if settings.lang == "zh" else 1
    labels = {**CLIENT_KINDS, **OFFICIAL_ROLES, "applicant": ("申请人", "applicant"), "public": ("公众", "anybody")}
    no = {"zh": "不可", "en": "not"}[settings.lang]
    rows = [(role, labels[role][place], ", ".join(RELATIONS[r][place] for r in relations) or no)
            for role, relations in found]  # fmt: skip
    click.echo(aligned(rows))


def _tell(settings: Settings, steps: list[Step], as_json: bool) -> None:
    from dataclasses import asdict

    from exchange.access.explaining import CHECKS
    from onefile.cli.sharing import print_json

    place = 0 if settings.lang == "zh" else 1
    if as_json:
        print_json([asdict(step) for step in steps])
    for step in [] if as_json else steps:
        said = "+" if step.is_met else f"- {step.code}: {step.why_zh if settings.lang == 'zh' else step.why}\n   "
        click.echo(f"{said} {CHECKS[step.check][place]}")
    if not all(step.is_met for step in steps):
        raise click.exceptions.Exit(1)
