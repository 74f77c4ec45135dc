"""`onefile department keys`: the public keys that departments sign their deliveries with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.deliver import read_bytes
from onefile.settings import Settings

if TYPE_CHECKING:
    from inbox.departments import DepartmentKey

ADDED = {"zh": "已登记 {department} 的密钥 {id}", "en": "key {id} of {department} is registered"}
RETIRED = {
    "zh": "{department} 的密钥 {id} 已于 {until} 停用",
    "en": "key {id} of {department} is retired as of {until}",
}
NONE = {"zh": "{department} 没有登记密钥", "en": "{department} has no registered key"}
LISTED = {"zh": "{id}  自 {since}  {until}", "en": "{id}  since {since}  {until}"}
IN_FORCE = {"zh": "有效", "en": "in force"}
UNTIL = {"zh": "停用于 {until}", "en": "retired {until}"}


@click.group()
def command() -> None:
    """What the bureau knows about departments."""


@command.group()
def keys() -> None:
    """A department's public keys (Ed25519)."""


@keys.command()
@click.argument("department")
@click.argument("file", type=click.Path(path_type=Path))
@click.pass_obj
def add(settings: Settings, department: str, file: Path) -> None:
    """Register the public key in FILE (PEM, or 32 bytes raw, hex or base64) for DEPARTMENT, in force from now."""
    from inbox import departments

    _known(settings, department)
    key = departments.add(settings.home, department, read_bytes(file), settings.now())
    click.echo(ADDED[settings.lang].format(department=department, id=key.id))


@keys.command(name="list")
@click.argument("department")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(settings: Settings, department: str, as_json: bool) -> None:
    """List the keys of DEPARTMENT, the retired ones too."""
    from inbox import departments

    _known(settings, department)
    registered = departments.keys(settings.home, department)
    if as_json:
        click.echo(json.dumps([_as_json(settings, key) for key in registered]))
        return
    if not registered:
        click.echo(NONE[settings.lang].format(department=department))
    for key in registered:
        click.echo(_as_text(settings, key))


@keys.command()
@click.argument("department")
@click.argument("key_id", metavar="KEYID")
@click.pass_obj
def retire(settings: Settings, department: str, key_id: str) -> None:
    """Let the key KEYID of DEPARTMENT sign nothing that is received from now on. What it signed stays signed."""
    from inbox import departments

    _known(settings, department)
    key = departments.retire(settings.home, department, key_id, settings.now())
    until = None if key.until is None else key.until.astimezone(settings.timezone).isoformat(timespec="seconds")
    click.echo(RETIRED[settings.lang].format(department=department, id=key.id, until=until))


def _known(settings: Settings, department: str) -> None:
    import catalog

    catalog.load(settings.declarations, with_items=False).department(department)


def _as_json(settings: Settings, key: DepartmentKey) -> dict[str, object]:
    return {
        "id": key.id,
        "algorithm": "ed25519",
        "public": key.public.hex(),
        "since": key.since.isoformat(),
        "until": None if key.until is None else key.until.isoformat(),
        "is_in_force": key.is_in_force(settings.now()),
    }


def _as_text(settings: Settings, key: DepartmentKey) -> str:
    since = key.since.astimezone(settings.timezone).isoformat(timespec="seconds")
    if key.until is None:
        until = IN_FORCE[settings.lang]
    else:
        until = UNTIL[settings.lang].format(until=key.until.astimezone(settings.timezone).isoformat(timespec="seconds"))
    return LISTED[settings.lang].format(id=key.id, since=since, until=until)
