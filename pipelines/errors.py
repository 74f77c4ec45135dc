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


class ErasureFailed(PipelineError):
    """Records of one resource could not be erased, those of the others were; `delivery` names its file's, if known."""

    def __init__(self, resource: str, error: Exception, delivery: str | None = None) -> None:
        place = resource if delivery is None else f"{resource}, delivery {delivery}"
        super().__init__(
            f"records of {place} are still to be erased, for: {error}; put that right, then run it again (what other "
            "resources had to erase is not held up by it)"
        )
        self.resource, self.delivery = resource, delivery
        self.exit_code = error.exit_code if isinstance(error, OneFileError) else OneFileError.exit_code


class StoreJarsMissing(PipelineError):
    """The jars for a lake in a store are not where they should be."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"no jars of this release for a lake in a store in {folder}: run tools/setup-s3")


class BadLake(PipelineError):
    """What names the store of the lake, or the file with its key, cannot be used."""

    def __init__(self, what: str) -> None:
        super().__init__(
            f"{what}: ONEFILE_LAKE is s3a://BUCKET/PREFIX?endpoint=https://HOST[:PORT][&region=NAME], and "
            "ONEFILE_LAKE_KEY a file with the access key's id and its secret, a line each"
        )


class LakeElsewhere(PipelineError):
    """The home's lake lies in another place than the settings say."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"this home's lake lies in {place}, and ONEFILE_LAKE says otherwise: set it to that place (how a lake is "
            "moved: docs/how-to/keep-the-lake-in-a-store.md)"
        )


class LakeStoreUnfit(PipelineError):
    """The store of the lake must not be written to; nothing was."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the store of the lake cannot be used: {what}")


class LakeStoreGone(EngineFailed):
    """The store of the lake does not answer, or refuses what is asked; `condition` says how."""

    def __init__(self, what: str, condition: str) -> None:
        PipelineError.__init__(
            self,
            f"{what} failed, for the store of the lake does not answer or says no ({condition}): see with "
            "`onefile doctor` whether it is reached and takes the key, then run it again",
        )
        self.condition = condition


class SwapUnfinished(PipelineError):
    """A rebuilt lake is being put in, or was when whoever did it was killed."""

    def __init__(self) -> None:
        super().__init__(
            "a rebuilt lake is being put in the place of the present one: wait until `onefile rebuild --swap` is done; "
            "if it was killed, `onefile run` or the same again ends it"
        )


class TombstonesLost(PipelineError):
    """What was erased by law is not to be told any more; whatever was made anew would lack its account."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"kept files tell that rows of them were erased, but lake/{table}, which tells which and why, is damaged "
            "or gone; nothing else has it: put it back from a backup with `onefile restore`"
        )


class LakeGone(PipelineError):
    """Deliveries were taken in, and there is no lake."""

    def __init__(self, home: str) -> None:
        super().__init__(
            f"deliveries were taken into the lake of {home}, and it is gone; nothing was taken into a new one: put it "
            "back with `onefile restore`, or make it anew with `onefile rebuild --swap`"
        )


class NotInAStore(PipelineError):
    """Something that is done only with a lake in the home's own folder."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(f"{what} is for a lake in the home, and this home's lies in a store: {instead}")
