"""Why a text is not the identifier it was taken for. Messages never hold the text itself."""

from __future__ import annotations

from onefile.errors import OneFileError
from schemas.reasons import REASONS


class InvalidIdentifier(OneFileError, ValueError):
    """A text is not the identifier wanted.

    Attributes:
        wanted: what was asked for, like `citizen number`.
        reason: a code of `schemas.reasons`.
        faults: generator faults by name, worst first (licence identifiers only).
        repaired: a proposal of what was meant (licence identifiers only), or None.
    """

    def __init__(self, wanted: str, reason: str, *, faults: tuple[str, ...] = (), repaired: str | None = None) -> None:
        known = REASONS[reason]
        named = f" ({', '.join(faults)})" if faults else ""
        super().__init__(f"not a valid {wanted}: {known.en}{named}; {known.fix_en}")
        self.wanted = wanted
        self.reason = reason
        self.faults = faults
        self.repaired = repaired

    @property
    def fault(self) -> str | None:
        """The first named fault, or None."""
        return self.faults[0] if self.faults else None
