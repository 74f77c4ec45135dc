"""`onefile trace`: a value of the one file, back to the bytes of the record that brought it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import looks
from onefile.cli.failure import Failure
from onefile.cli.options import PURPOSE
from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.model import Catalogue
    from pipelines.tracing import Step
    from schemas.model import Attribute
    from schemas.serving.reading import PublishedFile
    from schemas.subjects import SubjectNumber

MARKS = {"objection": ("异议中", "objected to"), "verification": ("校核中", "being verified")}
BASIS = "onefile trace"


@click.command()
@click.argument("subject")
@click.argument("attribute")
@PURPOSE
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(settings: Settings, subject: str, attribute: str, purpose: str, as_json: bool) -> None:
    """Where the value of ATTRIBUTE in the one file of SUBJECT comes from, and what contradicts it.

    From the file through survivorship, silver, the cleaners and bronze to the delivery, its
    receipt and the very bytes of the record in the kept file. SUBJECT may be - (read from
    standard input). The look goes into the ledger first.
    """
    import catalog

    catalogue = catalog.load(settings.declarations, with_items=False)
    numbers = looks.subject(subject)
    found = looks.find(settings, numbers)
    declared = {file.kind: _attribute(settings, catalogue, file.kind, attribute) for file in found}
    traced = [(file, list(_steps(settings, catalogue, file, declared[file.kind]))) for file in found]
    told = [(file.subject_id, _disclosed(attribute, steps)) for file, steps in traced]
    looks.record(settings, purpose, told or [(n.subject_id, ()) for n in numbers], BASIS)
    if not found:
        raise Failure(_say(settings, "查无此主体", "no such subject"))
    marked = looks.marks(settings, [file.subject_id for file in found])
    for file, steps in traced:
        numbers_of = _numbers(settings, catalogue, file, numbers)
        marks = marked.get((file.subject_id, attribute), [])
        if as_json:
            told_as_json = {**_as_json(file, attribute, steps), "disputed": marks, **numbers_of}
            click.echo(json.dumps(told_as_json, ensure_ascii=False))
            continue
        for line in _lines(settings, declared[file.kind], steps):
            click.echo(line)
        for line in _bridge_lines(settings, file, numbers_of):
            click.echo(line)
        for mark in marks:
            word = _say(settings, *MARKS[mark["what"]])
            click.echo(f"⚠ {word} ({mark['id']})")


def _numbers(
    settings: Settings, catalogue: Catalogue, file: PublishedFile, asked: tuple[SubjectNumber, ...]
) -> dict[str, Any]:
    """Return the numbers of the subject, and by which bridge it was found."""
    from onefile.cli import file_bridges
    from onefile.cli.file_view import view

    return file_bridges.bridged(settings, view(file, catalogue, settings.today()), asked)


def _bridge_lines(settings: Settings, file: PublishedFile, numbers: dict[str, Any]) -> Iterator[str]:
    from onefile.cli.file_text import FileText

    text, shown = FileText(settings.lang, settings.timezone), numbers | {"number": file.number}
    yield from text.found_by(shown)
    for line in text.bridges(shown):
        yield f"    {_say(settings, '旧号码', 'bridge'):<9} {line}"


def _disclosed(attribute: str, steps: list[tuple[dict[str, Any], Step]]) -> tuple[str, ...]:
    """Return what is to be shown: the attribute, and the whole records that state it."""
    return (attribute, *dict.fromkeys(f"record.{step.delivery.manifest.resource}" for _, step in steps))


def _attribute(settings: Settings, catalogue: Catalogue, kind: str, name: str) -> Attribute:
    attributes = {a.name: a for a in catalogue.declarations.files[kind].attributes}
    if name not in attributes:
        known = ", ".join(attributes)
        raise Failure(
            _say(
                settings,
                f"档案没有这个属性；可查：{known}",
                f"the one file of {kind} has no such attribute; there are: {known}",
            ),
            2,
        )
    return attributes[name]


def _steps(
    settings: Settings, catalogue: Catalogue, file: PublishedFile, attribute: Attribute
) -> Iterator[tuple[dict[str, Any], Step]]:
    """Yield the winner and what contradicts it, each with the way it came."""
    from pipelines import places
    from pipelines.tracing import trace

    lake = places.of(settings)
    document = json.loads(file.document)
    winner = document.get(attribute.name) or {}
    stated = [winner] if winner.get("delivery") else []
    stated += [c for c in document.get("contradictions") or [] if c["attribute"] == attribute.name]
    for value in stated:
        yield value, trace(settings.home, lake, catalogue, attribute, value)


def _as_json(file: PublishedFile, attribute: str, steps: list[tuple[dict[str, Any], Step]]) -> dict[str, Any]:
    return {
        "subject_id": file.subject_id,
        "attribute": attribute,
        "lake_version": file.lake_version,
        "values": [_step_as_json(number == 0, stated, step) for number, (stated, step) in enumerate(steps)],
    }


def _step_as_json(is_winner: bool, stated: dict[str, Any], step: Step) -> dict[str, Any]:
    delivery = step.delivery
    return {
        "is_winner": is_winner,
        "value": stated.get("value"),
        "rank": stated.get("rank"),
        "reason": stated.get("reason"),
        "silver": {
            "table": step.table,
            "column": step.column,
            "value": step.value,
            "valid_from": step.valid_from.isoformat(),
            "recorded_at": step.recorded_at.isoformat(),
            "row_hash": step.row_hash,
        },
        "cleaners": list(step.cleaners),
        "bronze": {"header": step.header, "received": step.received},
        "delivery": {
            "id": delivery.id,
            "department": delivery.department,
            "resource": delivery.manifest.resource,
            "period": delivery.manifest.period,
            "received_at": delivery.received_at.isoformat(),
            "signed_by": delivery.signed_by,
            "receipt": f"receipts/{delivery.id}.json",
        },
        "record": {
            "row": step.row,
            "file": step.file,
            "file_row": step.file_row,
            "bytes_hex": step.record.hex(),
            "is_as_received": step.is_as_received,
        },
    }


def _lines(settings: Settings, attribute: Attribute, steps: list[tuple[dict[str, Any], Step]]) -> Iterator[str]:
    from onefile.cli.tables import shown

    yield click.style(shown(_say(settings, attribute.label, attribute.name)), bold=True)
    if not steps:
        yield _say(settings, "  暂无数据", "  nothing known")
    for number, (stated, step) in enumerate(steps):
        why = f"{stated.get('reason')}, {_say(settings, '顺位', 'rank')} {stated.get('rank')}"
        yield f"{'=' if number == 0 else '≠'} {shown(str(stated.get('value')))}  ({why})"
        for label, text in _chain(settings, step):
            yield f"    {label:<9} {shown(text)}"


def _chain(settings: Settings, step: Step) -> Iterator[tuple[str, str]]:
    """Yield the stations of a value's way, from silver to the bytes."""
    delivery, zone = step.delivery, settings.timezone
    learnt = step.recorded_at.astimezone(zone).isoformat(" ", "seconds")
    yield "silver", f"{step.table}.{step.column} = {step.value} · since {step.valid_from} · learnt {learnt}"
    yield "cleaners", ", ".join(step.cleaners) or "-"
    yield "bronze", f"{step.header} = {step.received!r}" if step.header else "declared as a constant"
    yield "delivery", f"{delivery.id} · {delivery.manifest.resource} · {delivery.manifest.period}"
    yield "signed", delivery.signed_by or "-"
    yield "receipt", f"receipts/{delivery.id}.json"
    yield "file", f"deliveries/{delivery.department}/{delivery.id}/{step.file}, record {step.file_row}"
    yield "record", step.record.decode(step.encoding, errors="replace")
    intact = "the same that the receipt's root covers" if step.is_as_received else "ALTERED since it was received"
    yield "hash", f"{step.row_hash} · {intact}"


def _say(settings: Settings, zh: str, en: str) -> str:
    return zh if settings.lang == "zh" else en
