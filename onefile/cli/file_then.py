"""`onefile file` for another time: the file as it was, or how an attribute changed. Read from the lake, with Spark."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import looks
from onefile.cli.failure import Failure
from onefile.settings import Settings
from schemas.serving.reading import PublishedFile
from schemas.subjects import SubjectNumber

if TYPE_CHECKING:
    from pipelines.history import Change, Gone


@dataclass(frozen=True)
class Then:
    """What is asked for: the day in the world, and the instant up to which things had been learnt; None: now."""

    on: date | None
    known_at: datetime | None


def files(settings: Settings, numbers: Sequence[SubjectNumber], then: Then) -> list[PublishedFile]:
    """Return the files as they were, as the serving database would hold them."""
    from pipelines import history
    from pipelines.workshop import Workshop

    click.echo({"zh": "正在从数据湖还原…", "en": "reading the lake …"}[settings.lang], err=True)
    shop = Workshop(settings)
    found = [history.file_then(shop.lake, shop.declarations, n, then.on, then.known_at) for n in numbers]
    at = (then.known_at or shop.at).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return [
        PublishedFile(
            f.subject.subject_id, f.subject.kind, f.subject.number_type, f.subject.number, f.document, f.release, at
        )
        for f in found
        if f is not None
    ]


def history(settings: Settings, purpose: str, numbers: Sequence[SubjectNumber], attribute: str, as_json: bool) -> None:
    """Print how an attribute changed, in the order learnt, with the delivery that brought each change.

    Records of the subject that were erased by law are told after it, whichever attribute they stated.
    """
    from ledger.entry import subject_hash
    from pipelines import history as past
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    numbers = [n for n in numbers if _has(shop.declarations.files[n.kind], attribute)]
    if not numbers:
        raise Failure(
            {"zh": "档案没有这个属性", "en": "one files have no such attribute: see docs/reference/files.md"}[
                settings.lang
            ],
            2,
        )
    click.echo({"zh": "正在从数据湖还原…", "en": "reading the lake …"}[settings.lang], err=True)
    told = {n: list(past.changes(shop.lake, shop.declarations, n, attribute)) for n in numbers}
    looks.record(settings, purpose, [(n.subject_id, (f"{attribute}.history",)) for n in numbers], "onefile file")
    secret = shop.keys.secret("subject-hash")
    gone = [each for n in numbers for each in past.gone(shop.place, subject_hash(secret, n.subject_id))]
    if not any(told.values()) and not gone:
        raise Failure({"zh": "从未有过记载", "en": "nothing was ever stated of it"}[settings.lang])
    rows = [_row(n, change) for n, changes in told.items() for change in changes]
    erased = [{"erased_at": each.erased_at.isoformat()} | _told_gone(each) for each in gone]
    if as_json:
        click.echo(json.dumps([*rows, *erased], ensure_ascii=False))
        return
    if rows:
        _print(settings, rows)
    for each in gone:
        click.echo(_gone(settings, each))


def _told_gone(gone: Gone) -> dict[str, Any]:
    return {"resource": gone.resource, "rows": gone.rows, "cause": gone.cause, "basis": gone.basis}


def _gone(settings: Settings, gone: Gone) -> str:
    day = gone.erased_at.astimezone(settings.timezone).date()
    words = {
        "zh": f"{day}：{gone.resource} 的 {gone.rows} 行记录已依法删除（{gone.basis}）",
        "en": f"{day}: {gone.rows} rows of {gone.resource} were erased by law ({gone.basis})",
    }
    return words[settings.lang]


def _has(file: Any, attribute: str) -> bool:
    return any(a.name == attribute for a in file.attributes)


def _row(subject: SubjectNumber, change: Change) -> dict[str, Any]:
    parts = ("value", "observed_on", "resource", "delivery", "row_no", "rank", "reason")
    shown = {name: change.stated.get(name) for name in parts}
    told = {
        name: value if value is None or isinstance(value, int | bool) else str(value) for name, value in shown.items()
    }
    brought = [{"delivery": delivery, "row_no": row_no} for delivery, row_no in change.brought_by]
    return (
        {"subject_id": subject.subject_id, "learnt_at": change.learnt_at.isoformat()} | told | {"brought_by": brought}
    )


def _print(settings: Settings, rows: list[dict[str, Any]]) -> None:
    from onefile.cli.tables import aligned

    heading = {
        "zh": ("获知于", "值", "自何日起", "资源", "批次", "行", "理由", "由何带来"),
        "en": ("learnt at", "value", "true since", "resource", "delivery", "row", "why", "brought by"),
    }[settings.lang]
    lines: list[tuple[str, ...]] = [heading]
    for row in rows:
        at = datetime.fromisoformat(row["learnt_at"]).astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M:%S")
        rest = ("value", "observed_on", "resource", "delivery", "row_no", "reason")
        brought = ", ".join(f"{each['delivery']} #{each['row_no']}" for each in row["brought_by"])
        lines.append((at, *("—" if row[name] is None else str(row[name]) for name in rest), brought))
    click.echo(aligned(lines))
