"""`onefile event`: departments follow what changes under their grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog.subscriptions import Subscription

HEADINGS = {
    "zh": ("编号", "需求部门", "授权", "目录", "开始", "结束"),
    "en": ("no", "consumer", "grant", "resource", "since", "until"),
}
TOLD = {
    "zh": ("编号", "订阅", "内容", "变化", "时间", "送达"),
    "en": ("no", "subscription", "what", "how", "changed at", "delivered"),
}


@click.group()
def command() -> None:
    """Subscriptions to what changes under a grant, and the feed of what was told. Nobody is named in it."""


@command.command()
@click.argument("grant_id", metavar="GRANT")
@click.option("--department", required=True, help="The department that follows, by its id: the grant's own.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def subscribe(settings: Settings, grant_id: str, department: str, as_json: bool) -> None:
    """Follow from now on what changes of what GRANT gives.

    Under a grant by batch every row is followed; else who was looked at under it: enterprises as long as it holds,
    persons while their case is open. Events go where the department's notices go (`onefile notice target`).
    """
    from catalog import subscriptions
    from onefile.cli.catalog_entries import all_entries
    from onefile.cli.sharing import changing

    _, entries = all_entries(settings)
    with changing(settings) as connection:
        found = subscriptions.subscribe(
            connection, grant_id, department, entries, settings.operator, settings.now(), settings.today()
        )
    _print(settings, [found], as_json)


@command.command(name="list")
@click.option("--department", default="", help="Of this department only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_subscriptions(settings: Settings, department: str, as_json: bool) -> None:
    """List the subscriptions that hold."""
    from catalog import subscriptions
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = subscriptions.subscriptions(connection, department)
    _print(settings, found, as_json)


@command.command()
@click.argument("number", type=int)
@click.option("--department", required=True, help="The department that followed, by its id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def end(settings: Settings, number: int, department: str, as_json: bool) -> None:
    """End subscription NUMBER; what was told stays in the feed."""
    from catalog import subscriptions
    from onefile.cli.sharing import changing

    with changing(settings) as connection:
        found = subscriptions.end(connection, department, number, settings.now())
    _print(settings, [found], as_json)


@command.command()
@click.option("--department", required=True, help="Of this department.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Those above this number only.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def feed(settings: Settings, department: str, after: int, limit: int, as_json: bool) -> None:
    """Show what a department was told, in order."""
    from ledger import events
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import aligned

    with changing(settings) as connection:
        found = events.feed(connection, department, after, limit)
    if as_json:
        print_json([{**each.body(), "delivered_at": each.delivered_at} for each in found])
    elif found:
        rows = [
            (str(each.number), str(each.subscription),
             str(each.document.get("licence") or f"{each.document['resource']}.{each.document['field']}"),
             str(each.document["how"]), str(each.document["changed_at"]), each.delivered_at or "-")
            for each in found
        ]  # fmt: skip
        click.echo(aligned([TOLD[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def send(settings: Settings, as_json: bool) -> None:
    """Make events of what changed, and send what is due, now. The DAG `notices` does it every five minutes."""
    from onefile.cli.sharing import print_json
    from pipelines import accounts
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    done = {"made": accounts.make_events(shop), **accounts.send_events(shop)}
    if as_json:
        print_json(done)
        return
    told = {
        "zh": "新增事件 {made}，送达 {delivered}，未送达 {failed}",
        "en": "{made} made, {delivered} taken, {failed} not",
    }
    click.echo(told[settings.lang].format(**done))


def _print(settings: Settings, found: list[Subscription], as_json: bool) -> None:
    from dataclasses import asdict

    from onefile.cli.sharing import print_json
    from onefile.cli.tables import aligned

    if as_json:
        print_json([asdict(each) for each in found])
    elif found:
        rows = [(str(each.number), each.consumer, each.grant_id, each.entry_id, each.made_at, each.ended_at or "-")
                for each in found]  # fmt: skip
        click.echo(aligned([HEADINGS[settings.lang], *rows]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])
