"""`onefile vault present`, `code`, `consent`, `bind`: licences used once, for one purpose, each use recorded."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli import options, vault_home
from onefile.cli.deliver import read_bytes
from onefile.cli.failure import Failure
from onefile.cli.options import PURPOSE
from onefile.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable

    from licence_vault.exporting import Kept
    from licence_vault.presentations.minting import Moment, Shown
    from licence_vault.vault import Vault
    from schemas.licence_types import LicenceType

NONCE = click.option("--nonce", required=True, help="What the asker asked with: it must stand in the answer.")
ITEM = click.option("--item", required=True, callback=options.purpose, help="The item that it is for, by its code.")
CASE = click.option(
    "--case", "case_no", required=True, callback=options.purpose, help="The case, or the draft's number."
)
OUT = click.option("--out", type=click.Path(path_type=Path), help="File to write to, instead of standard output.")


def on_which_basis(verb: Callable[..., None]) -> Callable[..., None]:
    """Give a verb the options that say who is shown a licence, on which basis and for what; `use_of` reads them."""
    grant = click.option("--grant", "grant_id", help="The grant whose consumer asks, and whose fields are shown.")
    to = click.option("--to", "audience", metavar="DEPARTMENT", help="Without a grant: whom the consent is for.")
    fields = click.option("--fields", default="", metavar="CODE,…", help="Show only these of the granted fields.")
    return grant(to(fields(ITEM(CASE(verb)))))


@click.command()
@click.argument("licence")
@on_which_basis
@NONCE
@click.option("--minutes", type=click.IntRange(1, 1440), default=10, show_default=True, help="How long it lives.")
@click.option("--holder-key", type=click.Path(path_type=Path), help="The holder's public key (PEM), to bind it to.")
@PURPOSE
@OUT
@click.pass_obj
def present(
    settings: Settings, licence: str, grant_id: str | None, audience: str | None, fields: str, item: str, case_no: str,
    nonce: str, minutes: int, holder_key: Path | None, purpose: str, out: Path | None,
) -> None:  # fmt: skip
    """Make a presentation of LICENCE (an identifier) for one audience and one purpose, with the granted fields only.

    It is recorded, and put into the ledger, before it is written. `onefile verify` takes it.
    """
    from licence_vault.presentations import minting

    key = None if holder_key is None else read_bytes(holder_key)
    found = use_of(settings, licence, grant_id, audience, item, fields)
    use = minting.Use(
        found.audience, found.fields, item, case_no, nonce, found.basis, settings.operator,
        timedelta(minutes=minutes), key, tuple(vault_home.disputed(settings, found.kept, found.kind)),
    )  # fmt: skip
    shown = minting.present(found.vault, found.kept, found.kind, use, moment(settings))
    if grant_id:
        count(settings, grant_id, found.kind, shown)
    hand_out(settings, found.vault, found.kept, shown, purpose, out, found.basis)


@click.group()
def code() -> None:
    """One-time codes that a holder shows at a counter: each fetches one presentation, once, for a few minutes."""


@code.command()
@click.argument("licence")
@click.option("--fields", required=True, metavar="CODE,…", help="The fields that the holder lets be shown.")
@click.option("--to", "audience", metavar="DEPARTMENT", help="The one department that may use it.")
@click.option("--minutes", type=click.IntRange(1, 30), default=5, show_default=True, help="How long it lives.")
@click.option("--qr", type=click.Path(path_type=Path), help="Write it as a QR code (SVG or PNG) as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make(
    settings: Settings, licence: str, fields: str, audience: str | None, minutes: int, qr: Path | None, as_json: bool
) -> None:
    """Make a code for one use of LICENCE. It is told once, and kept nowhere."""
    from licence_vault import exporting
    from licence_vault.presentations import codes
    from onefile.verify.reading import instant_text

    vault = opened(settings)
    kept = exporting.find(vault, licence)
    made = codes.make(
        vault, kept, names(fields), audience, settings.now(), timedelta(minutes=minutes), os.urandom
    )  # fmt: skip
    if qr is not None:
        _qr(qr, made.text)
    told = {"code": made.text, "until": instant_text(made.ends_at)}
    click.echo(json.dumps(told) if as_json else f"{told['code']}  {told['until']}")


@code.command()
@click.argument("text", metavar="CODE")
@click.option("--as", "audience", metavar="DEPARTMENT", required=True, help="The department whose clerk asks.")
@ITEM
@CASE
@NONCE
@PURPOSE
@OUT
@click.pass_obj
def use(
    settings: Settings, text: str, audience: str, item: str, case_no: str, nonce: str, purpose: str, out: Path | None
) -> None:
    """Fetch the presentation that CODE stands for; - reads it.

    A code that was used before, or is late, is refused, and that is recorded.
    """
    from licence_vault.presentations import codes
    from licence_vault.presentations.minting import Use
    from onefile.cli.vault_view import given

    vault = opened(settings)
    asked = Use(audience, (), item, case_no, nonce, "code", settings.operator)

    def in_question(kept: Kept, kind: LicenceType) -> tuple[str, ...]:
        return tuple(vault_home.disputed(settings, kept, kind))

    kinds = types_by_code(settings)
    kept, shown = codes.redeem(vault, given(text), kinds, asked, moment(settings), os.urandom, in_question)
    hand_out(settings, vault, kept, shown, purpose, out, "code")


@click.group()
def consent() -> None:
    """The holder's own consent (用证授权): who may be shown what, until when. It can be withdrawn at any moment."""


@consent.command()
@click.argument("licence")
@click.option("--to", "audience", metavar="DEPARTMENT", required=True, help="Who may be shown it.")
@click.option("--fields", required=True, metavar="CODE,…", help="What may be shown.")
@click.option("--item", help="For this item only.")
@click.option("--until", callback=options.day, metavar="DATE", required=True, help="Its last day, within a year.")
@click.option("--how", required=True, callback=options.purpose, help="How the holder said so: at the counter, signed …")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def give(
    settings: Settings, licence: str, audience: str, fields: str, item: str | None, until: date, how: str, as_json: bool
) -> None:
    """Write down that the holder of LICENCE agrees."""
    from licence_vault import exporting
    from licence_vault.presentations import consents
    from onefile.verify.reading import instant_text

    vault = opened(settings)
    kept = exporting.find(vault, licence)
    agreed = consents.Consent(
        os.urandom(8).hex(), kept.version.licence_key, audience, names(fields), item,
        instant_text(settings.now()), how, until.isoformat(),
    )  # fmt: skip
    with vault.tables() as connection:
        consents.give(connection, agreed, settings.today())
    click.echo(json.dumps({"consent": agreed.consent_id}) if as_json else agreed.consent_id)


@consent.command()
@click.argument("consent_id", metavar="CONSENT")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def withdraw(settings: Settings, consent_id: str, as_json: bool) -> None:
    """Let CONSENT end at once; nothing is shown on it from now on."""
    from licence_vault.presentations import consents

    with opened(settings).tables() as connection:
        consents.withdraw(connection, consent_id, settings.now())
    said = "授权已撤回" if settings.lang == "zh" else "withdrawn"
    click.echo(json.dumps({"consent": consent_id, "withdrawn": True}) if as_json else said)


@consent.command(name="list")
@click.argument("licence")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(settings: Settings, licence: str, as_json: bool) -> None:
    """List the consents for LICENCE, those that ended too."""
    from dataclasses import asdict

    from licence_vault import exporting
    from licence_vault.presentations import consents

    vault = opened(settings)
    key = exporting.find(vault, licence).version.licence_key
    with vault.looking() as connection:
        found = consents.of_licence(connection, key)
    for one in found:
        row = {**asdict(one), "fields": list(one.fields)}
        del row["licence_key"]
        words = f"{one.consent_id}  {one.audience}  {','.join(one.fields)}  {one.until}  {one.withdrawn_at or '-'}"
        click.echo(json.dumps(row, ensure_ascii=False) if as_json else words)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--key", type=click.Path(path_type=Path), required=True, help="The holder's private key (PEM).")
@click.option("--audience", required=True, help="For whom, as the presentation says.")
@NONCE
@OUT
@click.pass_obj
def bind(settings: Settings, file: Path, key: Path, audience: str, nonce: str, out: Path | None) -> None:
    """Sign presentation FILE with the holder's key, as a wallet does (key binding)."""
    from licence_vault.presentations import sd_jwt
    from licence_vault.signers import signer_of_pem

    shown = read_bytes(file).decode("ascii", "replace").strip()
    signed = sd_jwt.bind(shown, audience, nonce, int(settings.now().timestamp()), signer_of_pem(read_bytes(key)))
    write_out(signed.encode("ascii"), out)


@dataclass(frozen=True)
class Found:
    """A licence that is to be shown: to whom, which fields, on which basis."""

    vault: Vault
    kept: Kept
    kind: LicenceType
    audience: str
    fields: tuple[str, ...]
    basis: str


def use_of(
    settings: Settings, licence: str, grant_id: str | None, audience: str | None, item: str, fields: str
) -> Found:
    """Return a licence with what the grant gives, or what the holder's newest consent covers, or `fields` of these."""
    from licence_vault import exporting
    from licence_vault.presentations import consents

    if (grant_id is None) == (audience is None):
        raise click.UsageError("name --grant, or --to where the holder has consented")
    vault = opened(settings)
    kept = exporting.find(vault, licence)
    kind = types_by_code(settings)(kept.place.type)
    if grant_id is not None:
        return Found(vault, kept, kind, *granted(settings, grant_id, kept.place.issuer, kind, item, fields))
    to, wanted, key = str(audience), names(fields), kept.version.licence_key
    if not wanted:
        with vault.looking() as connection:
            wanted = consents.agreed_fields(connection, key, to, item, settings.today())
    return Found(vault, kept, kind, to, wanted, "consent")


def opened(settings: Settings) -> Vault:
    """Open the vault of the home."""
    from licence_vault.vault import open_vault

    return open_vault(
        settings.home, settings.database_url, settings.passphrase_file, settings.log_origin, settings.now()
    )


def names(text: str) -> tuple[str, ...]:
    """Return names written with commas."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def moment(settings: Settings) -> Moment:
    """Return the present instant with the legal calendar's zone."""
    from licence_vault.presentations.minting import Moment

    return Moment(settings.now(), settings.timezone)


def types_by_code(settings: Settings) -> Callable[[str], LicenceType]:
    """Return what gives a licence type by its code."""
    import catalog
    from licence_vault.errors import UnknownLicenceType

    found = {kind.code: kind for kind in catalog.load(settings.declarations).declarations.licences.values()}

    def by_code(code: str) -> LicenceType:
        if code not in found:
            raise UnknownLicenceType(code, "its declaration is gone")
        return found[code]

    return by_code


def hand_out(
    settings: Settings, vault: Vault, kept: Kept, shown: Shown, purpose: str, out: Path | None, basis: str
) -> None:
    """Put the look into the ledger, for each holder, with what it is allowed by; then write the presentation."""
    from ledger.entry import Look
    from ledger.record import Ledger
    from licence_vault.holders import subject_ids

    ledger = Ledger(settings.home / "ledger", vault.keystore)
    subjects: list[str | None] = [*subject_ids(kept)]
    basis = f"presentation {shown.id}, {basis}"
    for subject in subjects or [None]:
        ledger.append(Look(settings.now(), settings.operator, purpose, subject, shown.fields, basis))
    write_out(shown.content, out)


def write_out(content: bytes, out: Path | None) -> None:
    """Write to a file, or to standard output."""
    from onefile.files import write_whole

    if out is None:
        click.echo(content, nl=not content.startswith(b"%PDF"))
        return
    try:
        write_whole(out, content)
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error


def granted(
    settings: Settings, grant_id: str, issuer: str, kind: LicenceType, item: str, narrowed: str
) -> tuple[str, tuple[str, ...], str]:
    """Return consumer, fields and basis of a grant in force for this licence type, item, and issuer (its code)."""
    from catalog.errors import GrantNotInForce
    from catalog.grants import given
    from catalog.requests import read_rows
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import changing

    known, entries = all_entries(settings)
    entry_id = f"licence.{kind.name}"
    with changing(settings) as connection:
        gives = given(connection, grant_id, entries.get(entry_id), settings.today())
    if gives.entry_id != entry_id:
        raise GrantNotInForce(grant_id, f"it is for {gives.entry_id}, not for {entry_id}")
    if gives.items and item not in gives.items:
        raise GrantNotInForce(grant_id, "it is not for that item")
    level = next((d.level for d in known.declarations.departments.values() if d.code == issuer), "")
    if not read_rows(gives.rows).covers(issuer[2:8] if len(issuer) == 18 else issuer, level):
        raise GrantNotInForce(grant_id, "it is not for what that authority issued")
    wanted = names(narrowed) or gives.fields
    if not set(wanted) <= set(gives.fields):
        raise GrantNotInForce(grant_id, "not all of these fields are granted")
    return gives.consumer, wanted, f"grant {grant_id}"


def count(settings: Settings, grant_id: str, kind: LicenceType, shown: Shown) -> None:
    """Count a look before it is handed out, on what the grant gives at that very moment: its quota is never passed."""
    from catalog.errors import GrantNotInForce
    from catalog.grants import given, note_use
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import changing

    _, entries = all_entries(settings)
    with changing(settings) as connection:
        gives = given(connection, grant_id, entries.get(f"licence.{kind.name}"), settings.today())
        if not set(shown.fields) <= set(gives.fields):
            raise GrantNotInForce(grant_id, "not all of these fields are granted any more")
        note_use(connection, gives, shown.fields, settings.today())


def _qr(path: Path, text: str) -> None:
    import segno

    try:
        segno.make(text, error="m").save(str(path), scale=8)
    except (OSError, ValueError) as error:
        raise Failure(f"{path.name} cannot be written ({type(error).__name__}): name a .svg or .png file") from error
