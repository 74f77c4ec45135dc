"""`onefile deliver`: make a delivery of files and put it into the inbox."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from inbox.making import Made
    from inbox.refusals import Refusal
    from schemas.model import Resource

QUIET_SECONDS = 2.0

SAID = {
    "new": {"zh": "已放入收件箱：{id}", "en": "in the inbox: {id}"},
    "waiting": {"zh": "已在收件箱中等待，没有变化：{id}", "en": "waits in the inbox already, nothing changed: {id}"},
    "taken": {"zh": "以前已接收，没有变化：{id}", "en": "was received before, nothing changed: {id}"},
}
LIST = {"zh": "  {name}：{rows} 行", "en": "  {name}: {rows} rows"}
NEXT = {
    "new": {"zh": "下一步：onefile run {resource}", "en": "next: onefile run {resource}"},
    "waiting": {"zh": "下一步：onefile run {resource}", "en": "next: onefile run {resource}"},
    "taken": {"zh": "下一步：onefile receipt show {id}", "en": "next: onefile receipt show {id}"},
}
READ = {"zh": "{name}：已读 {rows:,} 行", "en": "{name}: {rows:,} rows read"}


@click.command()
@click.argument("resource")
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=click.Path(path_type=Path))
@click.option("--id", "delivery_id", metavar="ID", help="Id of the delivery (default: made from what it holds).")
@click.option("--period", metavar="P", help="2026-03-01, 2026-03, 2026 or 2026-03-01/2026-03-31 (default: today).")
@click.option("--key", type=click.Path(path_type=Path), help="The department's private key (PEM) to sign with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def command(
    settings: Settings,
    resource: str,
    files: tuple[Path, ...],
    delivery_id: str | None,
    period: str | None,
    key: Path | None,
    as_json: bool,
) -> None:
    """Make a delivery of FILE… for RESOURCE (<department>.<resource>) and put it into the inbox.

    The rows are counted and the files hashed as they will be at the door; what would be refused
    there is refused here, with the same reason. The same command twice is the same delivery.
    """
    import catalog
    from inbox import making
    from inbox.errors import Refused

    declared = catalog.load(settings.declarations, with_items=False).resource(resource)
    period = period or settings.today().isoformat()
    try:
        _check(settings, declared, period, key)
        made = making.make(
            settings.home, declared, files, period=period, id=delivery_id, key=key, on_rows=_progress(settings.lang)
        )
    except Refused as error:
        if as_json:
            click.echo(json.dumps({"state": "refused", "refusal": told(error.refusal, settings.lang)}))
        raise Failure(in_words(error.refusal, settings.lang)) from error
    click.echo(json.dumps(_as_json(made), ensure_ascii=False) if as_json else _as_text(made, settings.lang))


def told(refusal: Refusal, lang: str) -> dict[str, str]:
    """Return a refusal as its reason and its words."""
    words = refusal.words(lang)
    return {"reason": refusal.reason, "found": words.found, "wanted": words.wanted, "do": words.do}


def in_words(refusal: Refusal, lang: str) -> str:
    """Return a refusal as lines for a person."""
    words = refusal.words(lang)
    labels = {"zh": ("拒收", "应为", "请"), "en": ("refused", "wanted", "do")}[lang]
    return "\n  ".join(
        f"{label}: {text}"
        for label, text in zip(labels, (f"{words.found} ({refusal.reason})", words.wanted, words.do), strict=True)
    )


def _check(settings: Settings, resource: Resource, period: str, key: Path | None) -> None:
    """Refuse early what the door would refuse whatever is in the files."""
    from inbox import checks, departments
    from inbox.manifest import read_period

    checks.check_period(read_period(period)[1], settings.now(), settings.timezone)
    if key is not None:
        signer = departments.read_private_key(read_bytes(key))
        departments.check_signer(settings.home, resource.department, signer, settings.now())


def read_bytes(path: Path) -> bytes:
    """Read a file that the user named; fail in a sentence."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise Failure(f"{path.name} cannot be read ({error.strerror}): look at its path", 2) from error


def _progress(lang: str) -> Callable[[str, int], None]:
    """Return what tells on standard error how far the reading is, every two seconds."""
    told_at = time.monotonic()

    def tell(name: str, rows: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > QUIET_SECONDS:
            told_at = time.monotonic()
            click.echo(READ[lang].format(name=name, rows=rows), err=True)

    return tell


def _as_json(made: Made) -> dict[str, object]:
    manifest = made.manifest
    return {
        "id": manifest.id,
        "resource": manifest.resource,
        "period": manifest.period,
        "state": made.state,
        "rows": manifest.rows,
        "files": [{"name": file.name, "rows": file.rows, "sha256": file.sha256} for file in manifest.files],
    }


def _as_text(made: Made, lang: str) -> str:
    manifest = made.manifest
    return "\n".join(
        [
            SAID[made.state][lang].format(id=manifest.id),
            *(LIST[lang].format(name=file.name, rows=file.rows) for file in manifest.files),
            NEXT[made.state][lang].format(id=manifest.id, resource=manifest.resource),
        ]
    )
