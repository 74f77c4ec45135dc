"""`onefile client`: the systems of departments that may ask the counter, their keys, their end."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.options import saying
from onefile.settings import Settings

if TYPE_CHECKING:
    from exchange.clients.registry import Client


@click.group()
def command() -> None:
    """Register, look at, re-key and revoke the systems of departments that may ask the counter."""


@command.command()
@click.argument("client_id")
@click.option("--department", required=True, help="Whose system it is, by id; the sharing authority is one, too.")
@click.option("--name", required=True, callback=saying, help="What it is called.")
@click.option("--kind", type=click.Choice(["system", "intake"]), default="system", show_default=True,
              help="A department's system, or the intake platform.")  # fmt: skip
@click.option("--key", required=True, type=click.Path(path_type=Path), help="Its public key, PEM or JWK.")
@click.option("--certificate", type=click.Path(path_type=Path), help="Its certificate: tokens are bound to it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def add(
    settings: Settings, client_id: str, department: str, name: str, kind: str, key: Path, certificate: Path | None,
    as_json: bool,
) -> None:  # fmt: skip
    """Register a client under CLIENT_ID, with the public key that it proves itself with (private_key_jwt).

    Then hand it the trust file: `onefile vault keys export`.
    """
    import catalog
    from exchange import keys
    from exchange.clients import registry
    from exchange.clients.keys import certificate_thumbprint, read_key
    from exchange.clients.registry import Wish
    from licence_vault.keystore import bureau
    from onefile.cli.sharing import changing
    from onefile.verify.reading import read_file

    public = read_key(read_file(key))
    bound = certificate_thumbprint(read_file(certificate)) if certificate else ""
    catalog.load(settings.declarations, with_items=False).check_party(department)
    keys.ensure(bureau(settings.home, settings.passphrase_file, settings.now()), settings.now())  # for the trust file
    with changing(settings) as connection:
        wish = Wish(client_id, name, kind, department, bound)
        client = registry.add(connection, wish, public, settings.operator, settings.now())
        told = client.as_json(registry.keys(connection, client_id))
    _print(settings, [told], as_json)


@command.command()
@click.argument("client_id")
@click.option("--key", required=True, type=click.Path(path_type=Path), help="The new public key, PEM or JWK.")
@click.option("--overlap", type=click.IntRange(0, 90), default=7, show_default=True, metavar="DAYS",
              help="For how long the old keys hold beside it; 0: not a moment.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rotate(settings: Settings, client_id: str, key: Path, overlap: int, as_json: bool) -> None:
    """Give the client CLIENT_ID another key."""
    from exchange.clients import registry
    from exchange.clients.keys import read_key
    from onefile.cli.sharing import changing
    from onefile.verify.reading import read_file

    public = read_key(read_file(key))
    with changing(settings) as connection:
        client = registry.rotate(connection, client_id, public, settings.now(), timedelta(days=overlap))
        told = client.as_json(registry.keys(connection, client_id))
    _print(settings, [told], as_json)


@command.command()
@click.argument("client_id")
@click.option("--reason", required=True, callback=saying, help="Why; kept with it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def revoke(settings: Settings, client_id: str, reason: str, as_json: bool) -> None:
    """End the client CLIENT_ID for good, from its next request on."""
    from exchange.clients import registry
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        client = registry.revoke(connection, client_id, reason, settings.now())
    _print(settings, [client.as_json()], as_json)


@command.command(name="list")
@click.option("--department", default="", help="Those of one department only, by its id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_clients(settings: Settings, department: str, as_json: bool) -> None:
    """List the clients, with their keys and when these end."""
    from exchange.clients import registry
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found: list[Client] = registry.clients(connection, department)
        told = [client.as_json(registry.keys(connection, client.client_id)) for client in found]
    _print(settings, told, as_json)


HEADINGS = {
    "zh": ("编号", "名称", "类型", "部门", "状态", "密钥"),
    "en": ("id", "name", "kind", "department", "state", "keys"),
}


def _print(settings: Settings, clients: list[dict[str, Any]], as_json: bool) -> None:
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    if as_json:
        print_json(clients)
    elif clients:
        rows = [(c["client_id"], c["name"], c["kind"], c["department"], c["state"], _keys(c)) for c in clients]
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


def _keys(client: dict[str, Any]) -> str:
    return " ".join(key["key_id"][:8] + (f" ({key['until']})" if key["until"] else "") for key in client["keys"]) or "-"
