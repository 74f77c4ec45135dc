"""The trail (用数记录): what the subject is told about the looks at it, in plain sentences, and as findUsage has it.

A look is told at once, unless every grant it was made under says that notice waits, and until when (Personal
Information Protection Law, art. 18; Order 809): then it is told after that day. An entry's own word counts no more than
the grant's.

Source of `usage`: the structure used by Estonia's data tracker (`logtime`, `action`, `receiverCode`,
`receiverSystem`, `receiverName`), extended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select

from ledger.index import Disclosure, of_subject
from ledger.words import ACTING, NOTHING, YOURSELF, Dictionary
from onefile.verify.reading import instant_text
from schemas.service_items import Words
from schemas.serving.tables import SHARING_GRANT


@dataclass(frozen=True)
class Whose:
    """Whose trail it is: the ledger's keyed hash of the subject, its kind of file; the reader's day and zone."""

    subject_hash: str
    kind: str
    on: date
    zone: ZoneInfo


@dataclass(frozen=True)
class Used:
    """One look as its subject is told it."""

    seq: int
    at: datetime
    department: str
    department_name: Words
    client: str
    action: Words
    fields: tuple[tuple[str, Words], ...]
    item: str
    item_name: Words | None
    case_no: str
    grant_id: str
    basis: str
    acting: str
    purpose: str
    answer_id: str
    sentence: Words

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON's types."""
        return {
            "seq": self.seq,
            "at": instant_text(self.at),
            "department": {"id": self.department, "zh": self.department_name.zh, "en": self.department_name.en},
            "system": self.client,
            "action": _said(self.action),
            "fields": [{"name": name, **_said(words)} for name, words in self.fields],
            "item": None if not self.item else {"code": self.item, **_said(self.item_name or Words("", ""))},
            "case": self.case_no or None,
            "grant": self.grant_id or None,
            "basis": self.basis,
            "acting": self.acting or None,
            "sentence": _said(self.sentence),
        }


def trail(
    connection: Connection, whose: Whose, words: Dictionary, since: datetime | None = None,
    until: datetime | None = None,
) -> Iterator[Used]:  # fmt: skip
    """Yield the looks at a subject that it may be told of, the newest first, from `since` to before `until`."""
    waits = _Waits(connection, whose.on)
    for look in of_subject(connection, whose.subject_hash, since, until):
        if not waits.still(look):
            yield _told(look, whose, words)


def usage(used: Used, lang: str) -> dict[str, Any]:
    """Return a look as an item of findUsage, extended by fields, item, case, grant and basis."""
    return {
        "logtime": instant_text(used.at),
        "action": used.sentence.text(lang),
        "receiverCode": used.department or None,
        "receiverSystem": used.client or None,
        "receiverName": used.department_name.text(lang),
        "fields": [words.text(lang) for _, words in used.fields],
        "item": used.item or None,
        "case": used.case_no or None,
        "grant": used.grant_id or None,
        "basis": used.basis,
        "acting": used.acting or None,
        "seq": used.seq,
    }


class _Waits:
    """Which looks are not told yet, by what their grants say."""

    def __init__(self, connection: Connection, on: date) -> None:
        self._connection, self._on = connection, on.isoformat()
        self._ends: dict[str, str] = {}

    def still(self, look: Disclosure) -> bool:
        """Say whether the subject is not to be told of a look yet."""
        if not look.notice_after:
            return False
        ends = [self._end(grant) for grant in look.grant_id.split(",") if grant]
        return self._on <= min([look.notice_after, *ends] if ends else [""])

    def _end(self, grant_id: str) -> str:
        """Return the day until which a grant lets notice wait; empty where it does not."""
        if grant_id not in self._ends:
            row = SHARING_GRANT.c
            found = self._connection.execute(select(row.document).where(row.grant_id == grant_id)).scalar_one_or_none()
            self._ends[grant_id] = _notice_after(found)
        return self._ends[grant_id]


def _notice_after(document: str | None) -> str:
    found: Mapping[str, object] = json.loads(document) if document else {}
    return str(found.get("notice_after") or "")


def _told(look: Disclosure, whose: Whose, words: Dictionary) -> Used:
    fields = tuple((name, words.field(name, whose.kind, look.resource)) for name in look.fields)
    department, item = _who(look, words), words.item(look.item) if look.item else None
    action = words.action(look.kind)
    return Used(
        look.seq, look.at, look.department, department, look.client, action, fields, look.item, item, look.case_no,
        look.grant_id, look.basis, look.acting, look.purpose, look.answer_id,
        _sentence(look, whose, (department, action, item), [words for _, words in fields] or [NOTHING]),
    )  # fmt: skip


def _who(look: Disclosure, words: Dictionary) -> Words:
    """Return who looked: the subject itself where it asked for its own file, alone or through somebody."""
    return YOURSELF if look.operator.startswith("applicant ") else words.department(look.department)


def _sentence(
    look: Disclosure, whose: Whose, told: tuple[Words, Words, Words | None], fields: list[Words]
) -> Words:  # fmt: skip
    department, action, item = told
    at = look.at.astimezone(whose.zone)
    acting = ACTING.get(look.acting.partition(":")[0])
    purpose = item or Words(look.item or look.purpose, look.item or look.purpose)
    case = Words(f"（办件 {look.case_no}）", f" (case {look.case_no})") if look.case_no else Words("", "")
    right = Words(f"（由{acting.zh}代为）", f" through {acting.en}") if acting else Words("", "")
    basis = Words(f"依据：{look.basis}", f"basis: {look.basis}")
    zh = (
        f"{at:%Y年%m月%d日 %H:%M}，{department.zh}{right.zh}为“{purpose.zh}”{case.zh}"
        f"{action.zh}您的{'、'.join(field.zh for field in fields)}。{basis.zh}。"
    )
    en = (
        f"On {at:%Y-%m-%d at %H:%M}, {department.en}{right.en} {action.en} your "
        f"{', '.join(field.en for field in fields)} for “{purpose.en}”{case.en}; {basis.en}."
    )
    return Words(zh, en)


def _said(words: Words) -> dict[str, str]:
    return {"zh": words.zh, "en": words.en}
