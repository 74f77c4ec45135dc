"""What follows once licences were issued, or lapsed: statistics in the lake, status lists for verifiers."""

from __future__ import annotations

from airflow.sdk import task
from airflow.sdk.definitions.xcom_arg import XComArg

from dags import work


@task
def count(done: dict[str, int] | None) -> int:
    return work.count_licences(done)


@task
def publish() -> dict[str, int]:
    return work.publish_status()


def follow(done: XComArg, *, is_counted_always: bool) -> None:
    """Let both follow a task that says how many licences it issued; without any, statistics follow only if always."""
    done >> count(None if is_counted_always else done)
    done >> publish()
