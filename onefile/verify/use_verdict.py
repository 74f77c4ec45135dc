"""What verdicts on presentations and annotated copies have in common: both show a licence for one use, at one time."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from onefile.verify.leaf import Leaf
from onefile.verify.licence_verdict import GENUINE as OF_LICENCES
from onefile.verify.licence_verdict import printable
from onefile.verify.reading import instant_text
from onefile.verify.status import open_status
from onefile.verify.trust import Trust

NOT_IN_FORCE: dict[str, tuple[int, str, str]] = {
    code: words
    for code, words in OF_LICENCES.items()
    if code not in ("in_force", "not_yet_in_force", "no_longer_in_force", "status_unknown")
}
"""Verdicts on what shows a licence that is no longer in force: exit code, Chinese, English."""


class Use(Protocol):
    """What shows a licence: a presentation, or a copy."""

    @property
    def id(self) -> str: ...
    @property
    def audience(self) -> str: ...
    @property
    def item(self) -> str: ...
    @property
    def case(self) -> str: ...
    @property
    def made_at(self) -> datetime: ...
    @property
    def ends_at(self) -> datetime: ...
    @property
    def origin(self) -> str: ...
    @property
    def leaf_index(self) -> int: ...
    @property
    def leaf(self) -> Leaf: ...
    @property
    def data(self) -> dict[str, object]: ...


def state_of(shown: Use, trust: Trust, status: bytes | None) -> tuple[str, datetime]:
    """Return what had become of the licence that is shown, and by when that is known.

    It was in force when it was shown; a status list that is handed in and knows more than that
    goes before, an older one says nothing.

    Raises:
        VerificationError: the list is not genuine.
    """
    if status is not None:
        listed = open_status(status.decode("ascii", "replace"), trust, shown.origin, shown.leaf_index)
        if listed.issued_at >= shown.made_at.replace(microsecond=0):
            return listed.status(shown.leaf_index), listed.issued_at
    return "valid", shown.made_at


def told(words: str, shown: Use, known_at: datetime, more: Mapping[str, str]) -> str:
    """Return a verdict in sentences, a line each: its words, filled in, then `more` and the fields that are shown."""
    names = {"audience": shown.audience, "item": shown.item, "case": shown.case, **more}
    head = words.format(
        **{name: printable(value) for name, value in names.items()},
        until=instant_text(shown.ends_at), known_at=instant_text(known_at),
    )  # fmt: skip
    return "\n".join([head, *(f"  {printable(code)}: {printable(str(value))}" for code, value in shown.data.items())])


def as_json(code: str, words: str, shown: Use, known_at: datetime, more: Mapping[str, object]) -> dict[str, object]:
    """Return a verdict as a JSON object for programs."""
    return {
        "verdict": code,
        "words": words.split("\n")[0],
        "known_at": instant_text(known_at),
        "id": shown.id,
        "type": shown.leaf.type,
        "audience": shown.audience,
        "item": shown.item,
        "case": shown.case,
        "made_at": instant_text(shown.made_at),
        "until": instant_text(shown.ends_at),
        **more,
        "log": {"origin": shown.origin, "leaf_index": shown.leaf_index},
        "data": shown.data,
    }
