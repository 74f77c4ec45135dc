"""`onefile vault collect`, `original`: what an authority sealed, taken into the vault and given out byte for byte."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli import vault_home
from onefile.cli.deliver import read_bytes
from onefile.cli.failure import Failure
from onefile.cli.file_text import escaped
from onefile.cli.options import PURPOSE
from onefile.cli.vault_home import say
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.originals.collecting import Original
    from licence_vault.originals.report import Report
    from licence_vault.vault import Vault


@click.command()
@click.argument("licence_type", metavar="TYPE")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--number", required=True, help="Number on the licence's face; - reads it from standard input.")
@click.option("--identifier", required=True, help="By which its authority knows the original; kept encrypted.")
@click.option("--ca", type=click.Path(path_type=Path), multiple=True,
              help="Certificate (PEM) that signers must lead to (an OFD's: directly); may be repeated.")  # fmt: skip
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def collect(
    settings: Settings, licence_type: str, file: Path, number: str, identifier: str, ca: tuple[Path, ...],
    purpose: str, as_json: bool,
) -> None:  # fmt: skip
    """Collect FILE, a sealed PDF or OFD, as the original of the licence of TYPE with a number on its face.

    Its bytes are kept as they are, encrypted; a new version of the licence names their digest,
    so that the log proves them. What its standard lets be checked is checked, and what is not
    is said. A dangerous, altered or unsealed file is refused. The look goes into the ledger first.
    """
    from licence_vault.originals import collecting, reading

    content = read_bytes(file)
    report = reading.look(content, [_authority(path) for path in ca], settings.now())
    identifier = _identifier(identifier)
    vault = vault_home.opened(settings)
    key = _licence(settings, vault, licence_type, number, purpose)
    done = collecting.collect(
        vault, vault_home.kinds_of(settings), key, content, report, identifier,
        at=settings.now(), day=settings.today().isoformat(), random=os.urandom,
    )  # fmt: skip
    kept = collecting.originals_of(vault, key)[-1]
    told = {"licence": key, "digest": kept.digest, "is_new": done.batch.issued > 0 and not done.is_repeat}
    told |= {"size": len(content), **summary(report)}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines(settings.lang, kept)))


@click.command()
@click.argument("licence")
@click.argument("digest")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write its bytes to.")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print what it is as JSON.")
@click.pass_obj
def original(settings: Settings, licence: str, digest: str, out: Path, purpose: str, as_json: bool) -> None:
    """Write the original of LICENCE (an identifier) with that DIGEST, byte for byte as it was collected.

    The look goes into the ledger first.
    """
    from licence_vault.originals import collecting
    from onefile.files import write_whole

    vault = vault_home.opened(settings)
    key = vault_home.key_of(licence)
    found = collecting.original(vault, key, digest)
    _record(settings, vault, key, purpose)
    try:
        write_whole(out, found.content)
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error
    told = {"digest": found.digest, "size": len(found.content), **summary(found.report)}
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines(settings.lang, found)))


def summary(report: Report) -> dict[str, object]:
    """Return what a report says, as JSON, without the pictures of seals."""
    seals = [
        {k: v for k, v in seal.items() if k != "picture"} | {"has_picture": seal["picture"] is not None}
        for seal in report.written()["seals"]
    ]
    return {"format": report.format, "seals": seals, "checked": report.checked, "unchecked": report.unchecked}


def lines(lang: str, found: Original) -> list[str]:
    """Return an original in lines: what it is, whose seals are on it, what was checked and what was not."""
    from licence_vault.originals.report import CHECKED, UNCHECKED

    place, report = 0 if lang == "zh" else 1, found.report
    words = (("原件", "已核验", "未核验", "印章"), ("original", "checked", "not checked", "seal"))[place]
    checked = "、".join(CHECKED[word][place] for word in report.checked)
    unchecked = "、".join(UNCHECKED[word][place] for word in report.unchecked)
    seals = [
        f"    {words[3]}: {escaped(seal.issuer)}  {escaped(seal.seal_id)}  {seal.valid_from or '?'}"
        f"–{seal.valid_until or '?'}"
        for seal in report.seals
    ]
    head = f"  {words[0]} {report.format.upper()}  {escaped(found.identifier)}  SHA-256 {found.digest}"
    return [head, *seals, f"    {words[1]}: {checked}", f"    {words[2]}: {unchecked}"]


def _identifier(text: str) -> str:
    """Return an authority's identifier; one that looks like an electronic licence identifier has to be one."""
    from schemas.identifiers import licence_id

    if not text.strip() or len(text) > 200 or not text.isprintable():
        raise click.BadParameter("--identifier: printable, up to 200 characters")
    return licence_id(text.strip()).text if text.startswith("1.2.156.3005.2.") else text.strip()


def _authority(path: Path) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        return load_pem_x509_certificate(read_bytes(path)).public_bytes(Encoding.DER)
    except ValueError:
        raise Failure(f"{path.name} is no certificate in PEM: ask the authority for it", 2) from None


def _licence(settings: Settings, vault: Vault, licence_type: str, number: str, purpose: str) -> str:
    """Return the licence with a number on its face, once the look at it is in the ledger."""
    from licence_vault.errors import NoSuchLicence
    from onefile.cli import vault_view

    found = vault_view.keys(vault, settings.declarations, vault_view.Asked(None, None, licence_type, number))
    if not found:
        raise NoSuchLicence
    _record(settings, vault, found[0], purpose)
    return found[0]


def _record(settings: Settings, vault: Vault, key: str, purpose: str) -> None:
    from licence_vault import store
    from licence_vault.exporting import opened

    with vault.looking() as connection:
        versions = store.versions_of(connection, key)
    vault_home.record(settings, vault, purpose, [opened(vault, versions[-1])] if versions else [])
    if not versions:
        raise Failure(say(settings, "查无此证照", "no such licence"))
