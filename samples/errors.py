"""What can go wrong when samples are made."""

from __future__ import annotations

from onefile.errors import OneFileError


class SampleError(OneFileError):
    """The root of what `samples` raises."""


class NotServed(SampleError):
    """The city knows nothing that a declared table asks for."""

    def __init__(self, resource: str, table: str) -> None:
        super().__init__(
            f"the city has nothing for the table {table!r} of {resource!r}: "
            "add a view of that name to samples.city.views, or make only the other resources (--only)"
        )


class CannotWrite(SampleError):
    """A value of the city has no text that the declared cleaners would read back."""

    def __init__(self, resource: str, header: str, why: str) -> None:
        super().__init__(f"{resource}: cannot write {header!r} ({why}): change its cleaners or the view")


class FolderTaken(SampleError):
    """The folder to make the city in is not empty."""

    def __init__(self, folder: str) -> None:
        super().__init__(f"{folder} is not empty: name a new folder, or remove this one")


class OutOfSize(SampleError):
    """A city of that size is not made."""

    def __init__(self, what: str, found: int, least: int, most: int) -> None:
        super().__init__(f"{found} {what}: wanted {least} to {most}")
