"""`onefile resource`: the first declaration of a file that nobody here has seen, and a file held against one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from pipelines.trying import ColumnTrial, Trial
    from schemas.model import Table

SAID = {
    "zh": {
        "rows": "{file}：{rows:,} 行{more}，可入库 {accepted:,}，退回 {quarantined:,}，重复 {duplicate:,}",
        "more": "（只试了前 {rows:,} 行）",
        "heading": ("表头", "数据项", "有值", "原样", "清洗后", "不合格"),
        "cleaned": "  清洗：{header}：{before!r} → {after!r}",
        "failed": "  不合格：{header}：{count:,} 个，{reason}（{words}；{fix}）：{text!r}",
        "constant": "（固定值）",
    },
    "en": {
        "rows": "{file}: {rows:,} rows{more}: {accepted:,} taken, {quarantined:,} rejected, {duplicate:,} duplicates",
        "more": " (the first {rows:,} of it)",
        "heading": ("header", "column", "there", "as written", "cleaned", "failed"),
        "cleaned": "  cleaned: {header}: {before!r} -> {after!r}",
        "failed": "  failed: {header}: {count:,}, {reason} ({words}; {fix}): {text!r}",
        "constant": "(constant)",
    },
}


@click.group()
def command() -> None:
    """Connect a department: draft a declaration from a file, try a file against one."""


@command.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--department", default="DEPARTMENT", show_default=True, help="The department's id.")
@click.option("--name", help="What table and resource are called (default: from the file's name).")
@click.pass_obj
def draft(settings: Settings, file: Path, department: str, name: str | None) -> None:
    """Look at FILE and print a first declaration: a table and a resource, with a comment on each guess.

    Types, date patterns, keys and code lists are guessed from the values, column names from headers that are declared
    elsewhere. No value is shown but as its shape. What is printed is to be read, corrected and split into two files.
    """
    import catalog
    from inbox import drafting

    declared = catalog.load(settings.declarations, with_items=False)
    click.echo(drafting.drafted(file, declared, department, name), nl=False)


@command.command("try")
@click.argument("resource")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, exists=True))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def try_(settings: Settings, resource: str, file: Path, as_json: bool) -> None:
    """Run FILE against the declaration of RESOURCE and write nothing.

    Shows for each column how many values were read as written, cleaned (and how) or failed (and why), with examples
    that show the shape of what may not be shown. Exit code 1 where rows would be rejected.
    """
    import catalog
    from inbox.errors import FileBroken
    from inbox.records import records
    from pipelines import trying

    found = catalog.load(settings.declarations, with_items=False)
    declared = found.resource(resource)
    try:
        with file.open("rb") as content:
            read, when = records(content, declared), (settings.now(), settings.today())
            trial = trying.tried(read, declared, found.declarations, when)
    except FileBroken as error:
        raise Failure(str(error.in_file(file.name))) from None
    table = found.declarations.tables[declared.table]
    click.echo(_json(trial, table) if as_json else "\n".join(_lines(trial, file, table, settings.lang)))
    if trial.verdicts.get("quarantined"):
        raise click.exceptions.Exit(1)


def _lines(trial: Trial, file: Path, table: Table, lang: str) -> Iterator[str]:
    from onefile.cli.tables import aligned

    say = SAID[lang]
    counts = {verdict: trial.verdicts.get(verdict, 0) for verdict in ("accepted", "quarantined", "duplicate")}
    more = "" if trial.is_whole else str(say["more"]).format(rows=trial.rows)
    yield str(say["rows"]).format(file=file.name, rows=trial.rows, more=more, **counts)
    rows = [
        (c.header or str(say["constant"]), c.column, f"{c.there:,}", f"{c.as_written:,}", f"{c.was_cleaned:,}",
         f"{c.failed.total():,}")
        for c in trial.columns
    ]  # fmt: skip
    yield aligned([tuple(say["heading"]), *rows])
    for column in trial.columns:
        yield from _examples(column, table, lang)


def _examples(trial: ColumnTrial, table: Table, lang: str) -> Iterator[str]:
    from catalog.masking import masked
    from schemas.reasons import REASONS

    say, grade = SAID[lang], table.column(trial.column).sensitivity
    header = trial.header or trial.column
    for before, after in trial.cleaned.items():
        yield str(say["cleaned"]).format(header=header, before=masked(before, grade), after=masked(after, grade))
    for reason, count in trial.failed.most_common():
        words, fix = REASONS[reason].words(lang), REASONS[reason].fix(lang)
        text = masked(trial.wrong[reason], grade)
        yield str(say["failed"]).format(header=header, count=count, reason=reason, words=words, fix=fix, text=text)


def _json(trial: Trial, table: Table) -> str:
    from catalog.masking import masked

    def shown(column: ColumnTrial) -> dict[str, object]:
        grade = table.column(column.column).sensitivity
        return {
            "header": column.header, "column": column.column, "there": column.there, "as_written": column.as_written,
            "cleaned": column.was_cleaned, "failed": dict(column.failed),
            "examples": [[masked(a, grade), masked(b, grade)] for a, b in column.cleaned.items()],
            "wrong": {reason: masked(text, grade) for reason, text in column.wrong.items()},
        }  # fmt: skip

    said = {"rows": trial.rows, "is_whole": trial.is_whole, **trial.verdicts}
    return json.dumps({**said, "columns": [shown(column) for column in trial.columns]}, ensure_ascii=False, indent=2)
