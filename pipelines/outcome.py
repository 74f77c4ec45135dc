"""What a column becomes on its way: a text with a reason, or a typed value with a reason."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column


@dataclass(frozen=True)
class Cleaned:
    """A cleaned text (string) and why there is none (string, null where all is well).

    `reason` None: nothing that was done so far can fail.
    """

    text: Column
    reason: Column | None = None


@dataclass(frozen=True)
class Reading:
    """A typed value, why there is none, and what was noticed that is no error.

    `reason` and `warning` are strings, codes of `schemas.reasons`, null where there is nothing
    to say. `value` is null wherever there is a reason.
    """

    value: Column
    reason: Column
    warning: Column
