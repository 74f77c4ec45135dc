"""Why a shared table is not handed out: one class a reason. None quotes a row, a value or a database's address."""

from __future__ import annotations

from pipelines.errors import PipelineError


class NotHandedOut(PipelineError):
    """A share gives nothing of a table now: it or its grant is over, or the table is not made yet."""

    def __init__(self, table: str, why: str, do: str) -> None:
        super().__init__(f"nothing of {table} is handed out: {why}; {do}")


class TableMoved(PipelineError):
    """A shared table was made anew, or files of an old version were taken out, while it was being read."""

    def __init__(self, table: str) -> None:
        super().__init__(f"{table} was made anew while it was read, and nothing of it was handed out: run it again")


class FolderTaken(PipelineError):
    """Where a batch is to be lies something else."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} is there already and is not this batch: move it away, or name another folder")


class TargetUnusable(PipelineError):
    """A recipient's database cannot be opened as its setting is."""

    def __init__(self, setting: str, why: str, do: str) -> None:
        super().__init__(f"the setting {setting} cannot be used: {why}; {do}")


class TargetFailed(PipelineError):
    """A recipient's database did not answer, or refused something; `kind` is the database's name for it."""

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(
            f"the recipient's database {name} failed with {kind}, and what was begun there counts for nothing: see its "
            "own log, then run it again"
        )


class TargetAltered(PipelineError):
    """A recipient's table cannot take what is shared: somebody altered it, or the grant gives other columns now."""

    def __init__(self, table: str, faults: list[str]) -> None:
        super().__init__(f"nothing was put into {table}: {'; '.join(faults)}; then run it again")
        self.faults = tuple(faults)


class TargetMoved(PipelineError):
    """Somebody else put rows into a recipient's table meanwhile."""

    def __init__(self, table: str) -> None:
        super().__init__(f"somebody else put rows into {table} meanwhile: run it again once that has ended")


class NoTarget(PipelineError):
    """A share's recipient has named no database of its own."""

    def __init__(self, share: str) -> None:
        super().__init__(
            f"the share {share} is put into no database: name one with `onefile share target {share} NAME`"
        )


class SharesFailed(PipelineError):
    """Of several shares some could not be handed out or held against their counts; the others were."""

    def __init__(self, failed: list[str]) -> None:
        super().__init__(f"{len(failed)} of the shares failed, the others were done: {'; '.join(failed)}")
        self.failed = tuple(failed)
