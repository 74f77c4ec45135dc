"""Why a delivery is refused: the closed list of reasons, each with its words in two languages.

A refusal is a reason and facts (counts, row numbers, file names, column names as the department
wrote them). Facts never hold a cell's value. The words are made when somebody reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from inbox.wordings import WORDINGS

Fact = str | int


@dataclass(frozen=True)
class Words:
    """What was found, what was wanted and what to do, in one language."""

    found: str
    wanted: str
    do: str


@dataclass(frozen=True)
class Refusal:
    """Why a delivery was not taken. `reason` is a key of `inbox.wordings.WORDINGS`.

    Raises:
        KeyError: the reason is not of the list.
    """

    reason: str
    facts: Mapping[str, Fact] = field(default_factory=dict)

    def __post_init__(self) -> None:
        WORDINGS[self.reason]

    def words(self, lang: str) -> Words:
        """Return the refusal in words; `lang` is zh or en."""
        wording = WORDINGS[self.reason][lang]
        facts = {**self.facts, "place": self._place(lang)}
        found, wanted, do = (text.format_map(facts) for text in wording)
        return Words(found, wanted, do)

    def as_json(self) -> dict[str, Any]:
        """Return the refusal as it is kept; `from_json` reads it back."""
        return {"reason": self.reason, "facts": dict(self.facts)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Refusal:
        """Read back what `as_json` gave."""
        return cls(kept["reason"], dict(kept["facts"]))

    def _place(self, lang: str) -> str:
        """Say where: the file's name, and the row where there is one."""
        name = self.facts.get("file")
        row = self.facts.get("row")
        whole = {"zh": "文件", "en": "the file"}[lang] if name is None else f"{name!r}"
        if row is None:
            return whole
        if row == 0:
            return whole + {"zh": " 的表头", "en": ", header"}[lang]
        return whole + {"zh": f" 第 {row} 行数据", "en": f", data row {row}"}[lang]
