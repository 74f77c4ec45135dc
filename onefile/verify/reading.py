"""Strict reading of JSON that anybody may have written, and of the values in it.

Refused beyond what JSON itself refuses: doubled keys, numbers that are not whole or not
exact in every reader (RFC 8785), NaN and its kin, unpaired surrogates, nesting that
exhausts the parser. Errors name the field, never its value.
"""

from __future__ import annotations

import binascii
import json
import re
from datetime import UTC, datetime
from pathlib import Path

from onefile.verify.errors import Malformed, Unreadable

MOST = 2**53 - 1
LARGEST_FILE = 2**30  # bytes; a receipt of ten million rejected rows fits
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?Z")
_DIGEST = re.compile(r"[0-9a-f]{64}")


def read_file(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        Unreadable: it is not there, may not be read, or is beyond 1 GiB.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        raise Unreadable(path.name, type(error).__name__) from error
    if len(data) > LARGEST_FILE:
        raise Unreadable(path.name, "> 1 GiB")
    return data


def parse(data: bytes, error: type[Malformed]) -> object:
    """Return the JSON value in UTF-8 bytes, or raise `error`."""
    try:
        text = data.decode("utf-8")
        value: object = _DECODER.decode(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except _Refused as refused:
        raise error(str(refused)) from None
    except json.JSONDecodeError as found:
        raise error(f"no JSON from character {found.pos} on") from None
    except UnicodeError:
        raise error("not UTF-8, or an unpaired surrogate") from None
    except RecursionError:
        raise error("nested too deeply") from None
    return value


class Record:
    """A JSON object whose fields are taken one by one, each with its type, or `error` is raised.

    Fields that nobody asks for are ignored: a later minor version may add some.
    """

    def __init__(self, value: object, where: str, error: type[Malformed]) -> None:
        if not isinstance(value, dict):
            raise error(f"{where} is no object")
        self._fields, self._where, self.error = value, where, error

    def take(self, name: str) -> object:
        """Return a field of any type; it must be there."""
        if name not in self._fields:
            raise self.error(f"{self._where} has no {name!r}")
        return self._fields[name]

    def has(self, name: str) -> bool:
        """Say whether a field is there: for those that a later minor version added."""
        return name in self._fields

    def names(self) -> tuple[str, ...]:
        """Return the names of all fields, for what looks for those that must not be there."""
        return tuple(self._fields)

    def wrong(self, name: str, wanted: str) -> Malformed:
        """Return the error that says what the field must be."""
        return self.error(f"{name!r} of {self._where} is not {wanted}")

    def string(self, name: str) -> str:
        """Return a string, which may be empty."""
        value = self._fields.get(name)
        if not isinstance(value, str):
            self.take(name)
            raise self.wrong(name, "a text")
        return value

    def text(self, name: str) -> str:
        """Return a string that is not empty."""
        value = self._fields.get(name)
        if not isinstance(value, str) or not value:
            self.string(name)
            raise self.wrong(name, "a text with something in it")
        return value

    def text_or_none(self, name: str) -> str | None:
        """Return a string that is not empty, or None for null."""
        return None if self.take(name) is None else self.text(name)

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """Return one of the allowed texts."""
        value = self.text(name)
        if value not in allowed:
            raise self.wrong(name, " or ".join(allowed))
        return value

    def count(self, name: str, least: int = 0) -> int:
        """Return a whole number, from `least` to 2**53 - 1."""
        value = self.take(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(name, f"a whole number from {least} on")
        return value

    def items(self, name: str) -> list[object]:
        """Return an array."""
        value = self.take(name)
        if not isinstance(value, list):
            raise self.wrong(name, "an array")
        return value

    def texts(self, name: str) -> list[str]:
        """Return an array of texts, none of them empty."""
        found = self.items(name)
        texts = [item for item in found if isinstance(item, str) and item]
        if len(texts) != len(found):
            raise self.wrong(name, "an array of texts")
        return texts

    def digests(self, name: str) -> tuple[bytes, ...]:
        """Return an array of SHA-256, each written as 64 hexadecimal digits in lower case, as 32 bytes each."""
        found = self.items(name)
        for item in found:
            if not isinstance(item, str) or _DIGEST.fullmatch(item) is None:
                raise self.wrong(name, "an array of 64 hexadecimal digits in lower case each")
        return tuple(map(bytes.fromhex, found))  # type: ignore[arg-type]

    def digest(self, name: str) -> str:
        """Return a SHA-256 as 64 hexadecimal digits, lower case."""
        value = self.text(name)
        if _DIGEST.fullmatch(value) is None:
            raise self.wrong(name, "64 hexadecimal digits in lower case")
        return value

    def instant(self, name: str) -> datetime:
        """Return an instant, written in UTC like 2026-03-01T00:00:00Z."""
        value = self.text(name)
        try:
            return read_instant(value)
        except ValueError:
            raise self.wrong(name, "an instant like 2026-03-01T00:00:00Z") from None

    def base64(self, name: str) -> bytes:
        """Return the bytes of padded base64, standard or URL-safe alphabet, without slack."""
        value = self.text(name).replace("-", "+").replace("_", "/")
        try:
            data = binascii.a2b_base64(value, strict_mode=True)
        except ValueError:
            raise self.wrong(name, "base64") from None
        if binascii.b2a_base64(data, newline=False) != value.encode("ascii"):
            raise self.wrong(name, "base64 in its one form")
        return data


def read_instant(text: str) -> datetime:
    """Return the instant that `instant_text` wrote; ValueError when it is no such text."""
    if _INSTANT.fullmatch(text) is None:
        raise ValueError("no instant in UTC")
    return datetime.fromisoformat(text)


def instant_text(at: datetime) -> str:
    """Return an instant (with offset) as text in UTC, like 2026-03-01T00:00:00Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


class _Refused(Exception):
    """JSON as such, but not JSON that we take."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise _Refused("a key stands twice in one object")
    return fields


def _exact(digits: str) -> int:
    if len(digits) > 17 or abs(int(digits)) > MOST:
        raise _Refused("a number is beyond 2**53 - 1")
    return int(digits)


def _no_number(_text: str) -> object:
    raise _Refused("a number is not whole")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_exact, parse_float=_no_number, parse_constant=_no_number
)
