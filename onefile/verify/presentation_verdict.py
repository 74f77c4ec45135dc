"""The verdict on a presentation: a closed list, each with its exit code and a sentence for a clerk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onefile.verify.licence_verdict import GENUINE as OF_LICENCES
from onefile.verify.licence_verdict import printable
from onefile.verify.presentation import SKEW, Presentation, Question, open_presentation
from onefile.verify.reading import instant_text
from onefile.verify.status import open_status
from onefile.verify.trust import read_trust

GENUINE: dict[str, tuple[int, str, str]] = {
    "presented": (0, "真实有效：为 {item} {case} 出示给 {audience}，证照有效（状态截至 {known_at}）",
                  "genuine: made for {audience}, for {item} {case}; the licence is in force (as known at {known_at})"),
    "presentation_not_yet": (3, "真实，但出示时间未到", "genuine, but its time has not begun"),
    "presentation_over": (3, "真实，但出示凭证已过期，请重新取得", "genuine, but its time is over: fetch another one"),
    **{code: words for code, words in OF_LICENCES.items() if code not in (
        "in_force", "not_yet_in_force", "no_longer_in_force", "status_unknown")},
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
    code, known_at = "presented", shown.made_at
    if status is not None:
        listed = open_status(status.decode("ascii", "replace"), trusted, shown.origin, shown.leaf_index)
        if listed.issued_at >= shown.made_at:
            said = listed.status(shown.leaf_index)
            code, known_at = "presented" if said == "valid" else said, listed.issued_at
    if at + SKEW < shown.begins_at:
        code = "presentation_not_yet"
    elif at >= shown.ends_at:
        code = "presentation_over"
    return PresentationVerdict(code, at, known_at, shown)


def told(verdict: PresentationVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line each, and the disclosed fields."""
    shown = verdict.shown
    _, zh, en = GENUINE[verdict.code]
    words = (zh if lang == "zh" else en).format(
        audience=printable(shown.audience), item=printable(shown.item), case=printable(shown.case),
        known_at=instant_text(verdict.known_at),
    )  # fmt: skip
    until = ("有效至" if lang == "zh" else "until", instant_text(shown.ends_at))
    fields = [until, *((code, str(value)) for code, value in shown.data.items())]
    return "\n".join([words, *(f"  {printable(name)}: {printable(value)}" for name, value in fields)])


def as_json(verdict: PresentationVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    shown = verdict.shown
    return {
        "verdict": verdict.code,
        "words": told(verdict, lang).split("\n")[0],
        "known_at": instant_text(verdict.known_at),
        "id": shown.id,
        "type": shown.type,
        "audience": shown.audience,
        "item": shown.item,
        "case": shown.case,
        "made_at": instant_text(shown.made_at),
        "until": instant_text(shown.ends_at),
        "holder_bound": shown.is_bound,
        "log": {"origin": shown.origin, "leaf_index": shown.leaf_index},
        "data": shown.data,
    }
