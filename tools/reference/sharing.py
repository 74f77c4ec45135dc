"""docs/reference/sharing.md: requests and grants, states by actions, with who may act."""

from __future__ import annotations

from catalog.objection_states import DISPUTE, OBJECTION
from catalog.sharing_states import GRANT, NEED_NO_REASON, REQUEST, VERIFICATION, Machine
from schemas.working_days import LEGAL_CLOCKS
from tools.reference.markdown import code, table
from tools.reference.markdown import page as made

UNREASONED = ", ".join(code(action) for action in sorted(NEED_NO_REASON))
VERIFIED = "With the lead of an attribute that is contradicted; *provider* is the lead. Every step needs a reason."
OBJECTED = (
    "Of a subject to a value of its file; *provider* is the attribute's lead. Every step but `withdraw` needs a reason."
)
DISPUTED = "Between two departments over a request or a grant. Every step needs a reason."
INTRODUCTION = f"""
In which state who may do what, and what comes of it; what is not listed is refused. *Consumer* asks, *office* is its
own sharing office, *provider* answers, *authority* decides disputes, *rule* is the program itself. A reason is needed
for every action but {UNREASONED}. How to use them: [share](../how-to/share.md).
"""


def page() -> str:
    """Return the page."""
    clocks = [(name.replace("_", " "), str(days)) for name, days in LEGAL_CLOCKS.items()]
    said = (
        "Working days that the law allows; from `objection` on ours, where it says *in time*; a bureau may only shorten"
    )
    said += " them, in `sharing.yml`."
    return made(
        "Requests and grants", INTRODUCTION, f"## Requests\n\n{_steps(REQUEST)}", f"## Grants\n\n{_steps(GRANT)}",
        f"## Verifications\n\n{VERIFIED}\n\n{_steps(VERIFICATION)}",
        f"## Objections\n\n{OBJECTED}\n\n{_steps(OBJECTION)}", f"## Disputes\n\n{DISPUTED}\n\n{_steps(DISPUTE)}",
        f"## Clocks\n\n{said}\n\n{table(('clock', 'working days'), clocks)}",
    )  # fmt: skip


def _steps(machine: Machine) -> str:
    rows = [
        (code(state), code(action), ", ".join(step.roles), code(step.to), step.clock or "")
        for (state, action), step in machine.steps.items()
    ]
    return table(("in state", "action", "by", "leads to", "clock that then runs"), rows)
