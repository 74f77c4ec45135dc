"""Days and working days as portals write them. What could be two days, or none, is neither guessed nor rounded."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

_ISO = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*(?:日|号)?(?!\d)")
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\d{4}|\d{6})?\Z")
_ENGLISH = re.compile(
    r"(?:(?P<d1>\d{1,2})(?:st|nd|rd|th)?\s+)?(?P<m>[A-Za-z]{3,9})\.?\s+"
    r"(?:(?P<d2>\d{1,2})(?:st|nd|rd|th)?,?\s+)?(?P<y>\d{4})"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DIGITS = {**{d: str(n) for n, d in enumerate("〇一二三四五六七八九")}, "○": "0", "零": "0", "O": "0", "两": "2"}
_CHINESE_DAY = re.compile(
    r"([〇○零O一二三四五六七八九]{4})年([一二三四五六七八九十]{1,2})月([一二三四五六七八九十]{1,3})日"
)
_CHINA = timezone(timedelta(hours=8))
_FORM = {
    "yyyy": r"(?P<y>\d{4})",
    "MM": r"(?P<m>\d{2})",
    "dd": r"(?P<d>\d{2})",
    "M": r"(?P<m>\d{1,2})",
    "d": r"(?P<d>\d{1,2})",
}
_FORM_PARTS = re.compile("yyyy|MM|dd|M|d")
FIRST, LAST = 1900, 2100
_WORKING = re.compile(r"(\d{1,4})\s*(?:个|個)?\s*(?:法定)?\s*(?:工作日|working days?|business days?)", re.IGNORECASE)
_AT_ONCE = ("即办", "即时", "当场", "当日", "立等", "即到", "马上", "at once", "immediate")


def is_form(form: str) -> bool:
    """Say whether a text is a form of days, like dd/MM/yyyy."""
    parts = _FORM_PARTS.findall(form)
    return len(parts) == 3 and {part[0] for part in parts} == {"y", "M", "d"}


def parse_day(text: str, forms: Iterable[str] = ()) -> date | None:
    """Return the day in a text; None where there is none, or where it could be several.

    Understood are 2023-5-8, 2023/05/08 10:00, 2023.5.8, 2023年5月8日, 二〇二三年五月八日, 20230508, 20230508103000,
    RFC 3339 with any offset (the day as written), RFC 822, "8 May 2023", "May 8, 2023", and seconds or milliseconds
    since 1970 (the day in China). Others, like 08/05/2023, need a form.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    for form in forms:
        if (found := _by_form(plain, form)) is not None:
            return found
    for reader in (_iso, _compact, _chinese, _stamp, _english, _rfc822):
        if (found := reader(plain)) is not None:
            return found if FIRST <= found.year <= LAST else None
    return None


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _by_form(text: str, form: str) -> date | None:
    pattern, at = "", 0
    for part in _FORM_PARTS.finditer(form):
        pattern += re.escape(form[at : part.start()]) + _FORM[part[0]]
        at = part.end()
    found = re.match(pattern + re.escape(form[at:]) + r"(?!\d)", text)
    return _day(found["y"], found["m"], found["d"]) if found else None


def _iso(text: str) -> date | None:
    found = _ISO.match(text)
    return _day(*found.groups()) if found else None


def _compact(text: str) -> date | None:
    found = _COMPACT.match(text)
    return _day(*found.groups()) if found and FIRST <= int(found[1]) <= LAST else None


def _chinese(text: str) -> date | None:
    found = _CHINESE_DAY.search(text)
    if found is None:
        return None
    return _day("".join(_DIGITS[c] for c in found[1]), str(_tens(found[2])), str(_tens(found[3])))


def _tens(text: str) -> int:
    """Read a Chinese number below a hundred."""
    tens, sign, ones = text.rpartition("十")
    if not sign:
        return int("".join(_DIGITS[c] for c in text))
    return (int(_DIGITS[tens]) if tens else 1) * 10 + (int(_DIGITS[ones]) if ones else 0)


def _stamp(text: str) -> date | None:
    if not (text.isascii() and text.isdecimal() and len(text) in (10, 13)):
        return None
    seconds = int(text) / (1000 if len(text) == 13 else 1)
    return datetime.fromtimestamp(seconds, UTC).astimezone(_CHINA).date()


def _english(text: str) -> date | None:
    found = _ENGLISH.match(text)
    if found is None or found["m"][:3].lower() not in _MONTHS or not (found["d1"] or found["d2"]):
        return None
    return _day(found["y"], str(_MONTHS.index(found["m"][:3].lower()) + 1), found["d1"] or found["d2"])


def _rfc822(text: str) -> date | None:
    try:
        return parsedate_to_datetime(text).date()
    except (TypeError, ValueError, IndexError):
        return None


def working_days(text: str) -> int | None:
    """Return the working days in a text (20, 20个工作日, 即办); None where it says other days, or none."""
    plain = unicodedata.normalize("NFKC", text).strip()
    plain = re.sub(r"[一二三四五六七八九十两]{1,3}(?=\s*(?:个|個)?(?:法定)?工作日)", lambda m: _small(m[0]), plain)
    if plain.isascii() and plain.isdecimal() and len(plain) <= 4:
        return int(plain)
    found = _WORKING.findall(plain)
    if len(set(found)) == 1:
        return int(found[0])
    return 0 if not found and any(word in plain.lower() for word in _AT_ONCE) else None


def _small(text: str) -> str:
    tens, sign, ones = text.rpartition("十")
    is_number = all(c in _DIGITS for c in tens + ones) and len(tens) <= 1 and len(ones) <= 1
    return str(_tens(text)) if is_number and (sign or len(text) == 1) else text
