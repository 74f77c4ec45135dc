"""`onefile vault keys ca`, `certify`, `request`, `take`: X.509 certificates of the bureau's keys."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.deliver import read_bytes
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.certificates import Subject
    from licence_vault.contents import Key
    from licence_vault.keystore import Keystore

DEPARTMENT = click.option("--department", help="The department whose name and code stand in it.")
ORGANISATION = click.option("--organisation", help="Without a department: whose it is (default: the log's host).")


@click.command()
@ORGANISATION
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def ca(settings: Settings, organisation: str | None, as_json: bool) -> None:
    """Make a certificate authority of the bureau's own, for a trial: its key, and a certificate for ten years.

    For real use let an authority that others trust certify the keys: `request` and `take`.
    """
    from licence_vault.certificates import create_ca

    key = create_ca(_store(settings), subject(settings, None, organisation, "trial CA"), settings.now(), os.urandom)
    _tell(key, as_json)


@click.command()
@click.argument("name")
@DEPARTMENT
@ORGANISATION
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def certify(settings: Settings, name: str, department: str | None, organisation: str | None, as_json: bool) -> None:
    """Give the key NAME a certificate of the bureau's own CA, for two years."""
    from licence_vault.certificates import certify as make

    store = _store(settings)
    whom = subject(settings, department, organisation, name)
    _tell(make(store, name, whom, settings.now(), os.urandom), as_json)


@click.command()
@click.argument("name")
@DEPARTMENT
@ORGANISATION
@click.option("--out", type=click.Path(path_type=Path), help="File to write to, instead of standard output.")
@click.pass_obj
def request(settings: Settings, name: str, department: str | None, organisation: str | None, out: Path | None) -> None:
    """Write a request (PEM) by which an authority elsewhere certifies the key NAME."""
    from licence_vault.certificates import request as make
    from onefile.cli.vault_present import write_out

    whom = subject(settings, department, organisation, name)
    write_out(make(_store(settings), name, whom), out)


@click.command()
@click.argument("name")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def take(settings: Settings, name: str, file: Path, as_json: bool) -> None:
    """Keep FILE, the certificate (PEM) that an authority elsewhere gave the key NAME."""
    from licence_vault.certificates import take as keep

    _tell(keep(_store(settings), name, read_bytes(file)), as_json)


@click.command()
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def mandate(settings: Settings, name: str, as_json: bool) -> None:
    """Let the key NAME, for `issuer` and certified for a department, mandate this log to issue in its name.

    Exports then hold the department's certificate and mandate, and verifiers whose trust file has the CA check them.
    """
    from licence_vault.mandates import give

    store = _store(settings)
    code = give(settings.home, store.key(name), settings.log_origin, settings.now())
    click.echo(
        json.dumps({"issuer": code, "log": settings.log_origin}) if as_json else f"{code}  {settings.log_origin}"
    )


def subject(settings: Settings, department: str | None, organisation: str | None, name: str) -> Subject:
    """Return whom a certificate is for: a department by its declared name and code, or an organisation."""
    import catalog
    from licence_vault.certificates import Subject

    if department is None:
        return Subject(name, organisation or settings.log_origin.partition("/")[0])
    found = catalog.load(settings.declarations).department(department)
    return Subject(name, found.name, found.code)


def _store(settings: Settings) -> Keystore:
    from licence_vault.keystore import bureau

    return bureau(settings.home, settings.passphrase_file, settings.now())


def _tell(key: Key, as_json: bool) -> None:
    from cryptography.x509 import load_der_x509_certificate

    found = load_der_x509_certificate(key.certificate)
    told = {
        "name": key.name,
        "subject": found.subject.rfc4514_string(),
        "until": found.not_valid_after_utc.isoformat(),
    }
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else f"{key.name}  {told['subject']}  {told['until']}")
