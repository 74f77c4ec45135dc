"""Numbers of people and enterprises with the right check characters, whole columns at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from samples.city import calendar
from samples.city.chance import Ints
from schemas.identifiers import enterprises, persons

Codes = NDArray[np.bytes_]
"""Numbers of 18 characters, as numpy's S18."""

AREAS = ("690101", "690102", "690103", "690104", "690105", "690106")
"""Areas of a province that was never given: what is made of them belongs to nobody."""

ORDERS = 498
"""Orders a day, area and sex: those above are kept for centenarians in numbers of 15 digits."""


def citizen_numbers(area: Ints, birth: Ints, sex: Ints, order: Ints) -> Codes:
    """Return citizens' numbers.

    Args:
        area: places in `AREAS`.
        birth: days.
        sex: 1 male, 2 female.
        order: 0 to below `ORDERS`, each once for a day, area and sex.
    """
    areas = np.array([int(code) for code in AREAS], dtype=np.int64)[area]
    return checked(areas, birth, 2 * order + np.where(sex == 1, 1, 2))


def checked(areas: Ints, birth: Ints, orders: Ints) -> Codes:
    """Return numbers of 18 characters from areas of six digits, days of birth, and orders of three digits."""
    body = (areas * 10**8 + calendar.compact(birth)) * 1000 + orders
    digits = _digits(body, 17)
    check = np.frombuffer(persons.CHECKS.encode(), np.uint8)
    total = digits.astype(np.int64) @ np.array(persons.WEIGHTS, dtype=np.int64)
    return _joined(digits + ord("0"), check[total % 11])


def ranks(area: Ints, birth: Ints, sex: Ints) -> Ints:
    """Return for each person how many before it share area, day of birth and sex."""
    cell = (birth - birth.min()) * (len(AREAS) * 2) + area * 2 + sex % 2
    order = np.argsort(cell, kind="stable")
    ordered = cell[order]
    is_first = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    first = np.maximum.accumulate(np.where(is_first, np.arange(len(cell)), 0))
    found = np.empty(len(cell), dtype=np.int64)
    found[order] = np.arange(len(cell)) - first
    return found


def credit_codes(area: Ints, serial: Ints, heads: NDArray[np.bytes_] | None = None) -> Codes:
    """Return unified social credit codes, one for each serial.

    Args:
        area: places in `AREAS`.
        serial: 0 to below 31 to the power of 6.
        heads: the first two characters of each (S2); None: those of enterprises, 91.
    """
    rows = len(serial)
    alphabet = np.frombuffer(enterprises.ALPHABET.encode(), np.uint8)
    areas = np.array([list(code.encode()) for code in AREAS], dtype=np.uint8)[area]
    powers = 31 ** np.arange(5, -1, -1, dtype=np.int64)
    tail = alphabet[serial[:, None] // powers % 31]
    organisation = np.concatenate([np.tile(np.frombuffer(b"MA", np.uint8), (rows, 1)), tail], axis=1)
    inner = _weighted(organisation, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", enterprises.ORGANISATION_WEIGHTS) % 11
    check = np.frombuffer(enterprises.ORGANISATION_CHECKS.encode(), np.uint8)[inner]
    heads = np.full(rows, b"91", dtype="S2") if heads is None else heads
    head = np.ascontiguousarray(heads).view(np.uint8).reshape(rows, 2)
    body = np.concatenate([head, areas, organisation, check[:, None]], axis=1)
    last = -_weighted(body, enterprises.ALPHABET, enterprises.WEIGHTS) % 31
    return _joined(body, alphabet[last])


def _digits(numbers: Ints, width: int) -> NDArray[np.uint8]:
    powers = 10 ** np.arange(width - 1, -1, -1, dtype=np.int64)
    found: NDArray[np.uint8] = (numbers[:, None] // powers % 10).astype(np.uint8)
    return found


def _weighted(characters: NDArray[np.uint8], alphabet: str, weights: tuple[int, ...]) -> Ints:
    values = np.zeros(256, dtype=np.int64)
    values[np.frombuffer(alphabet.encode(), np.uint8)] = np.arange(len(alphabet))
    found: Ints = values[characters] @ np.array(weights, dtype=np.int64)
    return found


def _joined(body: NDArray[np.uint8], last: NDArray[np.uint8]) -> Codes:
    whole = np.ascontiguousarray(np.concatenate([body.astype(np.uint8), last[:, None]], axis=1))
    found: Codes = whole.view("S18").reshape(-1)
    return found
