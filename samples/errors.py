"""What can go wrong when samples are made."""

from __future__ import annotations

from collections.abc import Iterable

from onefile.errors import OneFileError
from schemas.errors import one_of


class SampleError(OneFileError):
    """The root of what `samples` raises."""


class UnknownKind(SampleError):
    """A rate is given for a kind of defect that nobody plants."""

    def __init__(self, kind: str, known: Iterable[str]) -> None:
        super().__init__(f"no kind of defect is called {kind!r}: {one_of(known, kind)}")


class CannotWrite(SampleError):
    """A value of the city has no text that the declared cleaners would read back."""

    def __init__(self, resource: str, header: str, why: str) -> None:
        super().__init__(f"{resource}: cannot write {header!r} ({why}): change its cleaners or the view")


class FolderTaken(SampleError):
    """The folder to make the city in is not empty."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"{folder} is not empty: name a new folder, or remove this one")


class NotACity(SampleError):
    """A folder to be scored lacks what a city, or a home that took one in, has."""

    def __init__(self, folder: str, lacking: str) -> None:
        super().__init__(
            f"{folder} has no {lacking}: name the home first, in which `onefile run` took the city in, then the city"
        )


class OutOfSize(SampleError):
    """A city of that size is not made."""

    def __init__(self, what: str, found: int, least: int, most: int) -> None:
        super().__init__(f"{found} {what}: wanted {least} to {most}")
