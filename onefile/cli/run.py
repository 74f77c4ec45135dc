"""`onefile run`: take in everything that waits, through the DAGs, in this process or in lanes side by side."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from onefile.cli.crew import Alone, Crew, Failed, crew
from onefile.cli.failure import Failure
from onefile.cli.plan import GOLD, Planned, Progress
from onefile.settings import Settings

if TYPE_CHECKING:
    from inbox.door import Arrival
    from pipelines.finished import Outcome
    from pipelines.workshop import Workshop

HEADINGS = {
    "zh": ("批次", "资源", "结果", "收到", "接受", "问题", "重复"),
    "en": ("delivery", "resource", "outcome", "received", "accepted", "quarantined", "duplicates"),
}
CHANGED, TERMS, ERASURE = "declarations", "retention", "erasure"
RECORDS, SHARES = "records", "shares"
EXPIRY = "licence_expiry"


@dataclass(frozen=True)
class Summary:
    """What a run did: deliveries settled, arrivals that were not taken, and the DAGs that failed."""

    settled: list[Outcome]
    refused: list[Arrival]
    failed: dict[str, tuple[str, ...]]


@click.command()
@click.argument("resources", nargs=-1, metavar="[RESOURCE]...")
@click.option(
    "--jobs", type=click.IntRange(1), metavar="N",
    help="DAGs at a time, each in a process with an engine of its own. Left out: two where the lake is small and the "
    "machine has the cores and the memory, else one.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def command(settings: Settings, resources: tuple[str, ...], jobs: int | None, as_json: bool) -> int:
    """Take in everything that waits, or only RESOURCE…: receipts, files, publication, licences, granted rows, tables.

    Where declarations changed (`onefile plan` shows what that means), what was made by the old ones is brought up to
    them first. Licences whose last day is over lapse.
    Killed anywhere and run again, the outcome is the same.
    """
    from onefile.files import lock
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    for resource in resources:
        shop.resource(resource)
    with lock(settings.home / "locks" / "run.lock", wait=False):
        summary = _run(shop, resources or tuple(shop.resources), jobs)
    click.echo(_as_json(summary) if as_json else _as_text(summary, settings))
    wrong = _what_failed(summary, settings.lang)
    if wrong:
        raise Failure(wrong)
    return 0


def _run(shop: Workshop, resources: Sequence[str], jobs: int | None) -> Summary:
    from onefile.cli.lanes import fitting
    from pipelines import finished, receiving
    from pipelines.places import SWAP

    if (shop.home / SWAP).exists():
        from pipelines import rebuilding

        rebuilding.end_swap(shop)
        _say("the rebuilt lake that was being put in is in its place now")
    arrivals = receiving.receive(shop, on_look=lambda name: _say(f"looking at {name}"))
    waiting = {r: found for r in resources if (found := finished.pending(shop, r))}
    _say(f"{sum(map(len, waiting.values()))} deliveries of {len(waiting)} resources to take in")
    with crew(shop.settings, jobs or fitting(shop.settings, len(waiting))) as workers:
        failed = _work(shop, workers, waiting)
    outcomes = [finished.outcome(shop.delivery(d)[0]) for found in waiting.values() for d in found]
    return Summary([o for o in outcomes if o is not None], [a for a in arrivals if a.status != "taken"], failed)


def _work(shop: Workshop, workers: Crew, waiting: dict[str, list[str]]) -> Failed:
    """Take in what waits, before and after it what the law and the calendar ask for; return what failed.

    A DAG for which there is nothing to do is not loaded.
    """
    from pipelines import marker, projecting, records, retention, vaulted

    failed = _apply(shop, workers)
    failed |= _alone(workers, TERMS) if retention.is_declared(shop.declarations) else {}
    failed |= _ingest(shop, workers, waiting) if waiting or not marker.is_published(shop) else {}
    if records.is_due(shop):
        failed |= _alone(workers, RECORDS)
    if projecting.is_due(shop):
        failed |= _alone(workers, SHARES)
    if marker.erasures_ordered(shop):
        unerased = _alone(workers, ERASURE)
        if not unerased:
            marker.erased(shop)
        failed |= unerased
    return failed | (_alone(workers, EXPIRY) if vaulted.is_due(shop) else {})


def _apply(shop: Workshop, workers: Crew) -> Failed:
    """Bring what was made by other declarations up to today's; what cannot be is written to by nobody."""
    from pipelines.due import due

    wanted = due(shop)
    if not wanted:
        return {}
    names = [*(resource.id for resource in wanted.resources), *(f"{file.kind} files" for file in wanted.kinds)]
    _say(f"declarations changed, and are applied first: {', '.join(names)}")
    return _alone(workers, CHANGED)


def _ingest(shop: Workshop, workers: Crew, waiting: dict[str, list[str]]) -> Failed:
    """Take in what waits, the largest first, and bring up to it what is made of it."""
    from pipelines import marker

    sizes = {f"ingest.{r}": sum(shop.delivery(d)[0].size for d in found) for r, found in waiting.items()}
    progress = Progress(len(sizes) + len(GOLD), is_side_by_side=not isinstance(workers, Alone))
    failed = workers.work([Planned(dag) for dag in sorted(sizes, key=sizes.__getitem__, reverse=True)], progress)
    known = marker.state(shop)
    late = workers.work(GOLD, progress)
    if not late:
        marker.keep(shop, known)
    return failed | late


def _alone(workers: Crew, dag: str) -> Failed:
    return workers.work([Planned(dag)], Progress(1))


def _say(text: str) -> None:
    click.echo(text, err=True)


def _as_json(summary: Summary) -> str:
    deliveries = [asdict(outcome) for outcome in summary.settled]
    deliveries += [
        {"delivery": a.delivery, "department": a.department, "status": a.status, "reason": _reason(a)}
        for a in summary.refused
    ]
    return json.dumps({"deliveries": deliveries, "failed": list(summary.failed)}, ensure_ascii=False, indent=2)


def _as_text(summary: Summary, settings: Settings) -> str:
    from onefile.cli.tables import aligned

    if not summary.settled and not summary.refused:
        return {"zh": "没有待接收的批次", "en": "nothing waited"}[settings.lang]
    rows: list[tuple[str, ...]] = [HEADINGS[settings.lang]]
    for o in summary.settled:
        counts = (o.received, o.accepted, o.quarantined, o.duplicates)
        rows.append((o.delivery, o.resource, o.status, *(str(count) for count in counts)))
    rows += [(a.delivery or "?", a.department or "?", f"{a.status} {_reason(a) or ''}".strip(), "", "", "", "")
             for a in summary.refused]  # fmt: skip
    return aligned(rows)


def _reason(arrival: Arrival) -> str | None:
    return None if arrival.refusal is None else arrival.refusal.reason


def _unexplained(summary: Summary) -> list[str]:
    """Return the DAGs that failed and neither said why nor hold a delivery back, which is told apart."""
    held = {f"ingest.{outcome.resource}" for outcome in summary.settled if outcome.status == "held"}
    return [dag for dag, why in summary.failed.items() if not why and dag not in held]


def _what_failed(summary: Summary, lang: str) -> str:
    """Say of each thing that failed what was found, wanted and is to do."""
    lines = [f"{dag}: {'; '.join(why)} (logs/airflow.log)" for dag, why in summary.failed.items() if why]
    lines += [f"{dag}: see logs/airflow.log" for dag in _unexplained(summary)]
    lines += [f"{o.delivery}: held back: {', '.join(o.held_by)}" for o in summary.settled if o.status == "held"]
    for arrival in summary.refused:
        if arrival.refusal is not None and arrival.status != "repeated":
            words = arrival.refusal.words(lang)
            lines.append(f"{arrival.delivery or '?'}: {words.found}; {words.wanted}; {words.do}")
    return "\n  ".join(lines)
