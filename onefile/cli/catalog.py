"""`onefile catalog`: what is shared, on which terms; find it, see what changed, count it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TypeVar

import click

from onefile.cli.catalog_exchange import export, import_file
from onefile.cli.catalog_figures import leads, waiting
from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.entries import Entry
    from catalog.search import Found

F = TypeVar("F", bound=Callable[..., Any])
FACETS = (
    ("department", "Of this department, by its id."),
    ("level", "Of departments of this level: national, province, city, county, street, community."),
    ("share", "Of this share class: unconditional, conditional, not_shared."),
    ("subject", "About subjects of this kind: person, enterprise."),
    ("cycle", "Of this update cycle, like daily."),
    ("kind", "Of this kind: dataset, licence, material, foreign."),
    ("state", "In this state: draft, in_review, published, in_withdrawal, withdrawn."),
    ("class", "In this class, by its code, or one below it."),
)


def facets(command: F) -> F:
    """Give a command an option for each facet."""
    for name, about in reversed(FACETS):
        command = click.option(f"--{name}", f"facet_{name}", metavar=name.upper(), help=about)(command)
    return command


@click.group()
def command() -> None:
    """The catalogue: resources, licence types and shared materials with their terms, made from the declarations."""


@command.command(name="list")
@facets
@click.option("--json", "as_json", is_flag=True, help="Print every entry as JSON.")
@click.pass_obj
def list_entries(settings: Settings, /, as_json: bool, **asked: str | None) -> None:
    """List the catalogue: declared resources, licence types, shared materials, entries of imported catalogues."""
    from catalog.entries import filtered
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.catalog_text import listed

    _, entries = all_entries(settings)
    found = filtered(entries.values(), _wanted(asked))
    if as_json:
        _print([entry.as_json() for entry in found])
    elif found:
        click.echo(listed(found, settings.lang))
    else:
        click.echo({"zh": "没有符合的目录", "en": "nothing is listed"}[settings.lang])


@command.command()
@click.argument("resource", metavar="RESOURCE")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, resource: str, as_json: bool) -> None:
    """Show one entry with its terms, the figures of the last runs, its information items and their columns of origin.

    RESOURCE is its id or its code.
    """
    from catalog.entries import find
    from catalog.lineage import origins
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.catalog_figures import Gathered, as_json_of, told
    from onefile.cli.catalog_text import whole

    known, entries = all_entries(settings)
    entry = find(entries, resource)
    figures, columns = Gathered(settings).of(entry), origins(known, entry)
    if as_json:
        lineage = {name: [asdict(origin) for origin in found] for name, found in columns.items()}
        _print({**entry.as_json(), "lineage": lineage, "figures": as_json_of(figures)})
    else:
        click.echo(f"{whole(entry, settings.lang, columns)}\n\n{told(figures, settings.lang)}")


@command.command()
@click.argument("words", nargs=-1, required=True)
@facets
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True, help="How many to show.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def search(settings: Settings, /, words: tuple[str, ...], limit: int, as_json: bool, **asked: str | None) -> None:
    """Find resources by WORDS: Chinese (traditional too), English, pinyin, initials of pinyin, a code.

    The index is made when the catalogue has changed, in `ONEFILE_HOME`. Where no entry has every
    word, those that have some are shown, and it is said.
    """
    from catalog.search import Index
    from onefile.cli.catalog_entries import all_entries, index_of

    _, entries = all_entries(settings)
    with Index(index_of(settings, entries)) as index:
        found = index.search(" ".join(words), _wanted(asked), limit)
    if as_json:
        _print(asdict(found))
    else:
        _tell_found(settings, found, entries)


@command.command()
@click.argument("resource", metavar="RESOURCE")
@click.option("--from", "old", type=click.IntRange(min=1), help="The earlier version (default: the last recorded).")
@click.option("--to", "new", type=click.IntRange(min=1), help="The later version (default: what is declared now).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def diff(settings: Settings, resource: str, old: int | None, new: int | None, as_json: bool) -> None:
    """Say what changed in an entry since a version, field by field and item by item."""
    from catalog.diffs import changes
    from catalog.entries import find
    from catalog.versions import version, versions
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.catalog_text import changed
    from schemas.serving.connection import looking
    from schemas.serving.migration import upgrade

    _, entries = all_entries(settings)
    entry = find(entries, resource)
    upgrade(settings.database_url)
    with looking(settings.database_url) as connection:
        kept = versions(connection, entry.id)
        before = version(connection, entry.id, old if old is not None else len(kept)).entry
        after = entry if new is None else version(connection, entry.id, new).entry
    found = changes(before, after)
    if as_json:
        _print([asdict(change) for change in found])
    else:
        click.echo(changed(found, settings.lang) or {"zh": "没有变化", "en": "nothing changed"}[settings.lang])


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def record(settings: Settings, as_json: bool) -> None:
    """Keep what is declared now as versions of its entries; what did not change gets none.

    A state that cannot follow the one before is refused, and nothing is kept.
    """
    import catalog
    from catalog.entries import entries
    from catalog.mapping_reading import DECLARED
    from catalog.versions import record as keep
    from onefile.verify.reading import instant_text
    from schemas.serving.connection import writing
    from schemas.serving.migration import upgrade

    found = entries(catalog.load(settings.declarations))
    upgrade(settings.database_url)
    with writing(settings.database_url) as connection:
        kept = keep(connection, DECLARED, found.values(), instant_text(settings.now()))
    if as_json:
        _print(asdict(kept))
        return
    counts = [len(each) for each in (kept.new, kept.changed, kept.unchanged, kept.vanished)]
    told = {
        "zh": "新增 {}，变更 {}，未变 {}，不再声明 {}",
        "en": "{} new, {} changed, {} unchanged, {} no more declared",
    }
    click.echo(told[settings.lang].format(*counts))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def stats(settings: Settings, as_json: bool) -> None:
    """Count resources and information items by department, class, grade and so on; name attributes without a lead."""
    from catalog.statistics import statistics
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.catalog_text import figures

    known, entries = all_entries(settings)
    found = statistics(entries.values(), known)
    if as_json:
        _print(asdict(found))
    else:
        click.echo(figures(found, settings.lang))


command.add_command(export)
command.add_command(import_file)
command.add_command(leads)
command.add_command(waiting)


def _wanted(asked: dict[str, str | None]) -> dict[str, str | None]:
    return {name.removeprefix("facet_"): value for name, value in asked.items()}


def _tell_found(settings: Settings, found: Found, entries: dict[str, Entry]) -> None:
    from onefile.cli.catalog_text import facets as told_facets
    from onefile.cli.catalog_text import listed

    if not found.total:
        click.echo({"zh": "没有找到", "en": "nothing found"}[settings.lang])
        return
    loose = {"zh": "（没有全部符合的，以下部分符合）", "en": " (none has every word; these have some)"}[settings.lang]
    head = {"zh": f"找到 {found.total} 项", "en": f"{found.total} found"}[settings.lang]
    click.echo(head + (loose if found.is_loose else ""))
    click.echo(listed([entries[hit.id] for hit in found.hits], settings.lang))
    click.echo("\n" + told_facets(found.facets, settings.lang))


def _print(found: object) -> None:
    click.echo(json.dumps(found, ensure_ascii=False, indent=2))
