"""`onefile catalog export`: what may leave, in the forms that others read."""

from __future__ import annotations

from pathlib import Path

import click

from onefile.settings import Settings

FORMS = ("turtle", "jsonld", "data.json", "csv")


@click.command(name="export")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE")
@click.option(
    "--as", "form", type=click.Choice(FORMS), required=True, help="DCAT as Turtle or JSON-LD, data.json, CSV."
)
@click.option("--base", default="https://onefile.invalid/catalog/", show_default=True,
              help="Address below which the entries stand, ending in '/'.")  # fmt: skip
@click.pass_obj
def export(settings: Settings, file: Path, form: str, base: str) -> None:
    """Write the open catalogue to FILE: open and published entries only, without items of persons and contacts."""
    import catalog
    from catalog.dcat import graph, json_ld, turtle
    from catalog.entries import entries
    from catalog.leaving import leaving
    from catalog.lists import data_json, guide_csv
    from onefile.cli.failure import Failure
    from onefile.files import write_whole
    from schemas.terms import CLASS_LIST

    if not base.startswith(("http://", "https://")) or not base.endswith("/") or any(c in base for c in ' <>"{}|\\^`'):
        raise Failure(f"the base {base!r}: write an http or https address that ends in '/'", exit_code=2)
    known = catalog.load(settings.declarations)
    found = leaving(entries(known).values())
    classes = known.declarations.codes[CLASS_LIST]
    made = {
        "turtle": lambda: turtle(graph(found, classes, base)),
        "jsonld": lambda: json_ld(graph(found, classes, base)),
        "data.json": lambda: data_json(found, base),
        "csv": lambda: guide_csv(found),
    }[form]()
    write_whole(file.absolute(), made, 0o644)
    told = {"zh": f"已写出 {len(found)} 项开放目录", "en": f"{len(found)} open entries written"}
    click.echo(told[settings.lang])


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--mapping", "mapping_name", required=True, metavar="M", help="A mapping file, or a built-in one's name.")
@click.option("--source", metavar="NAME", help="Whose catalogue it is (default: the mapping's name).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, with every fault.")
@click.pass_obj
def import_file(settings: Settings, file: Path, mapping_name: str, source: str | None, as_json: bool) -> None:
    """Take the catalogue in FILE in, by a mapping alone. Faults are told with their record; the rest is taken.

    Again it changes nothing; a changed entry becomes a new version; one that is gone is flagged.
    """
    from dataclasses import asdict, replace

    from catalog.foreign_files import records
    from catalog.importing import convert
    from catalog.mapping_reading import DECLARED, load
    from catalog.versions import record
    from onefile.cli.failure import Failure
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import shown
    from onefile.verify.reading import instant_text

    mapping = load(mapping_name)
    if source is not None:
        mapping = replace(mapping, name=source)
        if not source.replace("_", "").isalnum() or source == DECLARED:
            raise Failure(f"the source {source!r}: write letters, digits and '_'", exit_code=2)
    found = convert(records(file.read_bytes(), mapping), mapping)
    with changing(settings) as connection:
        kept = record(connection, mapping.name, found.entries, instant_text(settings.now()), False, found.held)
    faults = [asdict(fault) for fault in found.faults]
    if as_json:
        counts = {name: len(ids) for name, ids in asdict(kept).items()}
        print_json({"received": found.received, "taken": len(found.entries), "refused": found.refused,
                    "skipped": found.skipped, **counts,
                    "faults": faults})  # fmt: skip
        return
    for fault in found.faults:
        click.echo(f"record {fault.record}, {fault.field}: found {shown(fault.found)}; wanted {fault.wanted}")
    told = {
        "zh": "收到 {}，接收 {}，未接收 {}，跳过 {}：新增 {}，变更 {}，未变 {}，消失 {}，恢复 {}",
        "en": "{} received, {} taken, {} refused, {} skipped: "
        "{} new, {} changed, {} unchanged, {} vanished, {} returned",
    }
    parts = (kept.new, kept.changed, kept.unchanged, kept.vanished, kept.returned)
    click.echo(
        told[settings.lang].format(found.received, len(found.entries), found.refused, found.skipped, *map(len, parts))
    )
