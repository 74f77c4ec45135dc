"""Electronic licence identifiers, and the faults that deployed generators put into them.

Follows the structure used by deployed licence systems after GB/T 36904-2018:
`1.2.156.3005.2.<type>.<issuer>.<serial>.<version>.<check>`; the check character is ISO 7064
MOD 37,36 over type, issuer, serial and version, without the root and the dots.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from schemas.identifiers import areas
from schemas.identifiers.enterprises import credit_fault
from schemas.identifiers.errors import InvalidIdentifier

ROOT = "1.2.156.3005.2"
WRONG_ROOT = "1.2.156.3003.2"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
FAULTS = {
    "wrong_root": ("root", "根写成 1.2.156.3003.2", "root 1.2.156.3003.2 instead of 1.2.156.3005.2"),
    "root_missing": ("root", "缺少根 1.2.156.3005.2", "the root 1.2.156.3005.2 is missing"),
    "check_missing": ("structure", "缺少校验位", "the check character is missing"),
    "underscore": ("alphabet", "流水号含有下划线", "underscores in the serial"),
    "dash": ("alphabet", "流水号含有连字符", "dashes in the serial"),
    "lower_case": ("alphabet", "含有小写字母", "lower-case letters"),
    "version_width": ("version", "版本号不是三位", "the version is not three digits wide"),
    "root_in_check": ("check", "计算校验位时计入了根", "the root was fed into the check character"),
    "mod_37_2": ("check", "校验位按 MOD 37-2 计算", "the check character was computed by MOD 37-2"),
    "root_in_mod_37_2": ("check", "校验位按 MOD 37-2 计算并计入了根", "MOD 37-2 was used, and the root fed in"),
    "wrong_check": ("check", "校验位不符", "the check character does not fit"),
}
"""Fault by name: the reason it counts as, and its words in Chinese and English. Worst first."""

_TYPE = re.compile(r"[0-9A-Z]{18}[0-9]{3}\Z")
_ISSUER = re.compile(r"(?:[0-9A-Z]{18}|[0-9]{6}|[0-9]{9}|[0-9]{12})\Z")
_SERIAL = re.compile(r"[0-9A-Z]+\Z")
_VERSION = re.compile(r"[0-9]{3}\Z")
_ALLOWED = re.compile(r"[0-9A-Za-z._*-]*\Z")
_START = 36


def _steps() -> tuple[bytes, ...]:
    """Return the state machine of MOD 37,36: next state by state (1 to 36) and ASCII character."""
    table = [bytes(256)]
    for state in range(1, 37):
        row = bytearray(256)
        for value, character in enumerate(ALPHABET):
            row[ord(character)] = ((state + value) % 36 or 36) * 2 % 37
        table.append(bytes(row))
    return tuple(table)


_STEPS = _steps()


@dataclass(frozen=True)
class LicenceId:
    """An electronic licence identifier that has been checked.

    `type` is the defining authority's code and 3 digits, `issuer` a credit code or an area
    code, `version` counts from 1. `warnings` may hold `type_authority_check` or
    `issuer_check`: the code inside does not pass its own check.
    """

    text: str
    type: str
    issuer: str
    serial: str
    version: int
    check: str
    warnings: tuple[str, ...] = ()


def licence_id(text: str) -> LicenceId:
    """Read an electronic licence identifier.

    Args:
        text: the whole identifier with its root and dots, upper-case.

    Raises:
        InvalidIdentifier: `structure`, `alphabet`, `root`, `type`, `issuer`, `version`,
            `check`. Its `faults` name the known generator faults (`FAULTS`), and `repaired`
            proposes what was meant where that can be told.

    Source: follows the structure used by deployed licence systems (GB/T 36904-2018); ISO 7064.
    """
    reason = licence_fault(text)
    if reason is not None:
        faults, repaired = diagnose(text)
        raise InvalidIdentifier("licence identifier", reason, faults=faults, repaired=repaired)
    kind, issuer, serial, version, check = text[len(ROOT) + 1 :].split(".")
    return LicenceId(text, kind, issuer, serial, int(version), check, _warnings(kind, issuer))


def make_licence_id(kind: str, issuer: str, serial: str, version: int) -> LicenceId:
    """Make an electronic licence identifier from its parts, with its check character.

    Args:
        kind: the type's code: the defining authority's code and 3 digits.
        issuer: the issuing authority's credit code, or an area code.
        serial: digits and capital letters.
        version: 1 to 999.

    Raises:
        InvalidIdentifier: a part is not as it must be; `reason` as `licence_id` says.
    """
    number = f"{version:03d}"
    reason = _body_fault(kind, issuer, serial, number)
    if reason is not None:
        raise InvalidIdentifier("licence identifier", reason)
    body = kind + issuer + serial + number
    return licence_id(f"{ROOT}.{kind}.{issuer}.{serial}.{number}.{check_character(body)}")


def licence_fault(text: str) -> str | None:
    """Return why the text is no licence identifier, or None. Never raises on any text."""
    if not _ALLOWED.match(text):
        return "alphabet"
    if not text.startswith(f"{ROOT}."):
        return "root"
    parts = text[len(ROOT) + 1 :].split(".")
    if len(parts) != 5:
        return "structure"
    return _part_fault(*parts)


def check_character(body: str) -> str:
    """Return the MOD 37,36 check character of ASCII digits and upper-case letters.

    Source: ISO 7064, hybrid system MOD 37,36.
    """
    state = _START
    for code in body.encode("ascii"):
        state = _STEPS[state][code]
    return ALPHABET[(1 - state) % 36]


def diagnose(text: str) -> tuple[tuple[str, ...], str | None]:
    """Name the known faults in a text, worst first, and propose the identifier that was meant.

    Returns:
        Names of `FAULTS`, and the repaired identifier, or None where it cannot be told (an
        unknown root, parts that are missing or malformed beyond the known faults).
    """
    found, parts = _parts(text)
    if parts is None:
        return tuple(found), None
    kind, issuer, serial, version, check = parts
    mended = _mend(kind, issuer, serial, version, found)
    if check != check.upper():
        found.add("lower_case")
        check = check.upper()
    body = "".join(mended)
    is_whole = _body_fault(*mended) is None
    if is_whole and check != check_character(body):
        found.add("check_missing" if not check else _check_fault(body, "".join(parts[:4]), check))
    repaired = f"{ROOT}.{'.'.join(mended)}.{check_character(body)}" if is_whole else None
    return tuple(name for name in FAULTS if name in found), repaired


def _part_fault(kind: str, issuer: str, serial: str, version: str, check: str) -> str | None:
    reason = _body_fault(kind, issuer, serial, version)
    if reason is not None:
        return reason
    state = _head(kind, issuer)[1]
    for code in (serial + version).encode("ascii"):
        state = _STEPS[state][code]
    return None if check == ALPHABET[(1 - state) % 36] else "check"


@lru_cache(4096)
def _head(kind: str, issuer: str) -> tuple[str | None, int]:
    """Return what is wrong with type and issuer, and the check's state after them: millions share a few of these."""
    if not _TYPE.match(kind):
        return "type", _START
    if not _ISSUER.match(issuer):
        return "issuer", _START
    state = _START
    for code in (kind + issuer).encode("ascii"):
        state = _STEPS[state][code]
    return None, state


def _body_fault(kind: str, issuer: str, serial: str, version: str) -> str | None:
    reason = _head(kind, issuer)[0]
    if reason is not None:
        return reason
    if not _SERIAL.match(serial):
        return "alphabet"
    return None if _VERSION.match(version) and version != "000" else "version"


def _parts(text: str) -> tuple[set[str], list[str] | None]:
    """Take the root off and part the rest into five; the check is empty where it is missing."""
    found: set[str] = set()
    if not _ALLOWED.match(text):
        return found, None
    rest = text.removeprefix(f"{ROOT}.")
    if rest == text:
        rest = text.removeprefix(f"{WRONG_ROOT}.")
        found.add("wrong_root" if rest != text else "root_missing")
    parts = rest.split(".")
    if len(parts) == 4 and len(parts[3]) == 3:
        parts.append("")
    return (found, parts) if len(parts) == 5 else (found - {"root_missing"}, None)


def _mend(kind: str, issuer: str, serial: str, version: str, found: set[str]) -> tuple[str, str, str, str]:
    if "_" in serial:
        found.add("underscore")
    if "-" in serial:
        found.add("dash")
    if any(part != part.upper() for part in (kind, issuer, serial)):
        found.add("lower_case")
    if version.isdigit() and len(version) != 3 and 0 < int(version[-9:]) < 1000:
        found.add("version_width")
        version = f"{int(version):03d}"
    return kind.upper(), issuer.upper(), serial.upper().replace("_", "").replace("-", ""), version


def _check_fault(body: str, written: str, check: str) -> str:
    """Name how a wrong check character came about; `written` is the body as it was written."""
    bodies = (body, written.upper().replace("_", "").replace("-", ""))
    rooted = [root.replace(".", "") + b for b in bodies for root in (ROOT, WRONG_ROOT)]
    if any(check == check_character(b) for b in rooted):
        return "root_in_check"
    if any(check == _check_37_2(b) for b in bodies):
        return "mod_37_2"
    if any(check == _check_37_2(b) for b in rooted):
        return "root_in_mod_37_2"
    return "wrong_check"


def _check_37_2(body: str) -> str:
    """Return the check character of the pure system MOD 37-2, which some generators use."""
    state = 0
    for character in body:
        state = (state + ALPHABET.index(character)) * 2 % 37
    return (ALPHABET + "*")[(1 - state) % 37]


def _warnings(kind: str, issuer: str) -> tuple[str, ...]:
    found = []
    if credit_fault(kind[:18]) is not None:
        found.append("type_authority_check")
    if (credit_fault(issuer) if len(issuer) == 18 else areas.warning(issuer)) is not None:
        found.append("issuer_check")
    return tuple(found)
