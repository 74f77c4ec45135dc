"""`onefile vault copy`: an annotated copy (加注件) of a licence, as a signed PDF."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from onefile.cli import vault_home
from onefile.cli.options import PURPOSE
from onefile.cli.vault_present import count, hand_out, moment, on_which_basis, use_of
from onefile.settings import Settings


@click.command()
@click.argument("licence")
@on_which_basis
@click.option("--days", type=click.IntRange(1, 90), default=30, show_default=True, help="How long it may be used.")
@PURPOSE
@click.option("--out", type=click.Path(path_type=Path), required=True, help="The PDF file to write.")
@click.pass_obj
def copy(
    settings: Settings, licence: str, grant_id: str | None, audience: str | None, fields: str, item: str, case_no: str,
    days: int, purpose: str, out: Path,
) -> None:  # fmt: skip
    """Make an annotated copy of LICENCE as a PDF: its face, who asked, why, until when, signed as a whole (PAdES).

    It needs a key for `copies` with a certificate. It is recorded, and put into the ledger, before
    it is written. `onefile verify` takes it.
    """
    from licence_vault.pdf import copies
    from licence_vault.presentations.minting import Use

    found = use_of(settings, licence, grant_id, audience, item, fields)
    life = timedelta(days=days)
    in_question = tuple(vault_home.disputed(settings, found.kept, found.kind))
    use = Use(
        found.audience, found.fields, item, case_no, "", found.basis, settings.operator, life, disputed=in_question
    )  # fmt: skip
    shown = copies.copy(found.vault, found.kept, found.kind, use, moment(settings))
    if grant_id:
        count(settings, grant_id, found.kind, shown)
    hand_out(settings, found.vault, found.kept, shown, purpose, out, found.basis)
