"""What the tasks call: opens the workshop in the task's own process, and passes references only.

Spark and the lake are imported when a task runs that needs them, never when a DAG file is parsed.
"""

from __future__ import annotations

import functools
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from types import FrameType
from typing import TYPE_CHECKING, Any, TypeVar, cast

from onefile import settings
from onefile.errors import OneFileError
from onefile.files import DiskFull, is_full, lock

if TYPE_CHECKING:
    from pipelines.workshop import Workshop


@dataclass
class Told:
    """What tasks of this process say to whoever runs the DAGs in it.

    `failures` says why they failed (errors of ours, which quote nobody); `is_stopped` that
    somebody asked the process to stop, which Airflow takes for a failure of the task.
    """

    failures: list[str] = field(default_factory=list)
    is_stopped: bool = False


told = Told()

Task = TypeVar("Task", bound=Callable[..., Any])


def _tells(task: Task) -> Task:
    """Let a task keep in `told` why it failed, or that it was stopped; it fails as it would."""

    @functools.wraps(task)
    def run(*arguments: Any) -> Any:
        from pipelines import engine_sessions

        try:
            with _stoppable(), engine_sessions.until_done():
                return task(*arguments)
        except OneFileError as error:
            told.failures.append(str(error))
            raise
        except Exception as error:
            ours = _of_ours(task.__name__, error)
            if ours is None:
                raise
            told.failures.append(str(ours))
            raise ours from None
        except KeyboardInterrupt:
            told.is_stopped = True
            raise

    return cast("Task", run)


def _of_ours(what: str, error: Exception) -> OneFileError | None:
    """Return the error of ours for an engine's that came by no door, and for a full disk; they are no fault of ours."""
    from pipelines.engine_errors import translated

    return DiskFull("the home, or of its scratch") if is_full(error) else translated(what, error)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let SIGTERM end what runs, as Ctrl-C does: Airflow's own handling of it lets the task go on."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    kept = signal.signal(signal.SIGTERM, _stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, kept)


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


@_tells
def look() -> list[str]:
    """Take in what waits in the inbox; return the resources with something to work on."""
    from pipelines import finished, receiving

    shop = _shop()
    receiving.receive(shop)
    return [resource for resource in shop.resources if finished.pending(shop, resource)]


@_tells
def are_declarations_changed() -> bool:
    """Tell whether something was made by other declarations than today's."""
    from pipelines.due import due

    return bool(due(_shop()))


@_tells
def apply_declarations() -> bool:
    """Bring what was made by other declarations up to today's; returns whether there was anything to do."""
    from pipelines import changing

    return changing.apply(_shop(), lambda _: None)


@_tells
def receive(resource: str, params: Mapping[str, Any]) -> list[str]:
    """Take in what waits in the inbox; return the resource's deliveries to work on, in order.

    They are those that a run's parameters ask for, and those that were received before one of them.

    Raises:
        AirflowFailException: the run asks for what is not there; trying again does not help.
    """
    from airflow.sdk.exceptions import AirflowFailException

    from pipelines import asking, finished, receiving

    shop = _shop()
    receiving.receive(shop)
    try:
        return asking.chosen(shop, resource, finished.pending(shop, resource), params)
    except asking.NotAskable as error:
        raise AirflowFailException(str(error)) from None


@_tells
def land(deliveries: Sequence[str]) -> list[str]:
    """Bronze, for each delivery."""
    from pipelines import steps

    shop = _shop()
    for delivery in deliveries:
        steps.land(shop, delivery)
    return list(deliveries)


@_tells
def settle(deliveries: Sequence[str]) -> list[dict[str, Any]]:
    """Silver, quarantine, receipt, expectations and release, for each delivery in its turn."""
    from pipelines import lineage, steps

    shop = _shop()
    found = []
    for delivery in deliveries:
        found.append(asdict(steps.settle(shop, delivery)))
        lineage.emit(shop, delivery)
    return found


def judge(outcomes: Sequence[Mapping[str, Any]]) -> int:
    """Fail where a delivery is held back; return the number of deliveries that count."""
    from pipelines.errors import CriticalExpectationFailed

    for found in outcomes:
        if found["status"] == "held":
            raise CriticalExpectationFailed(found["delivery"], tuple(found["held_by"]))
    return len(outcomes)


@_tells
def assemble(kind: str) -> int:
    """Gold of one kind; returns its version."""
    from pipelines import lineage, steps

    shop = _shop()
    version = steps.assemble(shop, kind).version
    lineage.emit_assembled(shop, kind, version)
    return version


@_tells
def check(kind: str) -> int:
    """Hold gold of one kind against its expectations; returns the version that passed."""
    from pipelines import steps

    return steps.check(_shop(), kind)


@_tells
def publish(kind: str) -> dict[str, int]:
    """Publish one kind; returns counts."""
    from pipelines import lineage, steps

    shop = _shop()
    done = {}
    for published in steps.publication(shop, [kind]):
        lineage.emit_published(shop, kind, published.to_version)
        done = {"upserted": published.upserted, "deleted": published.deleted}
    return done


@_tells
def bring_records() -> dict[str, int]:
    """Bring the rows of granted resources up to what holds; returns counts. Where none is due no engine is started."""
    from pipelines import lineage, records, sharing

    shop = _shop()
    done = records.bring(shop) if records.is_due(shop) else []
    sharing.supply(shop)
    for each in done:
        lineage.emit_brought(shop, each.resource, each.to_version)
    return {"upserted": sum(each.upserted for each in done), "deleted": sum(each.deleted for each in done)}


@_tells
def project_shares() -> int:
    """Bring tables in bulk up to what holds; returns how many were other. Where none is due no engine is started."""
    from pipelines import projecting

    shop = _shop()
    return len(projecting.project(shop)) if projecting.is_due(shop) else 0


@_tells
def end_terms() -> int:
    """Order the erasure of records that are kept no longer; returns how many."""
    from pipelines import steps

    return steps.end_terms(_shop())


@_tells
def purge() -> int:
    """Take out of the lake and the kept files what is ordered to be erased; returns how many rows."""
    from pipelines import steps

    return steps.purge(_shop())


@_tells
def issue_licences() -> dict[str, int]:
    """Issue what was released since the last time; returns counts of drafts."""
    from pipelines import licences

    return asdict(licences.issue(_shop()))


@_tells
def lapse_licences() -> dict[str, int]:
    """Let the licences lapse whose last day is over; returns counts."""
    from pipelines import vaulted

    return asdict(vaulted.lapse(_shop()))


@_tells
def count_licences(done: Mapping[str, int] | None = None) -> int:
    """Bring the lake's table of licences up to the log, unless `done` says that none was issued; returns its leaves."""
    from pipelines import vaulted

    shop = _shop()
    vault = vaulted.opened(shop)
    if vault.log.checkpoint() is None or (done is not None and not done["issued"]):
        return 0
    from pipelines import licence_statistics

    with lock(shop.home / "locks" / "gold-licence.lock"):
        return licence_statistics.refresh(shop.lake, vault, shop.declarations)


@_tells
def sweep_materials() -> int:
    """Remove from the store of materials what nothing refers to any more; returns how many."""
    from pipelines import materials

    return materials.sweep(_shop())


@_tells
def archive_cases() -> dict[str, int]:
    """Archive the cases that closed; returns how many were, and how many wait for something to be declared."""
    from pipelines import materials

    return materials.archive(_shop())


@_tells
def publish_status() -> dict[str, int]:
    """Sign the status lists anew; returns how many there are, and how many said something new."""
    from pipelines import vaulted

    done = vaulted.publish(_shop())
    return {"lists": done.lists, "changed": done.changed}


@_tells
def escalate_requests() -> int:
    """Send requests that nobody answered in time to the sharing authority; returns how many."""
    from pipelines import sharing

    return sharing.escalate(_shop())


@_tells
def review_grants() -> int:
    """End and suspend grants by their terms; returns how many."""
    from pipelines import sharing

    return sharing.review(_shop())


@_tells
def verify_contradictions() -> dict[str, int]:
    """Open, resolve and escalate verifications; returns counts."""
    from pipelines import sharing

    done = sharing.verify(_shop())
    return {"opened": len(done.opened), "resolved": len(done.resolved), "escalated": len(done.escalated)}


@_tells
def answer_objections() -> dict[str, int]:
    """Resolve objections and claims whose value is another now, send up what is late; returns counts."""
    from pipelines import sharing

    return sharing.answer(_shop())


@_tells
def recall_values() -> int:
    """Make notices of what was disclosed and does not hold any more; returns how many."""
    from pipelines import accounts

    return accounts.recall(_shop())


@_tells
def send_notices() -> dict[str, int]:
    """Send the notices that are due; returns how many were taken, and how many not."""
    from pipelines import accounts

    return accounts.send(_shop())


@_tells
def reconcile_purposes() -> int:
    """Hold the looks of the day before against their cases; returns how many findings are new."""
    from pipelines import accounts

    return accounts.reconcile(_shop())


@_tells
def find_unusual_looks() -> int:
    """Look for unusual looks of the day before; returns how many findings are new."""
    from pipelines import accounts

    return accounts.find_unusual(_shop())


@_tells
def expire_ledger() -> int:
    """Remove the ledger's entries whose years are over; returns the last number that is gone, 0 where none went."""
    from pipelines import accounts

    return accounts.expire(_shop())


@_tells
def accept_cases() -> int:
    """Let cases count as accepted where nobody told in time what they lack; returns how many."""
    from pipelines import sharing

    return sharing.accept_cases(_shop())


@_tells
def follow_promises() -> dict[str, int]:
    """Let promises whose day is over be broken or overdue, forms that are kept no longer go; returns counts."""
    from pipelines import prefill

    return prefill.follow_promises(_shop())


@_tells
def write_meter() -> int:
    """Write the month's meter; returns how many lines it has."""
    from pipelines import prefill

    return prefill.write_meter(_shop())


def _shop() -> Workshop:
    from pipelines.workshop import Workshop

    return Workshop(settings.read())
