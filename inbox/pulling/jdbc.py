"""Databases of any make, by the path of their JDBC driver: a small Java of its own reads the rows, and no engine.

`Rows.java` beside this file is compiled when it starts, by Janino, which Spark brings, so that a Java that has no
compiler will do. Address and credentials go to it by its standard input, never by its command line.
"""

from __future__ import annotations

import base64
import json
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from inbox.pulling.addresses import Address
from inbox.pulling.drivers import Binary, Zone
from inbox.pulling.errors import SourceUnusable
from inbox.pulling.views import STATES_REFUSED, Broke, Row, View
from onefile import java

PROGRAM = Path(__file__).with_name("Rows.java")
SCHEME = "jdbc"
_OWN = ("jar",)
_SECONDS_TO_END = 10
_STATE = re.compile("[0-9A-Z]{5}|0A [0-9A-Za-z_]{1,60}|[0-9A-Za-z_]{1,60}")


class JdbcDatabase:
    """A database reached by its JDBC driver.

    The setting has the address `jdbc:…`, and among its options `jar: PATH[:PATH]`, the driver and what it needs; the
    others (user, password, …) are the driver's properties.
    """

    kind = SCHEME

    def __init__(self, address: Address, zone: Zone) -> None:
        jars = [Path(each) for each in address.options.get("jar", "").split(":") if each]
        if not jars or not all(each.is_file() for each in jars):
            why = "its driver's jar is not there" if jars else "it names no driver"
            raise SourceUnusable(address.setting, why, "write a line 'jar: PATH' below the address")
        try:
            compiler = java.compiler()
        except FileNotFoundError:
            raise SourceUnusable(address.setting, "Spark is not installed here", "install onefile[flow]") from None
        self._address = address
        path = ":".join(str(each) for each in (*compiler, *jars))
        self._command = [java.program(), "-XX:TieredStopAtLevel=1", "-Xmx512m", f"-Duser.timezone={zone.name}",
                         "-cp", path, "org.codehaus.janino.SimpleCompiler", str(PROGRAM), "Rows"]  # fmt: skip

    def close(self) -> None:
        """Nothing is held: each view ends its own Java."""

    @contextmanager
    def view(self, snapshot: str | None = None) -> Iterator[View]:
        if snapshot is not None:
            raise ValueError("a JDBC driver shares no snapshot")
        try:
            process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
            )
        except OSError:
            raise SourceUnusable(self._address.setting, "there is no Java", "run `onefile doctor`") from None
        try:
            properties = {key: value for key, value in self._address.options.items() if key not in _OWN}
            view = _JdbcView(process)
            told = [text for pair in properties.items() for text in pair]
            view.tell(self._address.url, str(len(properties)), *told)
            view.quote = view.read()
            yield view
        finally:
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """Let the Java roll back and end; one that does not is killed."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with suppress(OSError):
                pipe.close()
    try:
        process.wait(_SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class _JdbcView:
    """A transaction in a Java of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.quote: object = '"'

    def quoted(self, name: str) -> str:
        quote = str(self.quote)
        if not quote and not re.fullmatch(r"[^\W\d]\w*", name):
            raise Broke("a driver that quotes no names, and one that needs it", may_pass=False)
        return f"{quote}{name.replace(quote, quote * 2) if quote else name}{quote}"

    def plain(self, sql: str) -> str:
        return sql

    def parameter(self, place: int) -> str:  # noqa: ARG002  they are told by their order
        return "?"

    def names(self, sql: str) -> list[str]:
        answer = self._answer(sql, ())
        names = next(answer)
        for _ in answer:
            continue
        return [str(name) for name in names]

    def rows(self, sql: str, values: Sequence[str] = ()) -> Iterator[Row]:
        answer = self._answer(sql, values)
        next(answer)
        yield from answer

    def tell(self, *texts: str) -> None:
        """Send lines."""
        stdin = self._process.stdin
        if stdin is None:
            raise ValueError("the Java has no standard input")
        try:
            stdin.write(b"".join(base64.b64encode(text.encode()) + b"\n" for text in texts))
            stdin.flush()
        except OSError:
            raise Broke("a Java that ended", may_pass=True) from None

    def read(self) -> object:
        """Return the next line's JSON, None for the end of an answer; raise what it says went wrong."""
        line = self._process.stdout.readline() if self._process.stdout is not None else b""
        if line == b".\n":
            return None
        if line.startswith(b"!"):
            said = line[1:].decode("utf-8", "replace").strip()
            state = said if _STATE.fullmatch(said) else "an SQL state that is none"
            raise Broke(state, may_pass=not state.startswith((*STATES_REFUSED, "0A", "22")))
        if line.startswith(b"#"):
            raise Binary
        if not line.endswith(b"\n"):
            raise Broke("a Java that ended", may_pass=True)
        try:
            return json.loads(line)
        except ValueError:
            raise Broke("an answer that is none", may_pass=False) from None

    def _answer(self, sql: str, values: Sequence[str]) -> Iterator[Row]:
        self.tell(sql, str(len(values)), *values)
        while (row := self.read()) is not None:
            if not isinstance(row, list):
                raise Broke("an answer that is none", may_pass=False)
            yield row
