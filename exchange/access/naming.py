"""Whether a text names somebody by number: such a text is kept nowhere in the clear."""

from __future__ import annotations

import re

from inbox.names import has_person_number
from schemas.identifiers import InvalidIdentifier, credit_code

_MAYBE_A_CODE = re.compile(r"(?<![0-9A-Za-z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Za-z])")


def names_somebody(text: str) -> bool:
    """Say whether what looks like a person's number, or is a credit code, stands in a text."""
    return has_person_number(text) or any(_is_code(found) for found in _MAYBE_A_CODE.findall(text.upper()))


def _is_code(text: str) -> bool:
    try:
        credit_code(text)
    except InvalidIdentifier:
        return False
    return True
