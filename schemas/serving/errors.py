"""What can go wrong with the serving database.

No message holds a URL (there may be a password in it) or an engine's text (it quotes rows).
A database is named by its `place`, as `connection.place` gives it.
"""

from __future__ import annotations

from onefile.errors import OneFileError


class ServingError(OneFileError):
    """The root of this package's errors."""


class BadDatabaseUrl(ServingError):
    """The URL names no database that can be used here."""

    def __init__(self, found: str) -> None:
        super().__init__(
            f"ONEFILE_DATABASE_URL: {found} cannot be used: "
            "write sqlite:///PATH or postgresql+psycopg://USER:PASSWORD@HOST/DATABASE"
        )


class NothingPublished(ServingError):
    """The database is not there, or empty: no publication has made it yet."""

    def __init__(self, place: str) -> None:
        super().__init__(f"nothing is published to the {place} yet: `onefile run` does it")


class DatabaseGone(ServingError):
    """The database does not answer."""

    def __init__(self, place: str, condition: str) -> None:
        super().__init__(
            f"the {place} does not answer ({condition}): see that it runs and that ONEFILE_DATABASE_URL is right"
        )


class DatabaseBusy(ServingError):
    """Another writer holds the database for longer than one waits."""

    exit_code = 5

    def __init__(self, place: str) -> None:
        super().__init__(f"the {place} is being written by somebody else: wait until that ends, then run this again")


class DatabaseFailed(ServingError):
    """The database refused a statement; nothing of the transaction is kept."""

    def __init__(self, place: str, condition: str) -> None:
        super().__init__(f"the {place} failed with {condition}, and nothing was changed: run it again")
        self.condition = condition


class DatabaseFull(ServingError):
    """The database has no room left; nothing of the transaction is kept."""

    def __init__(self, place: str) -> None:
        super().__init__(f"the {place} has no room left, and nothing was changed: make room, then run it again")


class DatabaseDamaged(ServingError):
    """The database's own file is damaged, or is none."""

    def __init__(self, place: str, condition: str) -> None:
        super().__init__(
            f"the {place} is damaged ({condition}), and nothing was changed: restore it with `onefile restore`; the "
            "one files alone are made again by `onefile run` once it is moved away, but licences and grants are not"
        )


class OlderDatabase(ServingError):
    """The database has the shape of an earlier release."""

    def __init__(self, place: str, found: str, wanted: str) -> None:
        super().__init__(
            f"the {place} has shape {found}, {wanted} is wanted: the next `onefile run` brings it up to date"
        )


class NewerDatabase(ServingError):
    """The database has a shape that this release does not know."""

    def __init__(self, place: str, found: str, known: str) -> None:
        super().__init__(
            f"the {place} has shape {found}, this release knows up to {known}: use the release that wrote it or a later"
        )
