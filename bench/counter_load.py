"""Closed-loop clients: each sends its next question when the last was answered; nothing but sockets, to cost little."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

Question = Callable[[random.Random], bytes]


@dataclass(frozen=True)
class Measured:
    """What clients saw: answers, answers a second, milliseconds at the median and the 99th percentile, failures.

    `warming` are the answers before the time that is measured.
    """

    answers: int
    a_second: float
    p50_ms: float
    p99_ms: float
    failed: int
    warming: int = 0


async def _client(port: int, question: Question, until: float, seed: int, times: list[float]) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    chance, failed = random.Random(seed), 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(question(chance))
        head = await reader.readuntil(b"\r\n\r\n")
        place = head.lower().index(b"content-length:") + 15
        await reader.readexactly(int(head[place : head.index(b"\r\n", place)]))
        times.append(time.perf_counter() - began)
        failed += not head.startswith(b"HTTP/1.1 200")
    writer.close()
    return failed


async def _all(port: int, question: Question, clients: int, seconds: float, seed: int) -> Measured:
    times: list[float] = []
    began = time.perf_counter()
    jobs = [_client(port, question, began + seconds, seed * 1000 + n, times) for n in range(clients)]
    failed = sum(await asyncio.gather(*jobs))
    passed = time.perf_counter() - began
    times.sort()
    at = [times[int(len(times) * share)] * 1000 for share in (0.5, 0.99)]
    return Measured(len(times), len(times) / passed, at[0], at[1], failed)


def load(port: int, question: Question, clients: int, seconds: float, seed: int = 1) -> Measured:
    """Ask for some seconds with so many clients; the first second warms up and is not counted."""
    warm = asyncio.run(_all(port, question, clients, 1.0, seed))
    measured = asyncio.run(_all(port, question, clients, seconds, seed + 1))
    return replace(measured, warming=warm.answers, failed=measured.failed + warm.failed)


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Return a POST as the bytes that go over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json",
             f"Content-Length: {len(body)}", *(f"{name}: {value}" for name, value in headers.items())]  # fmt: skip
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


if __name__ == "__main__":
    sys.exit("this is a part of bench.counter")
