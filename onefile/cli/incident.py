"""`onefile incident`: freeze grants, list whom it concerns, export the report."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import click

from onefile.cli import options
from onefile.cli.options import PURPOSE, saying
from onefile.settings import Settings


@click.group()
def command() -> None:
    """Incidents: a leaked token, a system gone astray. Grants are frozen, looks and subjects concerned listed."""


@command.command()
@click.argument("grants", nargs=-1, required=True, metavar="GRANT…")
@click.option("--since", required=True, callback=options.instant, metavar="INSTANT", help="Looks from then on concern.")
@click.option("--reason", required=True, callback=saying, help="What happened.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def declare(settings: Settings, grants: tuple[str, ...], since: datetime, reason: str, as_json: bool) -> None:
    """Declare an incident: each GRANT is suspended at once, and stays so until the authority resumes it."""
    import catalog
    from ledger import incidents
    from onefile.cli.sharing import actor, changing

    sharing = catalog.load(settings.declarations, with_items=False).sharing
    with changing(settings) as connection:
        who = actor(settings, "authority", sharing.authority)
        incident = incidents.declare(connection, grants, since, reason, who, sharing)
    _told(settings, [incident], as_json)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_incidents(settings: Settings, as_json: bool) -> None:
    """List incidents."""
    from ledger import incidents
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = incidents.listed(connection)
    _told(settings, found, as_json)


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The file to write.")
@click.pass_obj
def report(settings: Settings, incident_id: str, out: Path) -> None:
    """Write what is known of INCIDENT as JSON: grants, looks, fields, and subjects as the ledger's keyed hashes."""
    import json

    from ledger import incidents, index
    from onefile.cli.sharing import changing
    from onefile.files import write_whole

    with changing(settings) as connection:
        index.caught_up(connection, settings.home / "ledger")
        found = incidents.report(connection, incidents.find(connection, incident_id), settings.now())
    write_whole(out.absolute(), json.dumps(found, ensure_ascii=False, indent=2).encode("utf-8") + b"\n")
    told = {"zh": "调用 {} 次，主体 {} 个：{}", "en": "{} looks, {} subjects: {}"}
    click.echo(told[settings.lang].format(len(found["looks"]), len(found["subjects"]), out.name))


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def subjects(settings: Settings, incident_id: str, purpose: str, as_json: bool) -> None:
    """Name the subjects that INCIDENT concerns, to tell them; each look goes into the ledger first."""
    from ledger import incidents, index
    from ledger.entry import subject_hash
    from onefile.cli import looks
    from onefile.cli.sharing import changing, print_json

    keys = looks.keystore(settings)
    secret = keys.secret("subject-hash")
    with changing(settings) as connection:
        index.caught_up(connection, settings.home / "ledger")
        told = incidents.report(connection, incidents.find(connection, incident_id), settings.now())
        found = incidents.concerned(connection, told, lambda subject_id: subject_hash(secret, subject_id))
    looks.record(
        settings, purpose, [(subject_id, ("number",)) for subject_id, _ in found], f"incident {incident_id}", keys
    )
    if as_json:
        print_json([number for _, number in found])
        return
    for _, number in found:
        click.echo(number)


@command.command()
@click.argument("incident_id", metavar="INCIDENT")
@click.option("--done", required=True, callback=saying, help="What was done.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def close(settings: Settings, incident_id: str, done: str, as_json: bool) -> None:
    """Close INCIDENT. Its grants stay suspended until the authority resumes them."""
    from ledger import incidents
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        incident = incidents.close(connection, incident_id, done, settings.now())
    _told(settings, [incident], as_json)


def _told(settings: Settings, found: Sequence[object], as_json: bool) -> None:
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import shown

    said = [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in found]  # type: ignore[attr-defined]
    if as_json:
        print_json(said)
    elif not said:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
    else:
        for each in said:
            state = each["closed_at"] or {"zh": "处理中", "en": "open"}[settings.lang]
            click.echo(f"{each['id']}  {each['since']} … {each['until']}  {', '.join(each['grants'])}  {state}")
            click.echo(f"  {shown(each['reason'])}{' → ' if each['closing'] else ''}{shown(each['closing'])}")
