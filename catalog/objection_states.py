"""Objections (异议) and sharing disputes (共享争议) as tables: who may do what in which state, and which clock runs.

Roles as of `catalog.sharing_states`; besides, `subject` is whom the value is about (or who may act for it, or the
hotline that took the call), `government` decides what the sharing authority could not.
Source: Personal Information Protection Law, arts. 46, 50; Order 809 of the State Council, arts. 26, 28.
"""

from __future__ import annotations

from catalog.sharing_states import Machine, Step

ROLES = ("subject", "consumer", "provider", "authority", "government", "rule")

OBJECTION = Machine(
    states=("opened", "escalated", "correcting", "refused", "contested", "settled", "resolved", "withdrawn"),
    actions=("correct", "refuse", "escalate", "resolve", "contest", "uphold", "withdraw"),
    steps={
        ("opened", "correct"): Step("correcting", ("provider",), "correction"),
        ("opened", "refuse"): Step("refused", ("provider",)),
        ("opened", "escalate"): Step("escalated", ("rule",)),
        ("opened", "resolve"): Step("resolved", ("rule",)),
        ("opened", "withdraw"): Step("withdrawn", ("subject",)),
        ("escalated", "correct"): Step("correcting", ("provider", "authority"), "correction"),
        ("escalated", "refuse"): Step("refused", ("provider", "authority")),
        ("escalated", "resolve"): Step("resolved", ("rule",)),
        ("escalated", "withdraw"): Step("withdrawn", ("subject",)),
        ("correcting", "resolve"): Step("resolved", ("rule",)),
        ("correcting", "escalate"): Step("escalated", ("rule",)),
        ("correcting", "withdraw"): Step("withdrawn", ("subject",)),
        ("refused", "contest"): Step("contested", ("subject",), "objection"),
        ("refused", "resolve"): Step("resolved", ("rule",)),
        ("contested", "uphold"): Step("settled", ("authority",)),
        ("contested", "correct"): Step("correcting", ("authority",), "correction"),
        ("contested", "resolve"): Step("resolved", ("rule",)),
        ("contested", "withdraw"): Step("withdrawn", ("subject",)),
    },
)
"""An objection. *Provider* is the lead of the attribute. It ends by a new value (`resolve`), or by a reasoned refusal
that was not contested or was upheld; where no new value came in time, it goes up."""

DISPUTE = Machine(
    states=("consulting", "with_authority", "with_government", "agreed", "decided", "withdrawn"),
    actions=("agree", "refer", "escalate", "decide", "appeal", "withdraw"),
    steps={
        ("consulting", "agree"): Step("agreed", ("consumer", "provider")),
        ("consulting", "refer"): Step("with_authority", ("consumer", "provider"), "dispute_decision"),
        ("consulting", "escalate"): Step("with_authority", ("rule",), "dispute_decision"),
        ("consulting", "withdraw"): Step("withdrawn", ("consumer", "provider")),
        ("with_authority", "decide"): Step("decided", ("authority",)),
        ("with_authority", "escalate"): Step("with_government", ("rule",)),
        ("with_authority", "refer"): Step("with_government", ("authority",)),
        ("with_authority", "agree"): Step("agreed", ("consumer", "provider")),
        ("with_authority", "withdraw"): Step("withdrawn", ("consumer", "provider")),
        ("decided", "appeal"): Step("with_government", ("consumer", "provider")),
        ("with_government", "decide"): Step("decided", ("government",)),
        ("with_government", "withdraw"): Step("withdrawn", ("consumer", "provider")),
    },
)
"""A dispute: the two consult first, then the sharing authority decides, then the government; each on a clock. Who
opened it may withdraw it; an agreement is what the other one agrees to."""

MARKING = ("opened", "escalated", "correcting", "contested")
"""States of an objection in which the value is marked wherever it is shown."""
VERIFICATION_MARKING = ("opened", "escalated", "corrected", "disputed")
"""States of a verification in which it is."""
