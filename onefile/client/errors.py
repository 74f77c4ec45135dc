"""What can go wrong when the counter is asked. No message holds what was asked, or what was answered."""

from __future__ import annotations

from typing import Any

from onefile.errors import OneFileError


class ClientError(OneFileError):
    """The root of this package's errors."""


class Refused(ClientError):
    """The counter refused; `code` is its stable code, `problem` the whole document (RFC 9457)."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: int | None = None) -> None:
        self.status, self.problem, self.retry_after = status, problem, retry_after
        self.code = str(problem.get("code") or problem.get("error") or "unknown")
        told = problem.get("detail_en") or problem.get("error_description") or "see its code in the documentation"
        super().__init__(f"the counter refused ({status}, {self.code}): {told}")


class AnswerNotGenuine(ClientError):
    """An answer is not the bureau's, was altered, or is one to another question: it is not to be used."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the answer cannot be believed: {why}; tell the bureau, and do not use it")


class Unreachable(ClientError):
    """The counter did not answer, however often it was tried."""

    def __init__(self, tries: int, why: str) -> None:
        super().__init__(f"the counter did not answer in {tries} tries ({why}): see that it runs and can be reached")


class BadKey(ClientError):
    """The client's private key cannot be used."""

    def __init__(self) -> None:
        super().__init__("the private key is none on Ed25519 or P-256, nor RSA, in PEM or as a JWK: give one of these")
