"""How fast this machine computes just now, so that limits in seconds of computing hold on a slower or busier one."""

from __future__ import annotations

import time

SECONDS_THERE = 0.05
"""What the loop takes on the machine that the limits were set on (3 GHz, nothing beside it)."""


def slowness() -> float:
    """Return how many times longer than there a fixed loop takes here, by the processor's own clock; at least 1."""
    return max(1.0, max(_loop() for _ in range(3)) / SECONDS_THERE)


def _loop() -> float:
    began, total = time.process_time(), 0
    for number in range(1_000_000):
        total += number % 7
    return time.process_time() - began
