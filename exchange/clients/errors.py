"""What can be wrong with a client's registration."""

from __future__ import annotations

from exchange.errors import CounterError


class UnknownClient(CounterError):
    """No client has the id that was asked for."""

    exit_code = 2

    def __init__(self, asked: str) -> None:
        super().__init__(f"no client {asked[:64]!a}: `onefile client list` names those there are")


class BadClient(CounterError):
    """A client cannot be registered as it was said."""

    exit_code = 2

    def __init__(self, found: str, wanted: str) -> None:
        super().__init__(f"the client has {found}: wanted is {wanted}")


class ClientThere(CounterError):
    """A client of that id is registered, or was revoked and keeps its name."""

    def __init__(self, client_id: str) -> None:
        super().__init__(f"a client {client_id} is there already: choose another id, or rotate its key")
