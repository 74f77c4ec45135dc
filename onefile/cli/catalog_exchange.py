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
