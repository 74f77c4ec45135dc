"""A delivery's manifest: bytes of a department become a `Manifest`, or are refused."""

from __future__ import annotations

import calendar
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from inbox.errors import Refused
from inbox.names import is_file_name, is_id

MAX_BYTES = 16 * 2**20
MAX_FILES = 10_000
MAX_ROWS = 2**53 - 1
"""What a receipt, being canonical JSON, can still say."""
FIRST_YEAR = 1000
"""Years are four digits, the first of them not 0, in every way of writing days that there is here."""
_KEYS = ("resource", "id", "period", "files")
_OPTIONAL_KEYS = ("redrives",)
_FILE_KEYS = ("name", "rows", "sha256")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
_YEAR = re.compile(r"[0-9]{4}")


@dataclass(frozen=True, slots=True)
class FileEntry:
    """A file as the manifest declares it. `rows` counts data rows; `sha256` is lower-case hex."""

    name: str
    rows: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Redriven:
    """A row of an earlier delivery that a row of this one corrects."""

    delivery: str
    row: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a department says that it hands over.

    `period` is the days that the data is about, as the department wrote them: a day, a month,
    a year, or two days with '/' between; `first_day` and `last_day` are inclusive. `redrives` is
    empty, or has for each row of the delivery, in order, the rejected row that it corrects.
    """

    resource: str
    id: str
    period: str
    first_day: date
    last_day: date
    files: tuple[FileEntry, ...]
    redrives: tuple[Redriven, ...] = ()

    @property
    def rows(self) -> int:
        """Data rows of all files."""
        return sum(file.rows for file in self.files)


def read_manifest(content: bytes) -> Manifest:
    """Read a manifest's bytes strictly. A byte order mark is passed over.

    Raises:
        Refused: `manifest_malformed`, `no_files` or `bad_file_name`; nothing of the bytes is quoted.
    """
    facts = _members(_parse(content), _KEYS, "the manifest", "清单", _OPTIONAL_KEYS)
    first_day, last_day = read_period(_text(facts, "period"))
    files = _files(facts["files"])
    return Manifest(
        resource=_text(facts, "resource"),
        id=_text(facts, "id"),
        period=facts["period"],
        first_day=first_day,
        last_day=last_day,
        files=files,
        redrives=_redrives(facts.get("redrives", []), sum(file.rows for file in files)),
    )


def write_manifest(
    resource: str, delivery: str, period: str, files: Sequence[FileEntry], redrives: Sequence[Redriven] = ()
) -> bytes:
    """Return the bytes of a manifest; the same facts give the same bytes."""
    facts: dict[str, Any] = {"resource": resource, "id": delivery, "period": period}
    facts["files"] = [asdict(file) for file in files]
    if redrives:
        facts["redrives"] = [asdict(row) for row in redrives]
    return json.dumps(facts, ensure_ascii=False, indent=2).encode() + b"\n"


def read_period(text: str) -> tuple[date, date]:
    """Return the first and last day of a period: 2026-03-01, 2026-03, 2026 or 2026-03-01/2026-03-31.

    Raises:
        Refused: `manifest_malformed`, the text is none of these.
    """
    try:
        first, last = _period(text)
        if first.year < FIRST_YEAR:
            raise ValueError("a year that nobody means")
        return first, last
    except ValueError:
        raise _malformed(
            "period is none of YYYY-MM-DD, YYYY-MM, YYYY, YYYY-MM-DD/YYYY-MM-DD from the year 1000 on",
            "period 应为 YYYY-MM-DD、YYYY-MM、YYYY 或 YYYY-MM-DD/YYYY-MM-DD，年份不早于 1000",
        ) from None


def _period(text: str) -> tuple[date, date]:
    if _YEAR.fullmatch(text):
        return date(int(text), 1, 1), date(int(text), 12, 31)
    if _MONTH.fullmatch(text):
        year, month = int(text[:4]), int(text[5:])
        first = date(year, month, 1)
        return first, first.replace(day=calendar.monthrange(year, month)[1])
    days = [_day(part) for part in text.split("/")]
    if len(days) == 1:
        return days[0], days[0]
    first, last = days
    if last < first:
        raise ValueError("period ends before it begins")
    return first, last


def _day(text: str) -> date:
    if not _DAY.fullmatch(text):
        raise ValueError("not a day")
    return date.fromisoformat(text)


def _parse(content: bytes) -> object:
    if len(content) > MAX_BYTES:
        raise _malformed(f"it has more than {MAX_BYTES} bytes", f"超过 {MAX_BYTES} 字节")
    try:
        return json.loads(content.decode("utf-8-sig"), object_pairs_hook=_once, parse_constant=_no_constant)
    except Refused:
        raise
    except (ValueError, RecursionError):  # UnicodeDecodeError and JSONDecodeError are ValueErrors
        raise _malformed("it is no JSON text in UTF-8", "不是 UTF-8 的 JSON") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _malformed("a key stands twice in one object", "同一对象中有重复的键")
    return members


def _no_constant(text: str) -> object:
    raise ValueError(text)


def _members(
    value: object, keys: tuple[str, ...], what: str, what_zh: str, optional: tuple[str, ...] = ()
) -> dict[str, Any]:
    if not isinstance(value, dict) or set(value) - set(optional) != set(keys):
        wanted = ", ".join(keys)
        raise _malformed(f"{what} is no object with just the keys {wanted}", f"{what_zh}应为对象，键恰为 {wanted}")
    return value


def _text(facts: dict[str, Any], key: str) -> str:
    value = facts[key]
    if not isinstance(value, str) or not value:
        raise _malformed(f"{key} is no text", f"{key} 应为文本")
    return value


def _files(value: object) -> tuple[FileEntry, ...]:
    if not isinstance(value, list) or len(value) > MAX_FILES:
        raise _malformed(f"files is no list of at most {MAX_FILES}", f"files 应为列表，至多 {MAX_FILES} 项")
    if not value:
        raise Refused("no_files")
    files = tuple(_file(number, entry) for number, entry in enumerate(value, 1))
    if len({file.name for file in files}) != len(files):
        raise _malformed("a file is listed twice", "同一文件列了两次")
    return files


def _file(number: int, value: object) -> FileEntry:
    facts = _members(value, _FILE_KEYS, f"file {number}", f"第 {number} 个文件")
    name, rows, sha256 = facts["name"], facts["rows"], facts["sha256"]
    if not isinstance(name, str) or not is_file_name(name):
        raise Refused("bad_file_name", number=number)
    if type(rows) is not int or not 0 <= rows <= MAX_ROWS:
        raise _malformed(
            f"rows of file {number} is no count from 0 to {MAX_ROWS}",
            f"第 {number} 个文件的 rows 应为 0 至 {MAX_ROWS} 的整数",
        )
    if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
        raise _malformed(
            f"sha256 of file {number} is no 64 hex digits", f"第 {number} 个文件的 sha256 应为 64 位十六进制"
        )
    return FileEntry(name, rows, sha256.lower())


def _redrives(value: object, rows: int) -> tuple[Redriven, ...]:
    if value == []:
        return ()
    if not isinstance(value, list) or len(value) != rows:
        raise _malformed(
            "redrives does not name one rejected row for each row", "redrives 应为每行数据各指一条问题数据"
        )
    return tuple(_redriven(number, entry) for number, entry in enumerate(value, 1))


def _redriven(number: int, value: object) -> Redriven:
    facts = _members(value, ("delivery", "row"), f"entry {number} of redrives", f"redrives 第 {number} 项")
    delivery, row = facts["delivery"], facts["row"]
    if not isinstance(delivery, str) or not is_id(delivery) or type(row) is not int or not 1 <= row <= MAX_ROWS:
        raise _malformed(f"entry {number} of redrives names no row", f"redrives 第 {number} 项未指明行")
    return Redriven(delivery, row)


def _malformed(problem: str, problem_zh: str) -> Refused:
    return Refused("manifest_malformed", problem=problem, problem_zh=problem_zh)
