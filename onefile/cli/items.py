"""`onefile items`: service items, what they demand, what is wrong with them; those of a portal, and whose they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli.items_import import import_items, imported
from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.item_checks import Finding
    from schemas.logic import Facts
    from schemas.service_items import Item

DECLARED = "declared"
HEADINGS = {
    "zh": ("事项编码", "标识", "事项名称", "部门", "来源", "机构代码", "标记"),
    "en": ("code", "id", "name", "department", "source", "body", "flags"),
}
FORMS = ("text", "json", "page")


@click.group()
def command() -> None:
    """Service items: what each demands and what satisfies it; and a portal's items, and whose they are."""


command.add_command(import_items)


@command.command(name="list")
@click.option("--department", help="Of this department only, by its id or name.")
@click.option("--bundle", help="Of this bundle only.")
@click.option("--source", help="Of this source only: declared, or the name of an import.")
@click.option("--flag", help="With this flag only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_items(
    settings: Settings, department: str | None, bundle: str | None, source: str | None, flag: str | None, as_json: bool
) -> None:
    """List the items that are declared and those that were imported, with their bodies and flags."""
    from onefile.cli.tables import aligned

    found = [
        item for item in _listed(settings, bundle)
        if department in (None, item["department"], item["department_id"])
        and source in (None, item["source"]) and (flag is None or flag in item["flags"])
    ]  # fmt: skip
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
        return
    rows = [
        (i["code"], i["id"], i["name"], i["department"], i["source"], i["body"] or "-", ", ".join(i["flags"]))
        for i in found
    ]
    click.echo(aligned([HEADINGS[settings.lang], *rows]))


@command.command()
@click.argument("name", metavar="ITEM")
@click.option("--answer", "answers", multiple=True, metavar="QUESTION=ANSWER", help="What the situation is; again.")
@click.option("--as", "form", type=click.Choice(FORMS), default="text", show_default=True, help="Text, JSON, a page.")
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="Write it to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, name: str, answers: tuple[str, ...], form: str, out: Path | None, as_json: bool) -> None:
    """Show what ITEM demands in a situation, and why: an item or a bundle (one notice), by name or code.

    What is not answered stays open and is asked. An imported item is shown with what its flags mean.
    """
    import catalog
    from onefile.files import write_whole

    known = catalog.load(settings.declarations).declarations
    names = (*known.bundles, *known.items, *(item.name for item in known.items.values() if item.code == name))
    found = name if name in names else next((i.name for i in known.items.values() if i.code == name), None)
    if found is None:
        _show_imported(settings, name, as_json or form == "json")
        return
    members = known.bundles[found].items if found in known.bundles else (found,)
    facts = _facts(settings, [known.items[each] for each in members], answers)
    text = _notice(settings, found, facts, "json" if as_json else form)
    if out is None:
        click.echo(text)
    else:
        write_whole(out.absolute(), f"{text}\n".encode(), 0o644)


@command.command()
@click.option("--kind", help="Findings of this kind only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def check(settings: Settings, kind: str | None, as_json: bool) -> None:
    """Say what is wrong with items, declared and imported.

    Materials that nothing satisfies or that departments name differently; demands for what sharing supplies;
    catch-all clauses; one item unlike in two places; deadlines longer than the law's; fields mapped to nothing; of
    imported ones also flags, names with several bodies, codes given twice.
    """
    import catalog
    from catalog.item_checks import KINDS, check, described, supply
    from onefile.cli.items_import import as_described, tallies
    from schemas.errors import one_of

    if kind not in (None, *KINDS):
        raise click.BadParameter(f"no kind {kind}: {one_of(KINDS, kind or '')}", param_hint="--kind")
    known = catalog.load(settings.declarations)
    items = [described(item) for item in known.declarations.items.values()]
    items += [as_described(source, item) for source, found in imported(settings).items() for item in found]
    findings = [finding for finding in check(items, supply(known)) if kind in (None, finding.kind)]
    counts = {name: sum(finding.kind == name for finding in findings) for name in KINDS}
    sources = tallies(settings)
    if as_json:
        said = {"items": len(items), "findings": counts, "found": [asdict(f) for f in findings], "imported": sources}
        click.echo(json.dumps(said, ensure_ascii=False, indent=2))
        return
    _tell_findings(settings, len(items), findings, counts)
    from onefile.cli.items_import import tell

    for source, tally in sources.items():
        click.echo(f"\n{source}")
        tell(settings, tally)


def _listed(settings: Settings, bundle: str | None) -> list[dict[str, Any]]:
    import catalog
    from onefile.cli.failure import Failure
    from schemas.errors import one_of

    known = catalog.load(settings.declarations).declarations
    if bundle is not None and bundle not in known.bundles:
        raise Failure(f"no bundle {bundle}: {one_of(known.bundles, bundle)}")
    members = known.bundles[bundle].items if bundle is not None else tuple(known.items)
    found = []
    for item in (known.items[name] for name in members):
        department = known.departments[item.department]
        found.append({
            "source": DECLARED, "id": item.name, "code": item.code, "name": item.label.text(settings.lang),
            "department": department.name, "department_id": department.id, "department_code": department.code,
            "body": department.code[8:17], "level": item.level, "kind": item.kind, "flags": [],
        })  # fmt: skip
    if bundle is None:
        for source, items in imported(settings).items():
            found += [{"source": source, "id": i.code, "department_id": "", **asdict(i)} for i in items]
    return found


def _facts(settings: Settings, items: list[Item], answers: tuple[str, ...]) -> Facts:
    from catalog.assessment import read_answer
    from catalog.errors import AnswerRefused
    from schemas.errors import one_of
    from schemas.logic import Facts

    given = {}
    for said in answers:
        name, sign, text = said.partition("=")
        asking = next((item for item in items if name in item.questions), None)
        if not sign or asking is None:
            asked = dict.fromkeys(question for item in items for question in item.questions)
            raise AnswerRefused(f"{name!r} as a question", f"QUESTION=ANSWER with {one_of(asked, name)}")
        given[name] = read_answer(asking, name, text)
    return Facts(settings.today(), given)


def _notice(settings: Settings, name: str, facts: Facts, form: str) -> str:
    import catalog
    from catalog.notice import notice
    from catalog.notice_forms import as_json, as_text
    from catalog.notice_page import page

    known = catalog.load(settings.declarations).declarations
    found = notice(known, name, facts)
    if form == "json":
        return json.dumps(as_json(found), ensure_ascii=False, indent=2)
    return page(found, known).rstrip("\n") if form == "page" else as_text(found, known, settings.lang)


def _show_imported(settings: Settings, code: str, as_json: bool) -> None:
    import catalog
    from catalog.errors import UnknownItem
    from schemas.item_import import FLAGS

    known = catalog.load(settings.declarations).declarations
    matching = [(s, item) for s, items in imported(settings).items() for item in items if item.code == code]
    if not matching:
        raise UnknownItem(code, (*known.bundles, *known.items))
    for source, item in matching:
        if as_json:
            said = {"source": source, **asdict(item), "reasons": [FLAGS[flag] for flag in item.flags]}
            click.echo(json.dumps(said, ensure_ascii=False))
            continue
        for name, value in {"source": source, **asdict(item)}.items():
            text = ", ".join(value) if isinstance(value, (tuple, list)) else value
            click.echo(f"{name}: {'-' if text in ('', None) else text}")
        for flag in item.flags:
            click.echo(f"  {flag}: {FLAGS[flag]}")


def _tell_findings(settings: Settings, total: int, findings: list[Finding], counts: dict[str, int]) -> None:
    from catalog.item_checks import KINDS
    from onefile.cli.tables import shown

    told = {"zh": f"检查 {total} 个事项，发现 {len(findings)} 个问题", "en": f"{total} items, {len(findings)} findings"}
    click.echo(told[settings.lang])
    for kind, count in counts.items():
        if count:
            click.echo(f"\n{KINDS[kind][settings.lang == 'en']}: {count}")
            for each in (finding for finding in findings if finding.kind == kind):
                click.echo(f"  {shown(each.item)}  {shown(each.what)}: {shown(each.detail)}")
