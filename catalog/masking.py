"""How a value is shown to whoever need not see all of it, by the grade of its information item."""

from __future__ import annotations

import unicodedata

from catalog.grades import GRADES

WHOLE = "•••"


def masked(text: str, sensitivity: str) -> str:
    """Return a value as its grade lets it be shown: all of it, its shape alone, or nothing.

    The shape has a sign for each character: 0 for a figure, A or a for a letter, 某 for a character of Chinese or of
    another script without capitals; all other characters stay. It tells what a declaration does to a value and not
    whose it is.
    """
    match GRADES[sensitivity].masking:
        case "none":
            return text
        case "part":
            return "".join(map(_shape, text))
        case _:
            return WHOLE


def _shape(character: str) -> str:
    category = unicodedata.category(character)
    if category.startswith("N"):
        return "0"
    if category in ("Lu", "Lt"):
        return "A"
    if category == "Ll":
        return "a"
    return "某" if category.startswith(("L", "M", "C")) else character
