"""`onefile material`: shared materials that are kept, and what of their store nobody refers to any more."""

from __future__ import annotations

import click

from onefile.settings import Settings

HEADINGS = {"zh": ("种类", "状态", "件数"), "en": ("kind", "state", "count")}


@click.group()
def command() -> None:
    """Shared materials (共享材料): how many are kept, and their store; nobody is named."""


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def count(settings: Settings, as_json: bool) -> None:
    """Count the materials by kind and state."""
    from licence_vault.materials import keeping
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import aligned

    with changing(settings) as connection:
        found = keeping.counted(connection)
    if as_json:
        print_json([{"kind": kind, "state": state, "count": number} for kind, state, number in found])
    elif found:
        place = 0 if settings.lang == "zh" else 1
        rows = [(kind, keeping.STATES[state][place], str(number)) for kind, state, number in found]
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def sweep(settings: Settings, as_json: bool) -> None:
    """Remove from the store what nothing refers to any more, or nobody can open; younger than an hour it stays.

    An upload that was cut off leaves such bytes, and a material that its holder took back. The DAG `materials` does it
    every night.
    """
    import os

    from licence_vault.materials.keeping import Materials
    from licence_vault.materials.stores import store_of
    from onefile.cli import vault_home
    from onefile.cli.sharing import print_json
    from onefile.settings import machine_clock

    vault = vault_home.opened(settings)
    store = store_of(settings.home, settings.materials, settings.materials_key, machine_clock)
    with vault.looking() as connection:
        gone = Materials(vault.at_rest, store, os.urandom).sweep(connection, settings.now())
    if as_json:
        print_json({"removed": gone})
        return
    click.echo({"zh": f"已清除 {gone} 个不再使用的文件", "en": f"{gone} removed"}[settings.lang])
