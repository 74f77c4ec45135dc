"""`onefile ids`: are identifiers good, and if not, why. A person's number is never printed."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from onefile.cli import ids_bridges
from onefile.settings import Settings

if TYPE_CHECKING:
    from schemas.identifiers.judging import Finding, Tally

KINDS = {
    "citizen_number": ("公民身份号码", "citizen number"),
    "person_number": ("个人号码", "person number"),
    "credit_code": ("统一社会信用代码", "credit code"),
    "licence_id": ("电子证照标识", "licence identifier"),
    "area_code": ("行政区划代码", "area code"),
}
_KIND = click.option("--kind", type=click.Choice(list(KINDS)), help="What they are; without it the shape decides.")
_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group()
def command() -> None:
    """Check identifiers of persons, enterprises, licences and areas."""


command.add_command(ids_bridges.command)


@command.command()
@click.argument("numbers", metavar="NUMBER…", nargs=-1, required=True)
@_KIND
@_JSON
@click.pass_obj
def check(settings: Settings, numbers: tuple[str, ...], kind: str | None, as_json: bool) -> None:
    """Check each NUMBER; `-` reads them from standard input, one a line, so that they stay out of the shell's history.

    Exit code 1 when any is bad. A retired or unknown area is a warning.
    """
    from schemas.identifiers.judging import judge

    given = [text for number in numbers for text in (_lines(sys.stdin.buffer) if number == "-" else [number])]
    found = [judge(text, kind, settings.today()) for text in given]
    if as_json:
        click.echo(json.dumps([_plain(n, f, settings) for n, f in enumerate(found, 1)], ensure_ascii=False, indent=2))
    else:
        for place, finding in enumerate(found, 1):
            click.echo(_told(place, finding, settings))
    if any(finding.reason for finding in found):
        raise click.exceptions.Exit(1)


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path, allow_dash=True))
@_KIND
@click.option(
    "--limit", type=click.IntRange(min=0), default=100, show_default=True, help="Bad lines told of; JSON has all."
)
@_JSON
@click.pass_obj
def lint(settings: Settings, file: Path, kind: str | None, limit: int, as_json: bool) -> None:
    """Check a FILE with one identifier a line: counts by reason, and which lines are bad.

    Lines are told by number. For licence identifiers with a known generator fault, the one
    that was meant is proposed. Exit code 1 when any line is bad.
    """
    from schemas.identifiers.judging import Tally
    from schemas.identifiers.judging import lint as judged

    tally = Tally()
    bad: list[tuple[int, Finding]] = []
    with click.open_file(str(file), "rb") as source:
        for line, finding in judged(_reported(_lines(source), settings), tally, kind, settings.today()):
            if as_json or len(bad) < limit:
                bad.append((line, finding))
    if as_json:
        click.echo(json.dumps(_summary(tally, bad, settings), ensure_ascii=False, indent=2))
    else:
        _tell(tally, bad, settings)
    if tally.bad:
        raise click.exceptions.Exit(1)


def _lines(source: Any) -> Iterator[str]:
    """Yield the lines of a file in bytes without their ends; what is not UTF-8 stays bad, and does not stop us."""
    for number, line in enumerate(source):
        text = line.rstrip(b"\r\n").decode("utf-8", "replace")
        yield text.removeprefix("\ufeff") if number == 0 else text


def _reported(lines: Iterator[str], settings: Settings) -> Iterator[str]:
    """Pass lines on and tell on standard error how many there were, once that takes over two seconds."""
    began, told = time.monotonic(), 2.0
    for number, line in enumerate(lines, 1):
        if number % 50_000 == 0 and time.monotonic() - began > told:
            told = time.monotonic() - began + 2
            click.echo(_say(settings, f"已检查 {number} 行…", f"{number} lines checked …"), err=True)
        yield line


def _tell(tally: Tally, bad: list[tuple[int, Finding]], settings: Settings) -> None:
    from onefile.cli.tables import aligned
    from schemas.reasons import REASONS

    heading = _say(settings, "种类 数量 不合格", "kind count bad").split()
    wrong = {kind: sum(n for (k, _), n in tally.reasons.items() if k == kind) for kind in tally.kinds}
    counts = [[_name(kind, settings), str(n), str(wrong[kind])] for kind, n in tally.kinds.most_common()]
    click.echo(aligned([heading, *counts]))
    for title, group in (
        (_say(settings, "原因", "reason"), tally.reasons),
        (_say(settings, "提示", "warning"), tally.warnings),
    ):
        if group:
            rows = [
                [_name(k, settings), f"{r}: {REASONS[r].words(settings.lang)}", str(n)]
                for (k, r), n in group.most_common()
            ]
            click.echo("\n" + aligned([[heading[0], title, heading[1]], *rows]))
    if bad:
        click.echo()
    for line, finding in bad:
        click.echo(_told(line, finding, settings))
    if tally.bad > len(bad):
        more = tally.bad - len(bad)
        click.echo(_say(settings, f"…另有 {more} 行，用 --json 看全部", f"… and {more} more lines; --json has all"))


def _told(place: int, finding: Finding, settings: Settings) -> str:
    """Say in one line what was found, without the text itself."""
    from schemas.identifiers.licences import FAULTS
    from schemas.reasons import REASONS

    name = _name(finding.kind, settings)
    code = finding.reason or finding.warning
    parts = [] if code is None else [f"{code}: {REASONS[code].words(settings.lang)}"]
    parts += [f"{fault}: {FAULTS[fault][1 if settings.lang == 'zh' else 2]}" for fault in finding.faults]
    if finding.repaired:
        parts.append(_say(settings, f"建议 {finding.repaired}", f"proposal: {finding.repaired}"))
    verdict = _say(settings, "不合格", "bad") if finding.reason else _say(settings, "合格", "good")
    return "; ".join([f"{place}: {name} {verdict}", *parts])


def _plain(place: int, finding: Finding, settings: Settings) -> dict[str, object]:
    from schemas.reasons import REASONS

    told: dict[str, object] = {"line": place, "kind": finding.kind, "good": finding.reason is None}
    told |= {"reason": finding.reason, "warning": finding.warning}
    if finding.reason is not None:
        reason = REASONS[finding.reason]
        told |= {"words": reason.words(settings.lang), "fix": reason.fix(settings.lang)}
    if finding.faults or finding.repaired:
        told |= {"faults": list(finding.faults), "repaired": finding.repaired}
    return told


def _summary(tally: Tally, bad: list[tuple[int, Finding]], settings: Settings) -> dict[str, object]:
    return {
        "checked": sum(tally.kinds.values()),
        "bad": tally.bad,
        "kinds": dict(tally.kinds),
        "reasons": [{"kind": k, "reason": r, "count": n} for (k, r), n in tally.reasons.most_common()],
        "warnings": [{"kind": k, "warning": w, "count": n} for (k, w), n in tally.warnings.most_common()],
        "lines": [_plain(line, finding, settings) for line, finding in bad],
    }


def _name(kind: str, settings: Settings) -> str:
    return KINDS[kind][0 if settings.lang == "zh" else 1]


def _say(settings: Settings, zh: str, en: str) -> str:
    return zh if settings.lang == "zh" else en
