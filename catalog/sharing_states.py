"""Requests, grants, verifications as tables: who may do what in which state, what comes of it. Nothing else decides.

Roles: `consumer` asks; `office` is the consumer's own sharing office; `provider` answers; `authority` is the sharing
authority; `rule` is this program, where a clock has run out or the terms decide by themselves.
Source of the steps: Order 809 of the State Council, arts. 20-26.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalog.errors import NotAllowed

ROLES = ("consumer", "office", "provider", "authority", "rule")


@dataclass(frozen=True)
class Step:
    """What an action leads to. `clock` is the one that then runs, None: nobody is waited for."""

    to: str
    roles: tuple[str, ...]
    clock: str | None = None


@dataclass(frozen=True)
class Machine:
    """A state machine as data: step by state and action; what is not in it is not allowed."""

    states: tuple[str, ...]
    actions: tuple[str, ...]
    steps: Mapping[tuple[str, str], Step]

    def step(self, state: str, action: str, role: str) -> Step:
        """Return the step; raise NotAllowed with what would be allowed."""
        step = self.steps.get((state, action))
        if step is None or role not in step.roles:
            raise NotAllowed(action, role, state, ", ".join(self.allowed(state, role)) or "nothing")
        return step

    def allowed(self, state: str, role: str) -> Iterator[str]:
        """Yield the actions that a role may take in a state."""
        for (at, action), step in self.steps.items():
            if at == state and role in step.roles:
                yield action

    def ends(self) -> tuple[str, ...]:
        """Return the states that nothing leads out of."""
        left = {state for state, _ in self.steps}
        return tuple(state for state in self.states if state not in left)


ANSWER, SUPPLY = "answer", "supply"

REQUEST = Machine(
    states=(
        "draft", "at_office", "with_provider", "lacking", "completed", "extension_asked", "extended", "escalated",
        "granted", "refused", "disputed", "supplied", "withdrawn",
    ),
    actions=(
        "submit", "approve", "send_back", "tell_lacking", "complete", "grant", "refuse", "ask_extension",
        "consent_extension", "deny_extension", "escalate", "dispute", "uphold", "withdraw", "supply",
    ),
    steps={
        ("draft", "submit"): Step("at_office", ("consumer",)),
        ("draft", "withdraw"): Step("withdrawn", ("consumer",)),
        ("at_office", "approve"): Step("with_provider", ("office",), ANSWER),
        ("at_office", "send_back"): Step("draft", ("office",)),
        ("at_office", "withdraw"): Step("withdrawn", ("consumer",)),
        ("with_provider", "grant"): Step("granted", ("provider", "rule"), SUPPLY),
        ("with_provider", "refuse"): Step("refused", ("provider",)),
        ("with_provider", "tell_lacking"): Step("lacking", ("provider",)),
        ("with_provider", "ask_extension"): Step("extension_asked", ("provider",), ANSWER),
        ("with_provider", "escalate"): Step("escalated", ("rule",)),
        ("with_provider", "withdraw"): Step("withdrawn", ("consumer",)),
        ("lacking", "complete"): Step("completed", ("consumer",), ANSWER),
        ("lacking", "withdraw"): Step("withdrawn", ("consumer",)),
        ("completed", "grant"): Step("granted", ("provider", "rule"), SUPPLY),
        ("completed", "refuse"): Step("refused", ("provider",)),
        ("completed", "ask_extension"): Step("extension_asked", ("provider",), ANSWER),
        ("completed", "escalate"): Step("escalated", ("rule",)),
        ("completed", "withdraw"): Step("withdrawn", ("consumer",)),
        ("extension_asked", "consent_extension"): Step("extended", ("authority",), "extension"),
        ("extension_asked", "deny_extension"): Step("completed", ("authority",), ANSWER),
        ("extension_asked", "grant"): Step("granted", ("provider",), SUPPLY),
        ("extension_asked", "refuse"): Step("refused", ("provider",)),
        ("extension_asked", "escalate"): Step("escalated", ("rule",)),
        ("extension_asked", "withdraw"): Step("withdrawn", ("consumer",)),
        ("extended", "grant"): Step("granted", ("provider",), SUPPLY),
        ("extended", "refuse"): Step("refused", ("provider",)),
        ("extended", "escalate"): Step("escalated", ("rule",)),
        ("extended", "withdraw"): Step("withdrawn", ("consumer",)),
        ("escalated", "grant"): Step("granted", ("provider", "authority"), SUPPLY),
        ("escalated", "refuse"): Step("refused", ("provider", "authority")),
        ("escalated", "withdraw"): Step("withdrawn", ("consumer",)),
        ("refused", "dispute"): Step("disputed", ("consumer",)),
        ("disputed", "grant"): Step("granted", ("authority",), SUPPLY),
        ("disputed", "uphold"): Step("withdrawn", ("authority",)),
        ("disputed", "withdraw"): Step("withdrawn", ("consumer",)),
        ("granted", "supply"): Step("supplied", ("provider", "rule")),
    },
)  # fmt: skip
"""A request. `lacking` is reached once: from `completed` nobody tells again. A denied extension leaves the clock."""

GRANT = Machine(
    states=("active", "suspended", "end_proposed", "disputed", "ended", "disposed"),
    actions=(
        "narrow",
        "suspend",
        "resume",
        "propose_end",
        "agree_end",
        "object_end",
        "decide_end",
        "revoke",
        "give_up",
        "expire",
        "allow_passing_on",
        "report",
        "dispute",
        "settle",
        "dispose",
    ),
    steps={
        ("active", "narrow"): Step("active", ("provider", "authority")),
        ("active", "suspend"): Step("suspended", ("authority", "rule")),
        ("active", "propose_end"): Step("end_proposed", ("provider",)),
        ("active", "revoke"): Step("ended", ("authority",)),
        ("active", "give_up"): Step("ended", ("consumer",)),
        ("active", "expire"): Step("ended", ("rule",)),
        ("active", "allow_passing_on"): Step("active", ("provider",)),
        ("active", "report"): Step("active", ("consumer",)),
        ("active", "dispute"): Step("disputed", ("consumer", "provider")),
        ("suspended", "resume"): Step("active", ("authority", "provider")),
        ("suspended", "revoke"): Step("ended", ("authority",)),
        ("suspended", "give_up"): Step("ended", ("consumer",)),
        ("suspended", "expire"): Step("ended", ("rule",)),
        ("suspended", "report"): Step("suspended", ("consumer",)),
        ("disputed", "narrow"): Step("active", ("authority",)),
        ("disputed", "settle"): Step("active", ("authority",)),
        ("disputed", "revoke"): Step("ended", ("authority",)),
        ("disputed", "give_up"): Step("ended", ("consumer",)),
        ("disputed", "suspend"): Step("suspended", ("authority", "rule")),
        ("disputed", "expire"): Step("ended", ("rule",)),
        ("disputed", "report"): Step("disputed", ("consumer",)),
        ("end_proposed", "agree_end"): Step("ended", ("consumer",)),
        ("end_proposed", "object_end"): Step("active", ("consumer",)),
        ("end_proposed", "decide_end"): Step("ended", ("authority",)),
        ("end_proposed", "suspend"): Step("suspended", ("authority", "rule")),
        ("end_proposed", "expire"): Step("ended", ("rule",)),
        ("end_proposed", "report"): Step("end_proposed", ("consumer",)),
        ("ended", "report"): Step("ended", ("consumer",)),
        ("ended", "dispose"): Step("disposed", ("consumer",)),
    },
)
"""A grant. The provider proposes an end and never makes one alone; until it is agreed or decided, the grant holds.
A dispute over its use goes to the authority; meanwhile it holds as it is."""

VERIFICATION = Machine(
    states=("opened", "escalated", "confirmed", "corrected", "disputed", "settled", "resolved", "withdrawn"),
    actions=("confirm", "correct", "escalate", "resolve", "withdraw", "dispute", "uphold"),
    steps={
        ("opened", "confirm"): Step("confirmed", ("provider",)),
        ("opened", "correct"): Step("corrected", ("provider",)),
        ("opened", "escalate"): Step("escalated", ("rule",)),
        ("opened", "resolve"): Step("resolved", ("rule",)),
        ("opened", "withdraw"): Step("withdrawn", ("consumer",)),
        ("escalated", "confirm"): Step("confirmed", ("provider", "authority")),
        ("escalated", "correct"): Step("corrected", ("provider", "authority")),
        ("escalated", "resolve"): Step("resolved", ("rule",)),
        ("escalated", "withdraw"): Step("withdrawn", ("consumer",)),
        ("confirmed", "dispute"): Step("disputed", ("consumer",)),
        ("confirmed", "resolve"): Step("resolved", ("rule",)),
        ("corrected", "resolve"): Step("resolved", ("rule",)),
        ("disputed", "uphold"): Step("settled", ("authority",)),
        ("disputed", "correct"): Step("corrected", ("authority",)),
        ("disputed", "withdraw"): Step("withdrawn", ("consumer",)),
    },
)
"""A verification (校核) with the lead. *Provider* is the lead, *consumer* the department whose value differs; the rule
resolves one when the contradiction is gone."""

NEED_NO_REASON = {"submit", "approve", "supply", "withdraw"}
"""Actions that may go without a reason; every other one has to give it."""
