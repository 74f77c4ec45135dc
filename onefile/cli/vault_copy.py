"""`onefile vault copy`: an annotated copy (加注件) of a licence, as a signed PDF."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from onefile.cli.options import PURPOSE
from onefile.cli.vault_present import CASE, ITEM, count, granted, hand_out, moment, names, opened, types_by_code
from onefile.settings import Settings


@click.command()
@click.argument("licence")
@click.option("--grant", "grant_id", help="The grant whose consumer asks, and whose fields are shown.")
@click.option("--to", "audience", metavar="DEPARTMENT", help="Without a grant: whom the holder's consent is for.")
@click.option("--fields", default="", metavar="CODE,…", help="Show only these of the granted fields.")
@ITEM
@CASE
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
    from licence_vault import exporting
    from licence_vault.pdf import copies
    from licence_vault.presentations.minting import Use

    if (grant_id is None) == (audience is None):
        raise click.UsageError("name --grant, or --to where the holder has consented")
    vault = opened(settings)
    kept = exporting.find(vault, licence)
    kind = types_by_code(settings)(kept.place.type)
    given = (str(audience), names(fields), "consent")
    if grant_id:
        given = granted(settings, grant_id, kept.place.issuer, kind, item, fields)
    use = Use(*given[:2], item, case_no, "", given[2], settings.operator, timedelta(days=days))
    shown = copies.copy(vault, kept, kind, use, moment(settings))
    if grant_id:
        count(settings, grant_id, kind, shown)
    hand_out(settings, vault, kept, shown, purpose, out, given[2])
