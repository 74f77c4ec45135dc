"""`onefile vault keys`: the keys that sign for the vault, and the trust file that verifiers need."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli import options, vault_certificates
from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.contents import Key
    from licence_vault.keystore import Keystore

USES = (
    "log", "status", "receipts", "ledger", "witness", "presentations", "copies", "issuer", "notices",
    "answers", "tokens", "batches", "archives",
)  # fmt: skip
ALGORITHMS = ("Ed25519", "ECDSA-P256", "SM2-SM3")
MADE = {
    "zh": "已建立密钥 {name}（{use}，{algorithm}），编号 {id}",
    "en": "key {name} ({use}, {algorithm}) made, id {id}",
}
RETIRED = {"zh": "密钥 {name} 已停用；它签过的仍然有效", "en": "key {name} is retired; what it signed stays good"}


@click.group()
def keys() -> None:
    """The bureau's signing keys. Private keys leave the keystore in no form."""


for _certifying in (
    vault_certificates.ca,
    vault_certificates.certify,
    vault_certificates.request,
    vault_certificates.take,
    vault_certificates.mandate,
):
    keys.add_command(_certifying)


@keys.command()
@click.argument("use", type=click.Choice(USES))
@click.option("--name", help="Its name in the keystore (default: the use and a number).")
@click.option("--algorithm", type=click.Choice(ALGORITHMS), default=ALGORITHMS[0], show_default=True, help="Algorithm.")
@click.option("--as", "signs_as", metavar="NAME", help="Name under notes: a log's, or a witness's own.")
@click.option("--hsm", metavar="MODULE", help="Make it in a security module: path of its PKCS#11 library.")
@click.option("--token", help="With --hsm: the token's label.")
@click.option("--pin-file", type=click.Path(path_type=Path), help="With --hsm: file with the token's PIN.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def create(
    settings: Settings, use: str, name: str | None, algorithm: str, signs_as: str | None, hsm: str | None,
    token: str | None, pin_file: Path | None, as_json: bool,
) -> None:  # fmt: skip
    """Make a key for USE. The youngest active key of a use signs.

    With --hsm the key is made within the security module (ECDSA P-256), and never leaves it.
    """
    store = _store(settings)
    number = 1 + sum(key.use == use for key in store.keys)
    origin = settings.log_origin if use == "log" else ""
    if hsm is not None:
        if token is None or pin_file is None:
            raise click.UsageError("--hsm needs --token and --pin-file")
        from licence_vault.hsm import create as create_in
        from onefile.cli.deliver import read_bytes

        label = name or f"{use}-{number}"
        made = create_in(hsm, token, read_bytes(pin_file).decode("utf-8").strip(), f"onefile-{label}")
        kept = store.add_token_key(label, use=use, at=settings.now(), token=made, signs_as=signs_as or origin)
        _tell(settings, kept, as_json)
        return
    key = store.create_key(
        name or f"{use}-{number}", use=use, at=settings.now(), algorithm=algorithm, signs_as=signs_as or origin
    )
    _tell(settings, key, as_json)


@keys.command(name="list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_(settings: Settings, as_json: bool) -> None:
    """List the keys, the retired ones too."""
    found = [_plain(key) for key in _store(settings).keys]
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False))
        return
    for key in found:
        click.echo("  ".join(str(key[name]) for name in ("name", "use", "algorithm", "state", "created_at", "id")))


@keys.command()
@click.argument("use", type=click.Choice(USES))
@click.option("--algorithm", type=click.Choice(ALGORITHMS), help="Algorithm of the new key (default: the old one's).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def rotate(settings: Settings, use: str, algorithm: str | None, as_json: bool) -> None:
    """Put a fresh key in the place of the active one for USE. Old proofs stay good: export the trust file anew."""
    _tell(settings, _store(settings).rotate_key(use, settings.now(), algorithm), as_json)


@keys.command()
@click.argument("algorithms", type=click.Choice(["international", "sm"]))
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def use(settings: Settings, algorithms: str, as_json: bool) -> None:
    """Put receipts, checkpoints, status lists, presentations and envelopes on these algorithms.

    `sm`: SM2 with SM3, and SM4. `international`: Ed25519, and AES. Active keys are rotated; what was
    signed or sealed before stays good. Export the trust file anew.
    """
    from licence_vault.vault import PROFILE_SECRETS, PROFILE_USES

    store = _store(settings)
    store.use_profile(algorithms, PROFILE_USES, PROFILE_SECRETS, settings.now())
    said = {"algorithms": store.profile, "keys": [key.name for key in store.keys if key.retired_at is None]}
    click.echo(json.dumps(said) if as_json else f"{store.profile}: {', '.join(said['keys'])}")


@keys.command()
@click.argument("name")
@click.option("--lost-since", callback=options.instant, metavar="INSTANT", help="Since then somebody else may have it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def retire(settings: Settings, name: str, lost_since: datetime | None, as_json: bool) -> None:
    """Let the key NAME sign nothing more. What a lost key signed counts only with a time stamp from before."""
    store = _store(settings)
    store.retire_key(name, settings.now(), lost_since)
    key = next(key for key in store.keys if key.name == name)
    click.echo(json.dumps(_plain(key)) if as_json else RETIRED[settings.lang].format(name=name))


@keys.command()
@click.option("--out", type=click.Path(path_type=Path), help="File to write to, instead of standard output.")
@click.option("--witness", "witnesses", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
              help="Trust file of a witness, whose key is taken in; may be given several times.")  # fmt: skip
@click.option("--tsa", "tsas", metavar="FILE", type=click.Path(path_type=Path), multiple=True,
              help="Certificate (PEM) of a trusted authority of time; may be given several times.")  # fmt: skip
@click.option("--witnesses-needed", type=click.IntRange(min=0), default=0, show_default=True, help="How many of them.")
@click.option("--encrypted", is_flag=True, help="Write the keystore itself, as it lies: encrypted, for the safe.")
@click.pass_obj
def export(
    settings: Settings, out: Path | None, witnesses: tuple[Path, ...], tsas: tuple[Path, ...], witnesses_needed: int,
    encrypted: bool,
) -> None:  # fmt: skip
    """Write the trust file: public keys, for everybody who verifies. Hand it over by a way they trust.

    With --encrypted, write the keystore instead, which only its passphrase opens: keep it apart from backups.
    """
    from onefile.files import write_whole
    from onefile.verify.reading import read_file

    if encrypted:
        _export_keystore(settings, out)
        return
    from onefile.verify.trust import read_trust

    content = json.loads(_store(settings).trust())
    for file in witnesses:
        data = read_file(file)
        read_trust(data)
        content["keys"] += [key for key in json.loads(data)["keys"] if key["use"] == "witness"]
    if tsas:
        content["tsas"] = [_certificate(read_file(file)) for file in tsas]
    text = json.dumps({**content, "witnesses_needed": witnesses_needed}, ensure_ascii=False, sort_keys=True) + "\n"
    read_trust(text.encode("utf-8"))
    if out is None:
        click.echo(text, nl=False)
        return
    try:
        write_whole(out, text.encode("utf-8"), mode=0o644)
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error


def _export_keystore(settings: Settings, out: Path | None) -> None:
    """Write the keystore's bytes, once the passphrase has opened them: an export that nobody can open helps nobody."""
    from onefile.files import write_whole

    if out is None:
        raise click.UsageError("--encrypted needs --out")
    content = _store(settings).path.read_bytes()
    try:
        write_whole(out, content, mode=0o600)
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error


def _certificate(pem: bytes) -> str:
    """Return the certificate in a PEM file as base64 of its DER."""
    import base64

    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509 import load_pem_x509_certificate

    try:
        der = load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    except ValueError:
        raise Failure("that file has no certificate in PEM: ask the authority for its own", 2) from None
    return base64.b64encode(der).decode("ascii")


def _store(settings: Settings) -> Keystore:
    from licence_vault.keystore import bureau

    return bureau(settings.home, settings.passphrase_file, settings.now())


def _tell(settings: Settings, key: Key, as_json: bool) -> None:
    told = MADE[settings.lang].format(name=key.name, use=key.use, algorithm=key.algorithm, id=key.id)
    click.echo(json.dumps(_plain(key), ensure_ascii=False) if as_json else told)


def _plain(key: Key) -> dict[str, object]:
    from onefile.verify.reading import instant_text

    return {
        "name": key.name,
        "use": key.use,
        "algorithm": key.algorithm,
        "id": key.id,
        "state": key.state,
        "created_at": instant_text(key.created_at),
        "retired_at": None if key.retired_at is None else instant_text(key.retired_at),
        "signs_as": key.signs_as or None,
    }
