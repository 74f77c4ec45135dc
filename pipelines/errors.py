"""What can go wrong in the flow. No message quotes an engine, because an engine quotes rows."""

from __future__ import annotations

from onefile.errors import OneFileError


class PipelineError(OneFileError):
    """The root of this package's errors."""


class EngineFailed(PipelineError):
    """Spark or Delta failed while it did `what`; `condition` is the engine's name for it."""

    def __init__(self, what: str, condition: str) -> None:
        super().__init__(
            f"{what} failed in the engine with {condition}: run it again; if it stays, see what `onefile doctor` finds"
        )
        self.condition = condition


class LakeDamaged(EngineFailed):
    """A file of the lake is gone, cut off or altered; `file` is its place in the table, None where it is not known."""

    def __init__(self, what: str, condition: str, table: str, file: str | None) -> None:
        place = f"lake/{table}" if file is None else f"lake/{table}/{file}"
        PipelineError.__init__(
            self,
            f"{what} failed, for {place} is damaged or gone ({condition}); nothing of it was kept. See with "
            "`onefile lake check` what else is hurt; then make the tables anew with `onefile rebuild --swap`, or "
            "restore them with `onefile restore`",
        )
        self.condition, self.table, self.file = condition, table, file


class NoJava(PipelineError):
    """Spark could not be started."""

    def __init__(self) -> None:
        super().__init__("Spark did not start: Java 17 is wanted, see `onefile doctor`")


class JarsMissing(PipelineError):
    """The Delta jars are not where they should be."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"no Delta jars in {folder}: run `make demo` once, or tools/setup")


class CriticalExpectationFailed(PipelineError):
    """A critical expectation failed; what it guards is held back, nothing else is."""

    def __init__(self, subject: str, expectations: tuple[str, ...]) -> None:
        super().__init__(
            f"{subject} is held back, because {len(expectations)} critical expectation(s) failed: "
            f"{', '.join(expectations)}; see `onefile quality`"
        )
        self.subject = subject
        self.expectations = expectations
