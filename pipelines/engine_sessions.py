"""What a served engine was asked for by a process that was killed is ended before anybody asks it for more.

An engine in a task's own process ends with it. A served one goes on: it appends its rows after the task that is tried
again has looked at what is there and appended the same, or writes into the folder that this one writes into. So a
process keeps a note of its session, under a lock that the kernel takes away with the process, until a task of it is
done; whoever opens the next session ends those whose notes nobody holds (docs/adr/0105). Nothing of Spark is loaded
before there is a session.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from onefile.errors import Busy
from onefile.files import lock, make_folder
from pipelines.errors import EngineFailed, PipelineError

if TYPE_CHECKING:
    from pyspark.sql.connect.client import SparkConnectClient
    from pyspark.sql.connect.session import SparkSession

FOLDER, TURN = "locks/sessions", "locks/sessions.lock"
SECONDS_TO_END = 120
GONE = ("INVALID_HANDLE.SESSION_NOT_FOUND", "INVALID_HANDLE.SESSION_CLOSED", "INVALID_HANDLE.SESSION_CHANGED")
_held: dict[str, ExitStack] = {}
"""Of this process: by session, what lets go of its note."""


class StillAtWork(PipelineError):
    """The engine does not end what a killed process had asked it for."""

    def __init__(self) -> None:
        super().__init__(
            f"the Spark service is still at what a killed process asked it for, {SECONDS_TO_END} s after it was told "
            "to end it: run this again later, or start the service anew"
        )


def opened(home: Path, address: str, connect: Callable[[], SparkSession]) -> SparkSession:
    """Return the session that `connect` opens, or has opened: noted, and what killed processes left at work ended.

    Raises:
        StillAtWork: what one of them asked for goes on.
        EngineFailed: the engine does not say.
    """
    session = connect()
    if session.session_id in _held:
        return session
    note = home / FOLDER / session.session_id
    with lock(home / TURN):
        make_folder(note.parent)
        for left in sorted(note.parent.iterdir()):
            _end_left(left, address)
        with ExitStack() as held:
            held.enter_context(lock(note, wait=False))
            held.callback(note.unlink, missing_ok=True)
            note.write_text(address)
            _held[session.session_id] = held.pop_all()
    return session


@contextmanager
def until_done() -> Iterator[None]:
    """Take away this process's notes when the block ends well: nothing that it asked for is left at work.

    After an error something may be, so the notes stay, and with the process go their locks.
    """
    yield
    while _held:
        _held.popitem()[1].close()


def _end_left(note: Path, address: str) -> None:
    """End a session whose process is no more, at this address: that of another service ended with it."""
    try:
        with lock(note, wait=False):
            if note.read_text() == address:
                _end(address, note.name)
            note.unlink()
    except Busy:  # its process lives
        return


def _end(address: str, session: str) -> None:
    from pyspark.errors import PySparkException
    from pyspark.sql.connect.client import SparkConnectClient

    client = SparkConnectClient(f"{address}{';' if '/;' in address else '/;'}session_id={session}")
    try:
        deadline = time.monotonic() + SECONDS_TO_END
        while _is_at_work(client):
            if time.monotonic() > deadline:
                raise StillAtWork
            client.interrupt_all()
            time.sleep(0.2)
        client.release_session()
    except PySparkException as error:
        if error.getCondition() not in GONE:
            raise EngineFailed("end what a killed process left at work", type(error).__name__) from None
    finally:
        client.close()


def _is_at_work(client: SparkConnectClient) -> bool:
    """Say whether the engine still runs what was asked for.

    What it calls terminating is done, failed or cancelled, and its thread has ended: only nobody has fetched, or let
    go of, what came out, and nobody will.
    """
    from pyspark.sql.connect.proto import GetStatusResponse

    running = GetStatusResponse.OperationStatus.OPERATION_STATE_RUNNING
    return any(each.state == running for each in client._get_operation_statuses().operation_statuses)
