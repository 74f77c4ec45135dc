"""What stands beside a value while it is in question, wherever it is shown. Standard library only, for quick verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from catalog.objection_states import MARKING, VERIFICATION_MARKING
from schemas.serving.shape import Snapshot

Marks = Mapping[tuple[str, str], list[dict[str, str]]]
"""By subject and attribute. A mark is `{what, id, state, since}`: an `objection`, or a department's `verification`."""
SUBJECTS_AT_ONCE = 1_000


def marks(snapshot: Snapshot, subject_ids: Sequence[str]) -> Marks:
    """Return the marks of some subjects' values."""
    found: dict[tuple[str, str], list[dict[str, str]]] = {}
    for start in range(0, len(subject_ids), SUBJECTS_AT_ONCE):
        query, asked = question(subject_ids[start : start + SUBJECTS_AT_ONCE])
        for subject_id, entry_id, what, case_id, state, since in snapshot.rows(query, asked):
            mark = {"what": what, "id": case_id, "state": state, "since": since}
            found.setdefault((subject_id, entry_id.partition(".")[2]), []).append(mark)
    return found


def question(subject_ids: Sequence[str]) -> tuple[str, dict[str, str | bytes]]:
    """Return what `marks` asks the database about so many subjects as it asks about at once."""
    asked: dict[str, str | bytes] = {f"s{number}": each for number, each in enumerate(subject_ids)}
    return _query(list(asked)), asked


def of_subject(found: Marks, subject_id: str) -> dict[str, list[dict[str, str]]]:
    """Return the marks of one subject's values by attribute."""
    return {attribute: mark for (subject, attribute), mark in found.items() if subject == subject_id}


def _query(names: list[str]) -> str:
    subjects = ", ".join(f":{name}" for name in names)
    return " UNION ALL ".join(
        f"SELECT subject_id, entry_id, '{what}', {what}_id, state, opened_on FROM {table}"
        f" WHERE subject_id IN ({subjects}) AND state IN ({', '.join(map(repr, states))})"
        for what, table, states in (
            ("objection", "objection", MARKING),
            ("verification", "sharing_verification", VERIFICATION_MARKING),
        )
    )
