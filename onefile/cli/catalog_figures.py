"""What the last runs say of resources, gathered where they leave it: receipts, outcomes of expectations, noted use."""

from __future__ import annotations

import base64
import json
from collections import defaultdict
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from onefile.settings import Settings

if TYPE_CHECKING:
    from catalog import Catalogue
    from catalog.entries import Entry
    from catalog.figures import Checked, Delivered, Figures, Used
    from onefile.verify.receipt import Receipt

WORDS = {
    "zh": ("批次", "最近批次", "问题数据比例", "距今天数", "是否逾期", "期望", "未符合", "有效授权",
           "近90天调用", "调用部门"),
    "en": ("deliveries", "newest delivery", "quarantined", "age in days", "late", "expectations", "not met",
           "grants in force", "looks in 90 days", "by departments"),
}  # fmt: skip


class Gathered:
    """The figures of every entry, gathered once."""

    def __init__(self, settings: Settings) -> None:
        self._on = settings.today()
        self._delivered = _delivered(settings)
        self._checked = _checked(settings)
        self._used = _used(settings)

    def of(self, entry: Entry) -> Figures:
        """Return the figures of one entry."""
        from catalog.figures import Used, figures

        return figures(
            entry.update_cycle, self._delivered.get(entry.id, ()), self._checked.get(entry.id, ()),
            self._used.get(entry.id, Used(0, 0, 0)), self._on,
        )  # fmt: skip


def _delivered(settings: Settings) -> dict[str, list[Delivered]]:
    found: dict[str, list[Delivered]] = defaultdict(list)
    folder = settings.home / "receipts"
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        receipt = _receipt(path.read_bytes())
        if receipt is not None and receipt.resource is not None and receipt.refusal is None:
            found[receipt.resource].append(_one(receipt, settings))
    return found


def _receipt(envelope: bytes) -> Receipt | None:
    """Return the receipt in an envelope of our own; None for what is none. `onefile receipt` holds its signature."""
    from onefile.verify.errors import VerificationError
    from onefile.verify.receipt import read_receipt

    try:
        return read_receipt(base64.b64decode(json.loads(envelope)["payload"]))
    except (ValueError, KeyError, TypeError, VerificationError):
        return None


def _one(receipt: Receipt, settings: Settings) -> Delivered:
    from catalog.figures import Delivered
    from inbox.manifest import read_period

    day = receipt.received_at.astimezone(settings.timezone).date()
    if receipt.period is not None:
        day = read_period(receipt.period)[1]
    return Delivered(
        str(receipt.resource), receipt.delivery, day, receipt.received, receipt.accepted, receipt.quarantined,
        receipt.duplicates,
    )  # fmt: skip


def _checked(settings: Settings) -> dict[str, list[Checked]]:
    from pipelines import names, places

    lake = places.of(settings)
    if not lake.holds(names.QUALITY):
        return {}
    from catalog.figures import Checked
    from onefile.cli.quality import newest
    from pipelines import peek

    table = peek.rows(lake, names.QUALITY, COLUMNS)
    found: dict[str, list[Checked]] = defaultdict(list)
    for row in newest([] if table is None else table.to_pylist(), None):
        if row["layer"] in ("silver", "delivery"):
            found[str(row["subject"])].append(Checked(str(row["subject"]), bool(row["is_met"])))
    return found


COLUMNS = ("run_at", "layer", "subject", "delivery", "expectation", "column", "is_met")


def _used(settings: Settings) -> dict[str, Used]:
    from catalog.figures import USED_DAYS, usage
    from schemas.serving.connection import looking
    from schemas.serving.errors import NothingPublished
    from schemas.serving.reading import reading

    try:
        with reading(settings.database_url):
            pass  # it is there, and of this release's shape
    except NothingPublished:
        return {}
    with looking(settings.database_url) as connection:
        return usage(connection, settings.today() - timedelta(days=USED_DAYS))


def told(found: Figures, lang: str) -> str:
    """Return figures as lines."""
    newest = "-"
    if (last := found.newest) is not None:
        newest = f"{last.delivery} ({last.last_day}, {last.accepted}/{last.received})"
    share = "-" if found.quarantined_share is None else f"{found.quarantined_share:.1%}"
    late = {None: "-", True: {"zh": "是", "en": "yes"}[lang], False: {"zh": "否", "en": "no"}[lang]}[found.is_late]
    values = (found.deliveries, newest, share, "-" if found.age_days is None else found.age_days, late,
              found.expectations, found.unmet, found.used.grants, found.used.looks, found.used.consumers)  # fmt: skip
    return "\n".join(f"{word}: {value}" for word, value in zip(WORDS[lang], values, strict=True))


def as_json_of(found: Figures) -> dict[str, object]:
    """Return figures as JSON's types."""
    made = asdict(found)
    if found.newest is not None:
        made["newest"]["last_day"] = found.newest.last_day.isoformat()
    return made


@click.command()
@click.option("--defects", is_flag=True, help="Those with a defect only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def leads(settings: Settings, defects: bool, as_json: bool) -> None:
    """List the lead of every attribute (一数一源) with its sources, and defects: no lead, two leads, an idle lead."""
    import catalog
    from catalog.one_source import DEFECTS
    from catalog.one_source import leads as led
    from onefile.cli.tables import aligned

    known: Catalogue = catalog.load(settings.declarations)
    found = [each for each in led(known) if each.defects or not defects]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2))
        return
    headings = {
        "zh": ("属性", "名称", "数源部门", "来源", "缺陷"),
        "en": ("attribute", "label", "lead", "sources", "defects"),
    }
    rows = [
        (f"{each.kind}.{each.attribute}", each.label, each.lead or "-", ", ".join(each.sources),
         "; ".join([DEFECTS[name][settings.lang == "en"] for name in each.defects] + list(each.rivals)))
        for each in found
    ]  # fmt: skip
    click.echo(aligned([headings[settings.lang], *rows]))


@click.command()
@click.option("--late", "is_late", is_flag=True, help="Those whose clock has run out only.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_obj
def waiting(settings: Settings, is_late: bool, as_json: bool) -> None:
    """List entries in review, and those that are worked on again, with the day by which that is due.

    They wait since the version in which they came to their state (`onefile catalog record`).
    """
    import catalog
    from catalog.entry_clocks import waiting as found_waiting
    from catalog.versions import histories
    from onefile.cli.tables import aligned
    from schemas.serving.connection import looking
    from schemas.serving.migration import upgrade

    sharing = catalog.load(settings.declarations).sharing
    upgrade(settings.database_url)
    with looking(settings.database_url) as connection:
        kept = histories(connection)
    found = [e for e in found_waiting(kept, sharing, settings.today(), settings.timezone) if e.is_late or not is_late]
    if as_json:
        click.echo(json.dumps([asdict(each) for each in found], ensure_ascii=False, indent=2, default=str))
        return
    headings = {
        "zh": ("目录", "部门", "状态", "自", "期限", "逾期"),
        "en": ("entry", "provider", "state", "since", "due", "late"),
    }
    rows = [(e.entry_id, e.provider, e.state, str(e.since), str(e.due_on), "*" if e.is_late else "") for e in found]
    click.echo(aligned([headings[settings.lang], *rows]) if rows else {"zh": "没有", "en": "none"}[settings.lang])
