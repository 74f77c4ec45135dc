"""The states of a case and the steps between them (Administrative Licensing Law, arts. 32, 42-45).

draft → received → (told once what is lacking → supplemented) → accepted, or not accepted with reasons → (special
procedure: the clock stands still) → decided → delivered; withdrawn at any time before the decision.
"""

from __future__ import annotations

from collections.abc import Mapping

STATES: Mapping[str, tuple[str, str]] = {
    "draft": ("草稿", "draft"),
    "received": ("已收件", "received"),
    "lacking": ("已告知补正", "told what is lacking"),
    "supplemented": ("已补正", "supplemented"),
    "accepted": ("已受理", "accepted"),
    "not_accepted": ("不予受理", "not accepted"),
    "special": ("特别程序", "special procedure"),
    "granted": ("准予", "decided: granted"),
    "refused": ("不予许可", "decided: refused"),
    "delivered": ("已办结", "concluded and delivered"),
    "withdrawn": ("已撤件", "withdrawn"),
    "abandoned": ("草稿作废", "draft given up"),
}
STEPS: Mapping[str, tuple[str, str]] = {
    "receive": ("收件", "received"),
    "tell_lacking": ("补正告知", "told what is lacking"),
    "supplement": ("补正", "supplemented"),
    "accept": ("受理", "accepted"),
    "not_accept": ("不予受理", "not accepted"),
    "begin_special": ("特别程序开始", "special procedure begins"),
    "end_special": ("特别程序结束", "special procedure ends"),
    "grant": ("准予决定", "decided: granted"),
    "refuse": ("不予许可决定", "decided: refused"),
    "deliver": ("办结送达", "concluded and delivered"),
    "withdraw": ("撤件", "withdrawn"),
    "abandon": ("放弃草稿", "draft given up"),
}
NEXT: Mapping[tuple[str, str], str] = {
    ("draft", "receive"): "received",
    ("draft", "abandon"): "abandoned",
    ("received", "tell_lacking"): "lacking",
    ("received", "accept"): "accepted",
    ("received", "not_accept"): "not_accepted",
    ("received", "withdraw"): "withdrawn",
    ("lacking", "supplement"): "supplemented",
    ("lacking", "accept"): "accepted",
    ("lacking", "not_accept"): "not_accepted",
    ("lacking", "withdraw"): "withdrawn",
    ("supplemented", "accept"): "accepted",
    ("supplemented", "not_accept"): "not_accepted",
    ("supplemented", "withdraw"): "withdrawn",
    ("accepted", "begin_special"): "special",
    ("accepted", "grant"): "granted",
    ("accepted", "refuse"): "refused",
    ("accepted", "withdraw"): "withdrawn",
    ("special", "end_special"): "accepted",
    ("special", "withdraw"): "withdrawn",
    ("granted", "deliver"): "delivered",
    ("refused", "deliver"): "delivered",
}
"""What may follow. It is told once what is lacking: no step leads back to where it could be told again."""
NEED_REASON = {"tell_lacking", "not_accept", "refuse", "begin_special", "withdraw"}
CLOSED = ("not_accepted", "delivered", "withdrawn", "abandoned")


def allowed(state: str) -> tuple[str, ...]:
    """Return the steps that may follow a state."""
    return tuple(step for (at, step) in NEXT if at == state)
