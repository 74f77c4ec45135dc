"""`onefile receipt`: show a receipt, prove that a row is in it, verify such a proof."""

from __future__ import annotations

import json
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from onefile.verify.receipt import Receipt, Rejection

EXAMPLES = 10  # row numbers shown for each reason


@click.group()
def command() -> None:
    """The bureau's signed answers to deliveries."""


@command.command()
@click.argument("delivery")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def show(settings: Settings, delivery: str, as_json: bool) -> None:
    """Show the receipt of DELIVERY: counts, and the rejected rows by reason with what to do."""
    from licence_vault import receipts

    receipt = _open(settings, delivery)
    groups = _groups(receipt)
    if as_json:
        content = json.loads(receipts.payload(receipt))
        content["reasons"] = [_group_as_json(settings, group) for group in groups]
        click.echo(json.dumps(content, ensure_ascii=False))
        return
    for line in (
        *_head(settings, receipt),
        *_held(settings, receipt),
        *(line for group in groups for line in _group(settings, group)),
    ):
        click.echo(line)


@command.command()
@click.argument("delivery")
@click.option("--row", type=click.IntRange(min=1), required=True, help="Number of the row, from 1 over all files.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write the proof to, instead of standard output.")
@click.pass_obj
def prove(settings: Settings, delivery: str, row: int, out: Path | None) -> None:
    """Write the proof that row N of DELIVERY is in its receipt, from the files kept."""
    from licence_vault import receipts

    receipt = _open(settings, delivery)
    if receipt.refusal is not None:
        raise Failure(
            _say(settings, "该批次被拒收，没有可证明的行", "the delivery was refused: it has no rows to prove")
        )
    proof = receipts.proof_bytes(receipts.prove(receipt, _leaves(settings, receipt), row))
    if out is None:
        click.echo(proof)
        return
    try:
        out.write_bytes(proof + b"\n")
    except OSError as error:
        raise Failure(f"{out.name} cannot be written ({type(error).__name__}): choose another --out") from error


@command.command()
@click.argument("receipt")
@click.option("--row", type=click.Path(path_type=Path), help="File with the record's own bytes.")
@click.option("--proof", type=click.Path(path_type=Path), help="File that `prove` wrote.")
@click.option("--trust", type=click.Path(path_type=Path), help="The bureau's public keys (default: the home's).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def verify(
    settings: Settings, receipt: str, row: Path | None, proof: Path | None, trust: Path | None, as_json: bool
) -> None:
    """Verify RECEIPT (a file, or a delivery's id) and, with --row and --proof, that the row is in it. Offline."""
    from onefile.verify import verdict
    from onefile.verify.errors import VerificationError
    from onefile.verify.reading import read_file

    if (row is None) != (proof is None):
        raise click.UsageError("--row and --proof go together")
    try:
        found = verdict.judge(
            read_file(_file(settings, receipt)),
            read_file(trust or _trust(settings)),
            None if row is None else read_file(row),
            None if proof is None else read_file(proof),
        )
    except VerificationError as error:
        if as_json:
            click.echo(json.dumps(verdict.error_as_json(error, settings.lang), ensure_ascii=False))
        raise Failure(verdict.told_error(error, settings.lang), error.exit_code) from error
    click.echo(
        json.dumps(verdict.as_json(found), ensure_ascii=False) if as_json else verdict.told(found, settings.lang)
    )


def _open(settings: Settings, delivery: str) -> Receipt:
    """Return the receipt of a delivery, verified with the home's trust file."""
    from onefile.verify.errors import VerificationError
    from onefile.verify.reading import read_file
    from onefile.verify.verdict import judge, told_error

    try:
        return judge(read_file(_kept(settings, delivery)), read_file(_trust(settings))).receipt
    except VerificationError as error:
        raise Failure(told_error(error, settings.lang), error.exit_code) from error


def _file(settings: Settings, receipt: str) -> Path:
    """Return the receipt's file: the text is its path, or else a delivery's id."""
    path = Path(receipt)
    return path if path.exists() or "/" in receipt else _kept(settings, receipt)


def _kept(settings: Settings, delivery: str) -> Path:
    from licence_vault import receipts

    path = receipts.path(settings.home, delivery)
    if "/" in delivery or not path.exists():
        raise Failure(
            _say(
                settings,
                "没有该批次的回执：请核对批次编号，或先运行 onefile run 接收",
                "there is no receipt of a delivery of that id: look at its spelling, or run `onefile run` first",
            )
        )
    return path


def _trust(settings: Settings) -> Path:
    return settings.home / "keys" / "trust.json"


def _leaves(settings: Settings, receipt: Receipt) -> list[bytes]:
    """Return the leaf hashes of all rows of a delivery, from the files kept; tell of progress after two seconds."""
    import catalog
    from inbox.deliveries import open_delivery
    from inbox.erased import Seal
    from onefile.cli import looks

    delivery = open_delivery(settings.home, receipt.delivery)
    resource = catalog.load(settings.declarations, with_items=False).resource(receipt.resource or "")
    began, leaves = time.monotonic(), list[bytes]()
    for batch in delivery.rows(resource):
        leaves += delivery.leaves(batch, lambda: Seal(looks.keystore(settings).secret("erased-rows")))
        if time.monotonic() - began > 2:
            began = time.monotonic()
            done = f"{len(leaves)} / {receipt.received}"
            click.echo(_say(settings, f"已读 {done} 行…", f"{done} rows read …"), err=True)
    return leaves


def _groups(receipt: Receipt) -> list[list[Rejection]]:
    """Return the rejections grouped by reason and column, the largest group first."""
    groups: dict[tuple[str, str], list[Rejection]] = defaultdict(list)
    for rejection in receipt.rejected:
        groups[rejection.reason, rejection.column or ""].append(rejection)
    return sorted(groups.values(), key=lambda group: (-len(group), group[0].reason, group[0].column or ""))


def _head(settings: Settings, receipt: Receipt) -> list[str]:
    from onefile.verify.verdict import counts

    at = receipt.received_at.astimezone(settings.timezone).isoformat(sep=" ", timespec="seconds")
    what = receipt.resource or receipt.department
    period = receipt.period or "-"
    lines = [
        _say(settings, f"批次 {receipt.delivery} 的回执", f"receipt of delivery {receipt.delivery}"),
        _say(settings, f"  资源 {what}，数据期 {period}，收到于 {at}", f"  {what}, period {period}, received at {at}"),
    ]
    refusal = receipt.refusal
    if refusal is not None:
        lines += [
            _say(settings, f"  整体拒收：{refusal.reason}", f"  refused as a whole: {refusal.reason}"),
            _say(settings, f"  发现：{refusal.found}", f"  found: {refusal.found}"),
            _say(settings, f"  应为：{refusal.wanted}", f"  wanted: {refusal.wanted}"),
            _say(settings, f"  请：{refusal.do}", f"  do: {refusal.do}"),
        ]
        return lines
    return [*lines, f"  {counts(receipt, settings.lang)}"]


def _held(settings: Settings, receipt: Receipt) -> list[str]:
    """Return what to say of a delivery whose accepted rows do not count, for an expectation held it back."""
    if not receipt.held_by:
        return []
    rules_zh, rules_en = "、".join(receipt.held_by), ", ".join(receipt.held_by)
    return [
        _say(
            settings,
            f"  已扣留：接受的行暂不生效，因为不符合 {rules_zh}；见 onefile quality",
            f"  HELD BACK: no accepted row counts, it does not meet {rules_en}: see `onefile quality`",
        )
    ]


def _group(settings: Settings, group: list[Rejection]) -> list[str]:
    words, fix = _words(settings, group[0].reason)
    column = group[0].column or _say(settings, "整行", "the row")
    rows = ", ".join(str(rejection.row) for rejection in group[:EXAMPLES])
    more = " …" if len(group) > EXAMPLES else ""
    return [
        f"  {len(group)} × {column}: {words} ({group[0].reason})",
        _say(settings, f"      行 {rows}{more}", f"      rows {rows}{more}"),
        *([_say(settings, f"      请：{fix}", f"      do: {fix}")] if fix else []),
    ]


def _group_as_json(settings: Settings, group: list[Rejection]) -> dict[str, object]:
    words, fix = _words(settings, group[0].reason)
    return {
        "column": group[0].column,
        "reason": group[0].reason,
        "words": words,
        "fix": fix,
        "rows": len(group),
        "examples": [rejection.row for rejection in group[:EXAMPLES]],
    }


def _words(settings: Settings, code: str) -> tuple[str, str]:
    """Return a reason in words and its fix; a code of another release stands for itself."""
    from schemas.reasons import REASONS

    reason = REASONS.get(code)
    return (code, "") if reason is None else (reason.words(settings.lang), reason.fix(settings.lang))


def _say(settings: Settings, zh: str, en: str) -> str:
    return zh if settings.lang == "zh" else en
