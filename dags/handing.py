"""What the tasks of shares call: tables handed out, counted, followed. As `dags.work`, of which it is a part."""

from __future__ import annotations

from dags.work import _shop, _tells


@_tells
def put_shares() -> int:
    """Put shares into their recipients' own databases; returns how many tables were other. Fails after all were tried.

    Raises:
        SharesFailed: some could not be put.
    """
    from pipelines.bulk import putting
    from pipelines.bulk.errors import SharesFailed

    changed, failed = putting.put_all(_shop())
    if failed:
        raise SharesFailed(failed)
    return changed


@_tells
def make_batches() -> int:
    """Make the night's batches of shares; returns how many are new. Fails after all were tried.

    Raises:
        SharesFailed: of some none could be made.
    """
    from pipelines.bulk import nightly
    from pipelines.bulk.errors import SharesFailed

    made, failed = nightly.make_all(_shop())
    if failed:
        raise SharesFailed(failed)
    return made


@_tells
def count_shares() -> int:
    """Keep today's count of every shared table; returns how many there are."""
    from pipelines.bulk import reconciling

    return reconciling.count_all(_shop())


@_tells
def reconcile_shares() -> int:
    """Hold recipients' own databases against the counts; returns how many tables were looked at.

    Raises:
        SharesFailed: some have other rows than were put, or could not be read.
    """
    from pipelines.bulk import reconciling
    from pipelines.bulk.errors import SharesFailed

    looked, failed = reconciling.reconcile_all(_shop())
    if failed:
        raise SharesFailed(failed)
    return looked


@_tells
def flow_back() -> int:
    """Make grants and shares of what flows back to lower levels; returns how many are new."""
    from pipelines.bulk import backflow

    return sum(each.is_new for each in backflow.ensure(_shop()))


@_tells
def make_events() -> int:
    """Make the events of what changed under the grants that somebody subscribed to; returns how many."""
    from pipelines import accounts

    return accounts.make_events(_shop())


@_tells
def send_events() -> dict[str, int]:
    """Send the events that are due; returns how many were taken, and how many not."""
    from pipelines import accounts

    return accounts.send_events(_shop())


@_tells
def expire_events() -> int:
    """Remove events of the feed that are kept no longer; returns how many."""
    from pipelines import accounts

    return accounts.expire_events(_shop())


@_tells
def publish_open_data() -> int:
    """Publish open data that is other than it was; returns of how many resources."""
    from pipelines.bulk import opening

    return len(opening.publish(_shop()))
