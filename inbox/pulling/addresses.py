"""The address of a department's system, from the setting that names it: credentials stand there and nowhere else."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from inbox.pulling.errors import SETTING, SourceUnusable

_MOST_BYTES = 100_000


@dataclass(frozen=True)
class Address:
    """Where a system is: `url`, and options that go with it (headers of requests, the driver's jar, user, password)."""

    setting: str
    url: str = field(repr=False)
    options: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def scheme(self) -> str:
        """What stands before the first colon."""
        return self.url.partition(":")[0].lower()

    @property
    def place(self) -> str:
        """Which system it is, without who asks and how: the same for another password, another for another host."""
        return re.sub("//[^@]*@", "//", re.split("[?;]", self.url, maxsplit=1)[0], count=1)


def address(sources: Mapping[str, str], name: str) -> Address:
    """Return the address of a name.

    Args:
        sources: texts by name, from the settings: the address in the first line, an option `key: value` in each line
            after it; or `@PATH`, the file that holds all that.

    Raises:
        SourceUnusable: there is no such setting, or its file cannot be read or may be read by others.
    """
    text = sources.get(name, "").strip()
    if not text:
        raise SourceUnusable(name, "it is not set", "set it to the system's address, or to @PATH of a file with it")
    if text.startswith("@"):
        text = _in_file(name, Path(text[1:]))
    first, *others = [line.strip() for line in text.splitlines() if line.strip()] or [""]
    options = {}
    for line in others:
        key, colon, value = line.partition(":")
        if not colon:
            raise SourceUnusable(name, "a line below the address is no option", "write each as 'key: value'")
        options[key.strip()] = value.strip()
    if ":" not in first or any(ord(sign) < 32 for sign in first):
        raise SourceUnusable(name, "its first line is no address", f"write {SETTING}{name} like https://HOST/PATH")
    return Address(name, first, options)


def _in_file(name: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            if stat.S_IMODE(path.stat().st_mode) & 0o007:
                raise SourceUnusable(name, "everybody may read its file", "let only its owner read it: chmod 600")
            return file.read(_MOST_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise SourceUnusable(name, f"its file cannot be read ({type(error).__name__})", "look at the path") from None
