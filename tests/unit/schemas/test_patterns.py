"""Patterns that Java and Python read alike are taken; the others are refused with advice."""

from __future__ import annotations

import pytest

from schemas.patterns import date_fault, regex_fault


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[A-Z]{2}-[0-9]{6}$",
        r"^(a|b)$",
        r"^[^|]+\|x$",
        r"^(?:ab)?$",
        r"^[\[\]]$",
        r"^\.\\$",
        r"^[一-龥]{2,4}$",
        r"^(?!0)[0-9]+$",
    ],
)
def test_common_patterns_are_taken(pattern: str) -> None:
    assert regex_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [r"^\d$", r"^\w+$", r"^a\Z", r"^\p{L}$", r"^(?P<a>b)$", r"^(?<a>b)$", r"^(a)?(?(1)b|c)$", r"^(?i)a$", r"^a{,3}$",
     r"^\07$", r"[a]", r"^a|b$", r"^[a-z&&b]$", r"^[[a]]$", r"^(a$", r"^(?#x)a$", r"^\U0001F600$"],
)  # fmt: skip
def test_patterns_that_differ_or_do_not_compile_are_refused(pattern: str) -> None:
    assert regex_fault(pattern)


@pytest.mark.parametrize(
    "pattern", ["yyyyMMdd", "yyyy-MM-dd", "dd/MM/yyyy", "yyyy年M月d日", "yyyy/M/d H:mm:ss", "yyyy-MM-dd'T'HH:mm"]
)
def test_date_patterns_are_taken(pattern: str) -> None:
    assert date_fault(pattern) is None


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        "yyyy",
        "yy-MM-dd",
        "YYYY-MM-dd",
        "yyyy-mm-dd",
        "yyyy-MM-DD",
        "yyyy-MM-ddTHH",
        "MMM d yyyy",
        "yyyy-MM-dd'",
        "yyyy-MM-dd hh",
    ],
)
def test_date_patterns_that_say_something_else_than_meant_are_refused(pattern: str) -> None:
    assert date_fault(pattern)
