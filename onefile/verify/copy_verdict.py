"""The verdict on an annotated copy: a closed list, each with its exit code and a sentence for a clerk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from onefile.verify.copy import Copy, open_copy
from onefile.verify.licence_verdict import GENUINE as OF_LICENCES
from onefile.verify.licence_verdict import printable
from onefile.verify.reading import instant_text
from onefile.verify.status import open_status
from onefile.verify.trust import read_trust

GENUINE: dict[str, tuple[int, str, str]] = {
    "copy": (0, "真实、完整：为 {audience} 制作，用于 {item} {case}，有效至 {until}（证照状态截至 {known_at}）",
             "genuine and whole: made for {audience}, for {item} {case}, until {until} (state as known at {known_at})"),
    "copy_over": (3, "真实、完整，但加注件已过有效期", "genuine and whole, but the copy's time is over"),
    **{code: words for code, words in OF_LICENCES.items() if code not in (
        "in_force", "not_yet_in_force", "no_longer_in_force", "status_unknown")},
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
    code, known_at = "copy", shown.made_at
    if status is not None:
        listed = open_status(status.decode("ascii", "replace"), trusted, shown.origin, shown.leaf_index)
        if listed.issued_at >= shown.made_at.replace(microsecond=0):
            said = listed.status(shown.leaf_index)
            code, known_at = "copy" if said == "valid" else said, listed.issued_at
    if at >= shown.ends_at:
        code = "copy_over"
    return CopyVerdict(code, known_at, shown)


def told(verdict: CopyVerdict, lang: str) -> str:
    """Return the verdict in sentences, a line each, and the fields on its face."""
    shown = verdict.shown
    _, zh, en = GENUINE[verdict.code]
    words = (zh if lang == "zh" else en).format(
        signer=printable(shown.signer), audience=printable(shown.audience), item=printable(shown.item),
        case=printable(shown.case), until=instant_text(shown.ends_at), known_at=instant_text(verdict.known_at),
    )  # fmt: skip
    return "\n".join([words, *(f"  {printable(name)}: {printable(str(value))}" for name, value in shown.data.items())])


def as_json(verdict: CopyVerdict, lang: str) -> dict[str, object]:
    """Return the verdict as a JSON object for programs."""
    shown = verdict.shown
    return {
        "verdict": verdict.code,
        "words": told(verdict, lang).split("\n")[0],
        "known_at": instant_text(verdict.known_at),
        "id": shown.id,
        "type": shown.leaf.type,
        "audience": shown.audience,
        "item": shown.item,
        "case": shown.case,
        "made_at": instant_text(shown.made_at),
        "until": instant_text(shown.ends_at),
        "signer": shown.signer,
        "log": {"origin": shown.origin, "leaf_index": shown.leaf_index},
        "data": shown.data,
    }
