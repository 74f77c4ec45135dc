"""What a text becomes on its way: a cleaned text with a reason, or a typed value with a reason."""

from __future__ import annotations

from typing import Any, NamedTuple


class Cleaned(NamedTuple):
    """A cleaned text, and why there is none.

    `reason` is a code of `schemas.reasons`, None where all is well; where there is one, `text` is None.
    """

    text: str | None
    reason: str | None = None


class Reading(NamedTuple):
    """A typed value, why there is none, and what was noticed that is no error.

    `reason` and `warning` are codes of `schemas.reasons`, None where there is nothing to say.
    `value` is None wherever there is a reason.
    """

    value: Any
    reason: str | None = None
    warning: str | None = None
