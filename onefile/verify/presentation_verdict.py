"""The verdict on a presentation: a closed list, each with its exit code and a sentence for a clerk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onefile.verify import use_verdict
from onefile.verify.presentation import SKEW, Presentation, Question, open_presentation
from onefile.verify.reading import instant_text
from onefile.verify.trust import read_trust

GENUINE: dict[str, tuple[int, str, str]] = {
    "presented": (0, "真实有效：为 {item} {case} 出示给 {audience}，证照有效（状态截至 {known_at}）",
                  "genuine: made for {audience}, for {item} {case}; the licence is in force (as known at {known_at})"),
    "presentation_not_yet": (3, "真实，但出示时间未到", "genuine, but its time has not begun"),
    "presentation_over": (3, "真实，但出示凭证已过期，请重新取得", "genuine, but its time is over: fetch another one"),
    **use_verdict.NOT_IN_FORCE,
}  # fmt: skip
"""Verdicts on a genuine presentation: exit code, Chinese, English."""


@dataclass(frozen=True)
class PresentationVerdict:
    """What is said of a genuine presentation at an instant. `known_at`: by when the licence's state was known."""

    code: str
    at: datetime
    known_at: datetime
    shown: Presentation

    @property
    def exit_code(self) -> int:
        return GENUINE[self.code][0]


def judge_presentation(
    data: bytes, trust: bytes, question: Question, at: datetime, *, status: bytes | None = None
) -> PresentationVerdict:
    """Verify a presentation, and say whether it may be used at an instant.

    The licence was in force when the vault made it, minutes ago; a status list that is handed in
    and knows more than that goes before. An older one says nothing.

    Args:
        data, trust, status: the bytes of the files.
        question: whom it must be made for, and what it must answer.

    Raises:
        VerificationError: it is not genuine, or (exit code 1) the trust file cannot be used.
    """
    trusted = read_trust(trust)
    shown = open_presentation(data, trusted, question)
    said, known_at = use_verdict.state_of(shown, trusted, status)
    code = "presented" if said == "valid" else said
    if at + SKEW < shown.begins_at:
        code = "presentation_not_yet"
    elif at >= shown.ends_at:
        code = "presentation_over"
    return PresentationVerdict(code, at, known_at, shown)


def told(verdict: PresentationVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line each, and the disclosed fields."""
    _, zh, en = GENUINE[verdict.code]
    until = f"  {'有效至' if lang == 'zh' else 'until'}: {instant_text(verdict.shown.ends_at)}"
    head, *fields = use_verdict.told(zh if lang == "zh" else en, verdict.shown, verdict.known_at, {}).split("\n")
    questioned = verdict.shown.disputed
    words = "当时正在异议或校核中" if lang == "zh" else "in question when it was made"
    return "\n".join([head, until, *([f"  {words}: {', '.join(questioned)}"] if questioned else []), *fields])


def as_json(verdict: PresentationVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    more = {"holder_bound": verdict.shown.is_bound, "disputed": list(verdict.shown.disputed)}
    return use_verdict.as_json(verdict.code, told(verdict, lang), verdict.shown, verdict.known_at, more)
