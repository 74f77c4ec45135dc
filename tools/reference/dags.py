"""docs/reference/dags.md: every DAG as Airflow reads it from the folder."""

from __future__ import annotations

import os
import tempfile
from typing import Any

from onefile.airflow_home import DAGS
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

INTRODUCTION = """
DAGs are made from the declarations: a resource that is declared has one. The files in `dags/` say when things run;
what a task does is in `pipelines/steps.py`. `onefile run` runs the same DAGs in one process: `declarations` where
they changed, the ingest of each resource that something waits for, then `person_file`, `enterprise_file`, `quality`,
`publication` and `vault`; `records` and `shares` where granted rows and tables are other, and `licence_expiry` where
a licence's last day is over. What `sharing` does beside is left to its own verbs ([share](../how-to/share.md)).
Under Airflow they start as the table says ([how to run it](../how-to/run-under-airflow.md)). Tasks pass delivery
ids and counts to each other, never data. Of one DAG, one run is active at a time; every DAG can be started again at
any time, and changes nothing when there is nothing to do.
"""
INGEST = """
## `ingest.<department>.<resource>`

For each of: {resources}.

`receive` lets in what waits in the inbox and picks the deliveries to work on; `land` writes bronze; `settle` writes
silver, quarantine and the receipt, checks the critical expectations and releases; `judge` fails the run when a
delivery is held back, after all others are done.

Parameters (`conf` of a run) choose among the deliveries that are received and not finished; without any, all are
taken in, in the order received. A delivery that is finished is done and is not done again.

| `conf` | takes in |
| --- | --- |
| `{{"delivery": "ID"}}` | that delivery |
| `{{"from": "2026-01-01", "to": "2026-03-31"}}` | those whose period ends within these days; either may be left out |

A run that asks for a delivery which was never taken in, or is another resource's, for days in the wrong order or by
another key fails at once and says so. A delivery that is finished is nothing to do.

None overtakes another: what was received before one of them, and is not finished, is taken in with it.

A failed resource does not hold up another: each has its own DAG.
"""
PULL = """
## `pull.<department>.<resource>`

For each resource that declares a [source](declarations.md#sources), on its schedule. `fetch` asks the department's
system and puts what it has into the inbox as a delivery, whole or not at all, and passes on the new deliveries' ids;
`inbox` starts their ingest. Without a schedule it runs when somebody starts it. `onefile pull` does the same by hand.
"""
ASSETS = """
## Assets

A DAG that made something new says so by an asset, and the next one starts. An asset is a name; what it stands for
is in [the lake](lake.md).
"""


def page() -> str:
    """Return the page."""
    found = _dags()
    ingests = [name for name in found if name.startswith("ingest.")]
    pattern, example = "ingest.<department>.<resource>", found[ingests[0]]
    others = [name for name in ORDER if name in found]
    if sorted([*ingests, *others]) != sorted(found):
        raise LookupError("a DAG has no place in the order of the page: add it to ORDER in tools/reference/dags.py")
    rows = [_row("inbox", found["inbox"]), _row(pattern, example), *(_row(name, found[name]) for name in others[1:])]
    return made(
        "DAGs",
        INTRODUCTION,
        table(("DAG", "starts", "tasks", "tried again"), rows),
        INGEST.format(resources=", ".join(code(name.removeprefix("ingest.")) for name in ingests)),
        PULL,
        ASSETS,
        table(("asset", "made by", "starts"), _assets(found)),
    )


TIMES = ("no", "once", "twice")
ORDER = (
    "inbox", "declarations", "person_file", "enterprise_file", "quality", "publication", "records", "shares",
    "retention", "erasure", "vault", "licence_expiry", "licence_status", "materials", "sharing", "share_counts",
    "cases", "meter", "open_data", "notices", "reconciliation", "ledger_expiry",
)  # fmt: skip


def _dags() -> dict[str, Any]:
    """Return the DAGs of the folder, by id; Airflow needs a home of its own when it is first imported."""
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("AIRFLOW_HOME", home)
        os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
        os.environ.setdefault("AIRFLOW__LOGGING__LOGGING_LEVEL", "ERROR")
        from airflow.dag_processing.dagbag import DagBag

        bag = DagBag(dag_folder=str(DAGS))
    if bag.import_errors:
        raise LookupError(f"DAG files that cannot be read: {', '.join(sorted(bag.import_errors))}")
    return {name: bag.dags[name] for name in sorted(bag.dags)}


def _row(name: str, dag: Any) -> tuple[str, str, str, str]:
    tasks = [task.task_id for task in dag.topological_sort()]
    retries = max(task.retries for task in dag.tasks)
    return (code(name), _starts(dag), ", ".join(map(code, tasks)), TIMES[retries])


def _starts(dag: Any) -> str:
    waited = _waited_for(dag)
    if waited:
        return f"when any of these changed: {', '.join(map(code, waited))}"
    return "by `inbox`, by hand or by REST" if dag.schedule is None else f"`{dag.schedule}`"


def _waited_for(dag: Any) -> list[str]:
    """Return the names of the assets that start a DAG."""
    condition = getattr(dag.timetable, "asset_condition", None)
    return sorted(asset.name for asset in getattr(condition, "objects", []))


def _assets(found: dict[str, Any]) -> list[tuple[str, str, str]]:
    makers: dict[str, list[str]] = {}
    for name, dag in found.items():
        for task in dag.tasks:
            for asset in task.outlets:
                makers.setdefault(asset.name, []).append(name)
    starts = {asset: [name for name, dag in found.items() if asset in _waited_for(dag)] for asset in makers}
    return [(code(a), ", ".join(map(code, makers[a])), ", ".join(map(code, starts[a]))) for a in sorted(makers)]
