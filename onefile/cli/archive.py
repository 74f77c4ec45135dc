"""`onefile archive`: packages of closed cases, for the archives: made, listed, written out, checked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.options import PURPOSE
from onefile.settings import Settings

if TYPE_CHECKING:
    from licence_vault.archive.keeping import Kept
    from licence_vault.materials.keeping import Materials
    from licence_vault.vault import Vault

HEADINGS = {
    "zh": ("归档包", "办件", "部门", "保管期限", "保管至", "文件数", "归档时间"),
    "en": ("package", "case", "department", "kept", "until", "files", "made at"),
}
BASIS = "onefile archive"


@dataclass(frozen=True)
class _House:
    vault: Vault
    materials: Materials


@click.group()
def command() -> None:
    """Archive packages (归档包) of closed cases: files, metadata, proofs, one manifest with hashes, signed.

    The four checks (四性检测) hold each: authentic, whole, usable, safe.
    """


@command.command()
@click.argument("case_no", metavar="CASE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def make(settings: Settings, case_no: str, as_json: bool) -> None:
    """Make the package of CASE (its number), which is over; again it tells of the one that there is.

    The DAG `cases` does it for every case that closed.
    """
    import catalog
    from licence_vault.materials.scanning import clamd
    from pipelines.archiving import Archivist, archive

    house, case = _opened(settings), _case(settings, case_no)
    scan = clamd(settings.clamd) if settings.clamd else None
    known = catalog.load(settings.declarations)
    by = Archivist(house.vault, house.materials, known, settings.home, settings.timezone, scan, settings.now(),
                   settings.operator)  # fmt: skip
    _print(settings, [archive(by, case)], as_json)


@command.command(name="list")
@click.option("--department", default="", help="Those of this department.")
@click.option("--over", "is_over", is_flag=True, help="Those whose retention period is over.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_archives(settings: Settings, department: str, is_over: bool, as_json: bool) -> None:
    """List the packages, the first made first; nobody is named."""
    from licence_vault.archive import keeping
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = keeping.listed(connection, department, settings.today() if is_over else None)
    _print(settings, found, as_json)


@command.command()
@click.argument("case_no", metavar="CASE")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="The folder to write; a new one.")
@PURPOSE
@click.pass_obj
def export(settings: Settings, case_no: str, out: Path, purpose: str) -> None:
    """Write the package of CASE into a new folder. The look goes into the ledger first.

    `sha256sum --check manifest-sha256.txt` there checks its files; `onefile verify` its envelope, and the four checks.
    """
    from licence_vault.archive import keeping
    from licence_vault.archive.errors import PlaceThere
    from onefile.files import make_folder, write_whole

    if out.exists():
        raise PlaceThere(out.name)
    house, case = _opened(settings), _case(settings, case_no)
    with house.vault.looking() as connection:
        kept = keeping.find(connection, case.case_id)
    files = keeping.opened(house.materials, kept)
    _record(settings, house, case.number, files, purpose)
    make_folder(out)
    for path, content in files.items():
        write_whole(out / path, content)
    click.echo({"zh": f"已写出 {len(files)} 个文件", "en": f"{len(files)} files written"}[settings.lang])


@command.command()
@click.argument("case_no", metavar="CASE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(settings: Settings, case_no: str, as_json: bool) -> None:
    """Hold the package of CASE, as it is kept, by the four checks once more; exit code 4 where one fails."""
    import json

    from licence_vault.archive import keeping
    from onefile.verify import archive_verdict
    from onefile.verify.archive import ENVELOPE, four_checks, open_archive
    from onefile.verify.trust import read_trust

    house, case = _opened(settings), _case(settings, case_no)
    with house.vault.looking() as connection:
        files = keeping.opened(house.materials, keeping.find(connection, case.case_id))
    signed = open_archive(files[ENVELOPE], read_trust(house.vault.keystore.trust()))
    verdict = archive_verdict.ArchiveVerdict(signed, four_checks(signed, files))
    told: Any = archive_verdict.as_json(verdict, settings.lang)
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else archive_verdict.told(verdict, settings.lang))
    if verdict.exit_code:
        raise click.exceptions.Exit(verdict.exit_code)


def _opened(settings: Settings) -> _House:
    import os

    from licence_vault.materials.keeping import Materials
    from licence_vault.materials.stores import store_of
    from onefile.cli import vault_home
    from onefile.settings import machine_clock

    vault = vault_home.opened(settings)
    store = store_of(settings.home, settings.materials, settings.materials_key, machine_clock)
    return _House(vault, Materials(vault.at_rest, store, os.urandom))


def _case(settings: Settings, case_no: str) -> Any:
    from catalog.cases import store
    from licence_vault.archive.errors import NotArchivable
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        case = store.find(connection, case_no)
    if case is None:
        raise NotArchivable("no case of that number is registered: `onefile case list` names those that are open")
    return case


def _record(settings: Settings, house: _House, case_no: str, files: dict[str, bytes], purpose: str) -> None:
    """Put the look into the ledger: an entry for each holder of a material in it, one of nobody where there is none."""
    import json

    from ledger.entry import Look
    from ledger.record import Ledger
    from onefile.verify.archive import METADATA

    told = json.loads(files[METADATA])
    with house.vault.looking() as connection:
        found = dict.fromkeys(
            house.materials.holder(connection, each["material_id"]).subject_id
            for each in told["files"] if "material_id" in each
        )  # fmt: skip
    looks = [
        Look(settings.now(), settings.operator, purpose, subject, ("archive",), BASIS, case=case_no, item=told["item"])
        for subject in found or [None]
    ]
    Ledger(settings.home / "ledger", house.vault.keystore).append_all(looks)


def _print(settings: Settings, found: list[Kept], as_json: bool) -> None:
    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    if as_json:
        hidden = ("wrapped_key", "place", "master")
        print_json([{name: value for name, value in vars(each).items() if name not in hidden} for each in found])
    elif found:
        rows = [(each.package_id, each.case_no, each.department, each.retention, each.keep_until or "-",
                 str(each.files), each.made_at) for each in found]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
