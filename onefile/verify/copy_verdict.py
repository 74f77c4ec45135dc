"""The verdict on an annotated copy: a closed list, each with its exit code and a sentence for a clerk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onefile.verify import use_verdict
from onefile.verify.copy import Copy, open_copy
from onefile.verify.trust import read_trust

GENUINE: dict[str, tuple[int, str, str]] = {
    "copy": (0, "真实、完整：为 {audience} 制作，用于 {item} {case}，有效至 {until}（证照状态截至 {known_at}）",
             "genuine and whole: made for {audience}, for {item} {case}, until {until} (state as known at {known_at})"),
    "copy_over": (3, "真实、完整，但加注件已过有效期", "genuine and whole, but the copy's time is over"),
    **use_verdict.NOT_IN_FORCE,
}  # fmt: skip
"""Verdicts on a genuine copy: exit code, Chinese, English."""


@dataclass(frozen=True)
class CopyVerdict:
    """What is said of a genuine copy at an instant. `known_at`: by when the licence's state was known."""

    code: str
    known_at: datetime
    shown: Copy

    @property
    def exit_code(self) -> int:
        return GENUINE[self.code][0]


def judge_copy(data: bytes, trust: bytes, at: datetime, *, status: bytes | None = None) -> CopyVerdict:
    """Verify an annotated copy, and say whether it may be used at an instant; a younger status list goes before.

    Raises:
        VerificationError: it is not genuine, or (exit code 1) nothing can be said about it.
    """
    trusted = read_trust(trust)
    shown = open_copy(data, trusted, at)
    said, known_at = use_verdict.state_of(shown, trusted, status)
    code = "copy" if said == "valid" else said
    if at >= shown.ends_at:
        code = "copy_over"
    return CopyVerdict(code, known_at, shown)


def told(verdict: CopyVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line each, and the fields on its face."""
    _, zh, en = GENUINE[verdict.code]
    return use_verdict.told(
        zh if lang == "zh" else en, verdict.shown, verdict.known_at, {"signer": verdict.shown.signer}
    )


def as_json(verdict: CopyVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    more = {"signer": verdict.shown.signer}
    return use_verdict.as_json(verdict.code, told(verdict, lang), verdict.shown, verdict.known_at, more)
