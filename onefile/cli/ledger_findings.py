"""`onefile ledger findings`, `settle`, `watch`, `reconcile`: the auditor's list."""

from __future__ import annotations

from datetime import date

import click

from onefile.cli import options
from onefile.cli.options import PURPOSE, saying
from onefile.settings import Settings


@click.command()
@click.option("--department", default="", help="Of this department only.")
@click.option("--settled", "with_settled", is_flag=True, help="Those that were settled too.")
@click.option("--shares", "of_days", type=click.IntRange(min=1), metavar="DAYS",
              help="Instead: what part of each department's looks of the last DAYS was found wanting.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def findings(settings: Settings, department: str, with_settled: bool, of_days: int | None, as_json: bool) -> None:
    """List the looks that an auditor is to look at, found by reconciliation with cases or as unusual."""
    from dataclasses import asdict

    from ledger import findings as kept
    from onefile.cli.sharing import changing, print_json

    if of_days is not None:
        _shares(settings, of_days, as_json)
        return
    with changing(settings) as connection:
        found = kept.listed(connection, department, with_settled)
    if as_json:
        print_json([asdict(each) for each in found])
        return
    for each in found:
        words = kept.KINDS[each.kind].text(settings.lang)
        seq = "" if each.seq is None else f" #{each.seq}"
        told = ", ".join(f"{name} {value}" for name, value in each.document.items() if value)
        click.echo(f"{each.number}  {each.looked_on}  {each.department or '-'}  {words}{seq}  ({told})")
    if not found:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


@click.command()
@click.argument("number", type=int)
@click.option("--reason", required=True, callback=saying, help="What became of it; kept.")
@click.pass_obj
def settle(settings: Settings, number: int, reason: str) -> None:
    """Settle finding NUMBER."""
    from ledger import findings as kept
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        kept.settle(connection, number, settings.operator, reason, settings.now())
    click.echo({"zh": "已处理", "en": "settled"}[settings.lang])


@click.command()
@click.argument("subject")
@click.option("--reason", default="", callback=saying, help="Why; without it the subject is watched no more.")
@PURPOSE
@click.pass_obj
def watch(settings: Settings, subject: str, reason: str, purpose: str) -> None:
    """List every look at SUBJECT, whom many know, from now on; - reads the number from standard input."""
    from ledger import unusual
    from ledger.entry import subject_hash
    from onefile.cli import looks
    from onefile.cli.sharing import changing

    numbers, keys = looks.subject(subject), looks.keystore(settings)
    looks.record(settings, purpose, [(n.subject_id, ()) for n in numbers], "onefile ledger watch", keys)
    secret = keys.secret("subject-hash")
    with changing(settings) as connection:
        for number in numbers:
            hashed = subject_hash(secret, number.subject_id)
            unusual.watch(connection, hashed, reason, settings.operator, settings.now())
    click.echo({"zh": "已记录", "en": "noted"}[settings.lang])


@click.command()
@click.option("--on", callback=options.day, metavar="DATE", help="The day whose looks are held (default yesterday).")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def reconcile(settings: Settings, on: date | None, as_json: bool) -> None:
    """Hold a day's looks against their cases, and look for unusual ones. The DAG `reconciliation` does it daily."""
    from onefile.cli.sharing import print_json
    from pipelines import accounts
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    done = {"wanting": accounts.reconcile(shop, on), "unusual": accounts.find_unusual(shop, on)}
    if as_json:
        print_json(done)
        return
    told = {"zh": "与办件不符 {wanting}，异常 {unusual}", "en": "{wanting} found wanting, {unusual} unusual"}
    click.echo(told[settings.lang].format(**done))


def _shares(settings: Settings, of_days: int, as_json: bool) -> None:
    from dataclasses import asdict
    from datetime import timedelta

    from ledger import index
    from ledger.reconciliation import shares
    from onefile.cli.sharing import changing, print_json

    with changing(settings) as connection:
        index.caught_up(connection, settings.home / "ledger")
        since = settings.today() - timedelta(days=of_days - 1)
        found = shares(connection, since, settings.today(), settings.timezone)
    if as_json:
        print_json([{**asdict(each), "per_mille": round(each.share * 1000)} for each in found])
        return
    for each in found:
        told = ", ".join(f"{kind} {count}" for kind, count in each.found.items())
        click.echo(f"{each.department}  {sum(each.found.values())}/{each.looks} ({each.share:.1%})  {told}")


COMMANDS = (findings, settle, watch, reconcile)
