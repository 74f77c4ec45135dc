"""`onefile run`: take in everything that waits, through the DAGs, in this process."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import click

from onefile.cli.failure import Failure
from onefile.settings import Settings

if TYPE_CHECKING:
    from inbox.door import Arrival
    from onefile.cli.dag_runs import DagRuns
    from pipelines.steps import Outcome
    from pipelines.workshop import Workshop

HEADINGS = {
    "zh": ("批次", "资源", "结果", "收到", "接受", "问题", "重复"),
    "en": ("delivery", "resource", "outcome", "received", "accepted", "quarantined", "duplicates"),
}
GOLD = ("person_file", "enterprise_file", "quality", "publication", "vault")
TERMS, ERASURE = "retention", "erasure"
EXPIRY = "licence_expiry"


@dataclass(frozen=True)
class Summary:
    """What a run did: deliveries settled, arrivals that were not taken, and the DAGs that failed."""

    settled: list[Outcome]
    refused: list[Arrival]
    failed: dict[str, tuple[str, ...]]


@click.command()
@click.argument("resources", nargs=-1, metavar="[RESOURCE]...")
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.pass_obj
def command(settings: Settings, resources: tuple[str, ...], as_json: bool) -> int:
    """Take in everything that waits, or only RESOURCE…: receipts, one files, publication, licences.

    Licences whose last day is over lapse.
    Killed anywhere and run again, the outcome is the same.
    """
    from onefile.files import lock
    from pipelines.workshop import Workshop

    shop = Workshop(settings)
    for resource in resources:
        shop.resource(resource)
    with lock(settings.home / "locks" / "run.lock", wait=False):
        summary = _run(shop, resources or tuple(shop.resources))
    click.echo(_as_json(summary) if as_json else _as_text(summary, settings))
    wrong = _what_failed(summary, settings.lang)
    if wrong:
        raise Failure(wrong)
    return 0


def _run(shop: Workshop, resources: Sequence[str]) -> Summary:
    from pipelines import marker, receiving, steps

    arrivals = receiving.receive(shop, on_look=lambda name: _say(f"looking at {name}"))
    waiting = {r: found for r in resources if (found := steps.pending(shop, r))}
    _say(f"{sum(map(len, waiting.values()))} deliveries of {len(waiting)} resources to take in")
    failed = _end_terms(shop)
    failed |= _ingest(shop, waiting) if waiting or not marker.is_published(shop) else {}
    failed |= _erase(shop)
    failed |= _expire(shop)
    outcomes = [steps.outcome(shop.delivery(d)[0]) for found in waiting.values() for d in found]
    return Summary([o for o in outcomes if o is not None], [a for a in arrivals if a.status != "taken"], failed)


def _ingest(shop: Workshop, waiting: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    from onefile.cli.dag_runs import DagRuns
    from pipelines import marker

    runs = DagRuns(shop.settings)
    ingest = [f"ingest.{resource}" for resource in waiting]
    progress = _Progress(len(ingest) + len(GOLD))
    failed = {dag: runs.why for dag in ingest if not progress.run(runs, dag)}
    known = marker.state(shop)
    late = {dag: runs.why for dag in GOLD if not progress.run(runs, dag)}
    if not late:
        marker.keep(shop, known)
    return failed | late


def _end_terms(shop: Workshop) -> dict[str, tuple[str, ...]]:
    """Order the erasure of what is kept no longer; the DAG is loaded only where a table says how long."""
    from pipelines import retention

    return _alone(shop, TERMS) if retention.is_declared(shop.declarations) else {}


def _erase(shop: Workshop) -> dict[str, tuple[str, ...]]:
    """Take out what is ordered to be erased; the DAG is loaded only where there is anything."""
    from pipelines import marker

    if not marker.erasures_ordered(shop):
        return {}
    failed = _alone(shop, ERASURE)
    if not failed:
        marker.erased(shop)
    return failed


def _alone(shop: Workshop, dag: str) -> dict[str, tuple[str, ...]]:
    from onefile.cli.dag_runs import DagRuns

    runs = DagRuns(shop.settings)
    return {} if _Progress(1).run(runs, dag) else {dag: runs.why}


def _expire(shop: Workshop) -> dict[str, tuple[str, ...]]:
    """Let licences lapse whose last day is over; the DAG is loaded only where there are any."""
    from pipelines import licences

    if not licences.is_due(shop):
        return {}
    return _alone(shop, EXPIRY)


class _Progress:
    """Says on standard error which DAG is at work, and how it ended: ` 3/14 person_file … 12.3 s`."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._begun = 0

    def run(self, runs: DagRuns, dag_id: str) -> bool:
        """Run a DAG; True when every task did what it should."""
        self._begun += 1
        click.echo(f"{self._begun:>3}/{self._total} {dag_id:<40} ", err=True, nl=False)
        started = time.monotonic()
        is_done = runs.run(dag_id, {})
        _say(f"{time.monotonic() - started:6.1f} s{'' if is_done else '  FAILED'}")
        return is_done


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
