"""What the resources say of an attribute of a file: the file's own value, who agrees with it, who says otherwise."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

Values = Mapping[str, Any]
AGREES, LEAD, ONLY = "agrees", "lead", "only"


def stated(document: Values, name: str, resources: Collection[str]) -> list[Values]:
    """Return what some resources state of an attribute, the file's value first: each once, with its source and day.

    A resource that agrees states the file's value. Why the file's own value won is told as far as these resources show
    it: what others say does not show, not even as there being anything.
    """
    won: Values = document.get(name) or {}
    others = [each for each in document.get("contradictions") or [] if each["attribute"] == name]
    agreeing = [
        {"value": won.get("value"), **each, "reason": AGREES}
        for each in document.get("agreements") or []
        if each["attribute"] == name
    ]
    known = [each for each in (won, *agreeing, *others) if each.get("resource") in resources]
    said = [each for each in known if each.get("value") is not None]
    if said and said[0] is won and len(said) == 1 and won.get("reason") != LEAD:
        return [{**won, "reason": ONLY}]
    return said


def is_files_value(said: Values) -> bool:
    """Say whether what `stated` returned is what the file has: it won, or agrees."""
    return bool(said) and ("attribute" not in said or said.get("reason") == AGREES)
