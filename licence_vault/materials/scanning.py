"""Virus scanning: clamd where it is set up, and in any case the string that all scanners know as a test."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable
from contextlib import closing

from licence_vault.materials.errors import FileRefused, ScannerGone

Scan = Callable[[bytes], None]
"""Returns where it finds nothing; raises FileRefused, or ScannerGone where it cannot look."""
# In two parts, so that no scanner takes this file for what it looks for (EICAR's test file).
TEST_STRING = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NONE = "none"
_CHUNK = 64 * 1024
_SECONDS = 60
_LONGEST_ANSWER = 4096


def search(data: bytes) -> None:
    """Raise FileRefused where the scanners' common test string stands in some bytes."""
    if TEST_STRING in data:
        raise FileRefused("malware")


def clamd(address: str) -> Scan:
    """Return what has clamd look at bytes.

    Args:
        address: a socket's path, or `host:port`.
    """
    return lambda data: _ask(address, data)


def _ask(address: str, data: bytes) -> None:
    try:
        with closing(_connected(address)) as link:
            link.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), _CHUNK):
                piece = data[start : start + _CHUNK]
                link.sendall(struct.pack(">I", len(piece)) + piece)
            link.sendall(struct.pack(">I", 0))
            answer = _answer(link)
    except (OSError, ValueError):
        raise ScannerGone from None
    if answer.endswith(b" FOUND"):
        raise FileRefused("malware")
    if answer != b"stream: OK":
        raise ScannerGone


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        link.settimeout(_SECONDS)
        try:
            link.connect(address)
        except OSError:
            link.close()
            raise
        return link
    host, _, port = address.rpartition(":")
    return socket.create_connection((host, int(port)), _SECONDS)


def _answer(link: socket.socket) -> bytes:
    found = b""
    while b"\0" not in found and len(found) < _LONGEST_ANSWER:
        piece = link.recv(_LONGEST_ANSWER)
        if not piece:
            break
        found += piece
    return found.partition(b"\0")[0].strip()
