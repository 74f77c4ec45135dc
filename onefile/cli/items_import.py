"""`onefile items import`, and what was imported: one list a source, kept in the home."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.item_checks import Described
    from schemas.item_import import ImportedItem

FORMAT = 2
DEFAULT_MAPPING = "items_by_link"


@click.command(name="import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False), metavar="FILE")
@click.option("--mapping", "mapping_name", default=DEFAULT_MAPPING, show_default=True, metavar="M",
              help="A mapping file, or a built-in one's name.")  # fmt: skip
@click.option("--source", metavar="NAME", help="Whose items they are (default: the mapping's name).")
@click.option("--json", "as_json", is_flag=True, help="Print the counts as JSON, with every fault.")
@click.pass_obj
def import_items(settings: Settings, file: Path, mapping_name: str, source: str | None, as_json: bool) -> None:
    """Take the items in FILE in by a mapping alone, and count: received = taken + refused + skipped.

    The list takes the place of the one that its source had; what is new, changed, unchanged and gone is told.
    """
    from catalog.foreign_files import records
    from catalog.item_importing import convert_items
    from catalog.mapping import ITEMS
    from catalog.mapping_reading import load
    from onefile.cli.failure import Failure
    from schemas.item_import import tally

    mapping = load(mapping_name, ITEMS)
    name = source or mapping.name
    if not name.replace("_", "").isalnum() or name == "declared":
        raise Failure(f"the source {name!r}: write letters, digits and '_'", exit_code=2)
    found = convert_items(records(file.read_bytes(), mapping), mapping)
    kept = {own: asdict(item) for own, item in zip(found.ids, found.items, strict=True)}
    changes = _keep(settings, name, json.loads(json.dumps(kept)))
    counts = {"received": found.received, "taken": len(found.items), "refused": found.refused,
              "skipped": found.skipped, **changes}  # fmt: skip
    told = {**tally(found.items), **counts}
    if as_json:
        faults = [asdict(fault) for fault in found.faults]
        click.echo(json.dumps({**told, "faults": faults}, ensure_ascii=False, indent=2))
        return
    from onefile.cli.tables import shown

    for fault in found.faults:
        click.echo(f"record {fault.record}, {fault.field}: found {shown(fault.found)}; wanted {fault.wanted}")
    said = {
        "zh": "收到 {}，接收 {}，未接收 {}，跳过 {}：新增 {}，变更 {}，未变 {}，消失 {}",
        "en": "{} received, {} taken, {} refused, {} skipped: {} new, {} changed, {} unchanged, {} vanished",
    }
    click.echo(said[settings.lang].format(*counts.values()))
    tell(settings, told)


def _keep(settings: Settings, source: str, kept: dict[str, Any]) -> dict[str, int]:
    """Put a source's items in the place of those before, and count what is new, changed, unchanged and gone."""
    from onefile.files import lock

    with lock(settings.home / "locks" / "items.lock"):
        return _keep_alone(settings, source, kept)


def _keep_alone(settings: Settings, source: str, kept: dict[str, Any]) -> dict[str, int]:
    from onefile.files import write_whole

    sources = _sources(settings)
    before = sources.get(source, {})
    counts = {
        "new": sum(own not in before for own in kept),
        "changed": sum(own in before and before[own] != item for own, item in kept.items()),
        "unchanged": sum(before.get(own) == item for own, item in kept.items()),
        "vanished": sum(own not in kept for own in before),
    }
    if before != kept:
        written = json.dumps({"format": FORMAT, "sources": {**sources, source: kept}}, ensure_ascii=False, indent=1)
        write_whole(_path(settings), written.encode())
    return counts


def _path(settings: Settings) -> Path:
    return settings.home / "items" / "imported.json"


def _sources(settings: Settings) -> dict[str, dict[str, Any]]:
    if not _path(settings).exists():
        return {}
    found = json.loads(_path(settings).read_text(encoding="utf-8"))
    if found["format"] != FORMAT:  # a list of the release before had one source and no ids: it is imported anew
        return {}
    return dict(found["sources"])


def imported(settings: Settings) -> dict[str, list[ImportedItem]]:
    """Return the items of each source that were imported, in their order."""
    from schemas.item_import import ImportedItem

    def made(item: dict[str, Any]) -> ImportedItem:
        values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in item.items()}
        return ImportedItem(**values)

    return {source: [made(item) for item in kept.values()] for source, kept in _sources(settings).items()}


def as_described(source: str, item: ImportedItem) -> Described:
    """Return an imported item as the checks look at it."""
    from catalog.item_importing import as_described as made

    return made(source, item)


def tallies(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the tally of each source."""
    from schemas.item_import import tally

    return {source: tally(items) for source, items in imported(settings).items()}


def tell(settings: Settings, found: dict[str, Any]) -> None:
    """Print a tally: bodies, flags with their reasons, names and bodies that do not pair, codes given twice."""
    from schemas.item_import import FLAGS

    told = {"zh": "事项 {}，机构已识别 {}，未识别 {}", "en": "{} items, {} with a body, {} without"}[settings.lang]
    click.echo(told.format(found["with_body"] + found["without_body"], found["with_body"], found["without_body"]))
    for name in ("flags", "names_with_several_bodies", "bodies_with_several_names"):
        for key, value in dict(found[name]).items():
            why = f": {FLAGS[key]}" if key in FLAGS else ""
            click.echo(f"  {key}  {', '.join(value) if isinstance(value, list) else value}{why}")
    for code in list(found["codes_given_twice"]):
        click.echo(f"  {code}")
