"""`onefile official`: whom of those that an identity provider knows the bureau lets in, and as what."""

from __future__ import annotations

from dataclasses import asdict

import click

from onefile.cli.options import saying
from onefile.settings import Settings


@click.group()
def command() -> None:
    """Register officials who log in by OpenID Connect, and take them out."""


@command.command()
@click.option("--issuer", required=True, help="The identity provider's address, as it says it in iss.")
@click.option("--subject", required=True, help="The official there, as the provider says it in sub.")
@click.option("--name", required=True, callback=saying, help="What the official is called.")
@click.option("--department", required=True, help="For which department, by its id.")
@click.option("--roles", required=True, metavar="ROLE,…",
              help="Some of engineer, provider, consumer, office, auditor, supervisor.")  # fmt: skip
@click.option("--until", required=True, metavar="DATE", help="Last day.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def add(
    settings: Settings, issuer: str, subject: str, name: str, department: str, roles: str, until: str, as_json: bool
) -> None:  # fmt: skip
    """Let an official in, in these roles; again, with other roles, it says them anew."""
    import catalog
    from exchange.oidc import officials
    from onefile.cli.sharing import changing, names

    catalog.load(settings.declarations, with_items=False).check_party(department)
    official = officials.Official(issuer.rstrip("/"), subject, name, department, names(roles), until)
    with changing(settings) as connection:
        officials.put(connection, official, settings.operator, settings.now())
    _print(settings, [official], as_json)


@command.command()
@click.option("--issuer", required=True, help="The identity provider's address.")
@click.option("--subject", required=True, help="The official there.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: those who are left.")
@click.pass_obj
def remove(settings: Settings, issuer: str, subject: str, as_json: bool) -> None:
    """Take an official out, from the next request on."""
    from exchange.oidc import officials
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        officials.remove(connection, issuer.rstrip("/"), subject)
        left = officials.officials(connection)
    _print(settings, left, as_json)


@command.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_officials(settings: Settings, as_json: bool) -> None:
    """List the officials who may come."""
    from exchange.oidc import officials
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = officials.officials(connection)
    _print(settings, found, as_json)


def _print(settings: Settings, found: list, as_json: bool) -> None:  # type: ignore[type-arg] # imported when it is run
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        click.echo(aligned([(e.issuer, e.subject, e.name, e.department, " ".join(e.roles), e.until) for e in found]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
