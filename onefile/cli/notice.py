"""`onefile notice`: consumers are told what does not hold any more of what they got."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from ledger.outbox import Notice

HEADINGS = {
    "zh": ("编号", "需求部门", "事由", "内容", "应确认日", "送达", "确认"),
    "en": ("no", "consumer", "reason", "what", "acknowledge by", "delivered", "acknowledged"),
}


@click.group()
def command() -> None:
    """Notices of recall: a value that was disclosed was corrected, a licence that was shown lost force."""


@command.command(name="list")
@click.option("--department", help="Of this consumer only.")
@click.option("--overdue", "is_overdue", is_flag=True, help="Those that nobody acknowledged by their day only.")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Those above this number only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def list_notices(settings: Settings, department: str | None, is_overdue: bool, after: int, as_json: bool) -> None:
    """List notices with the day by which they are to be acknowledged."""
    from dataclasses import asdict

    from ledger import outbox
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import aligned

    with changing(settings) as connection:
        found = outbox.overdue(connection, settings.today()) if is_overdue else outbox.all_notices(connection, after)
    found = [notice for notice in found if department in (None, notice.consumer) and notice.number > after]
    if as_json:
        print_json([asdict(notice) for notice in found])
    elif found:
        click.echo(aligned([HEADINGS[settings.lang], *map(_row, found)]))
    else:
        click.echo({"zh": "没有", "en": "none"}[settings.lang])


@command.command()
@click.argument("department")
@click.argument("url", required=False, default="")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def target(settings: Settings, department: str, url: str, as_json: bool) -> None:
    """Have the notices of DEPARTMENT sent to URL; without URL: nowhere, they stay in the feed.

    Private addresses are refused unless ONEFILE_WEBHOOK_NETWORKS lists their network.
    """
    import catalog
    from ledger import outbox
    from ledger.addresses import judged, networks
    from onefile.cli.sharing import changing, print_json

    catalog.load(settings.declarations, with_items=False).department(department)
    if url:
        judged(url, networks(settings.webhook_networks))
    with changing(settings) as connection:
        outbox.set_target(connection, department, url, settings.operator, settings.now())
        found = outbox.targets(connection)
    if as_json:
        print_json(found)
        return
    for each, where in found.items():
        click.echo(f"{each}  {where}")


@command.command()
@click.argument("number", type=int)
@click.option("--department", required=True, help="The consumer that took it in, by its id.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def acknowledge(settings: Settings, number: int, department: str, as_json: bool) -> None:
    """Note that DEPARTMENT took notice NUMBER in and did what it must."""
    from dataclasses import asdict

    from ledger import outbox
    from onefile.cli.sharing import changing, print_json
    from onefile.cli.tables import aligned

    with changing(settings) as connection:
        found = outbox.acknowledge(connection, department, number, settings.operator, settings.now())
    if as_json:
        print_json(asdict(found))
        return
    click.echo(aligned([HEADINGS[settings.lang], _row(found)]))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def send(settings: Settings, as_json: bool) -> None:
    """Look for what is to be recalled, and send what is due, now. The DAG `notices` does it every five minutes."""
    from onefile.cli.sharing import print_json
    from pipelines import accounts
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    done = {"made": accounts.recall(shop), **accounts.send(shop)}
    if as_json:
        print_json(done)
        return
    told = {
        "zh": "新增通知 {made}，送达 {delivered}，未送达 {failed}",
        "en": "{made} made, {delivered} taken, {failed} not",
    }
    click.echo(told[settings.lang].format(**done))


def _row(notice: Notice) -> tuple[str, ...]:
    what = str(notice.document.get("attribute") or notice.document.get("licence") or "")
    return (str(notice.number), notice.consumer, notice.reason, what, notice.due_on, notice.delivered_at or "-",
            notice.acknowledged_at or "-")  # fmt: skip
