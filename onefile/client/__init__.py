"""The library for systems that ask the counter: tokens, purposes, retries, and checks of every answer.

>>> from onefile.client import Counter, Purpose
>>> Purpose("G20261129-0001", "0102", "D-2026-000017").item
'0102'
"""

from onefile.client.counter import Counter
from onefile.client.errors import AnswerNotGenuine, ClientError, Refused, Unreachable
from onefile.client.purpose import Purpose

__all__ = ["AnswerNotGenuine", "ClientError", "Counter", "Purpose", "Refused", "Unreachable"]
