"""Addresses that several processes listen on, each with a socket of its own: the kernel deals connections out to them.

On one shared socket whoever wakes first takes what comes, and one process may end up with every connection of a front
proxy that keeps them open, while the others have nothing to do.
"""

from __future__ import annotations

import errno
import socket

from onefile.errors import OneFileError


class CannotListen(OneFileError):
    """An address cannot be listened on."""

    def __init__(self, host: str, port: int, why: str, do: str) -> None:
        super().__init__(f"nothing can listen on port {port} of {host}, for {why}: {do}")


class Listener(socket.socket):
    """A bound address. Handed to another process, it is a socket of that process on the same address.

    The one that is handed on does not listen itself, so that no connection waits for it.
    """

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        host, port = self.getsockname()[:2]
        return (listener, (host, port))


def listener(host: str, port: int) -> Listener:
    """Bind an address, which others of these may be bound to as well.

    Raises:
        CannotListen: it is no address of this host, or something else has it.
    """
    made = Listener(_family(host))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    _bind(made, host, port)
    return made


def require_free(host: str, port: int) -> None:
    """See that nobody listens on an address, also none that would share it.

    Raises:
        CannotListen: somebody does, or it is no address of this host.
    """
    with socket.socket(_family(host)) as alone:
        alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bind(alone, host, port)
        try:
            alone.listen(1)
        except OSError as found:
            raise _refused(host, port, found) from found


def _bind(made: socket.socket, host: str, port: int) -> None:
    try:
        made.bind((host, port))
    except OSError as found:
        made.close()
        raise _refused(host, port, found) from found


def _refused(host: str, port: int, found: OSError) -> CannotListen:
    if found.errno == errno.EADDRINUSE:
        return CannotListen(host, port, "it is taken", "stop what listens there, or choose another --port")
    return CannotListen(host, port, str(found.strerror), "give an address of this host")


def _family(host: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in host else socket.AF_INET
