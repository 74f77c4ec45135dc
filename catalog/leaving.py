"""What may leave the house: open and published entries of our own, without items of persons, without any contact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from catalog.entries import Entry
from catalog.grades import GRADES

REDACTED = "…"
_MAIL = re.compile(r"[\w.+-]+\s*[@＠]\s*[\w-]+(?:\.[\w-]+)+")
# Mobile, landline with area code, 400/800 numbers, short hotlines after a word for telephone; digits may be grouped.
_PHONE = re.compile(
    r"(?<![\d/])(?:\+?86[- ]?)?"
    r"(?:1[3-9]\d[- ]?\d{4}[- ]?\d{4}|[(（]?0\d{2,3}[)）]?[- —]?\d{7,8}|[48]00[- ]?\d{3,4}[- ]?\d{3,4})(?!\d)"
)
_CALLED = re.compile(
    r"((?:电话|热线|手机|传真|联系方式|tel|phone|fax)\w{0,3}\s*[:：]?\s*)[\d][\d \-—]{3,}\d", re.IGNORECASE
)


def leaving(entries: Iterable[Entry]) -> list[Entry]:
    """Return what the public may have: texts without telephones and e-mails, items of the grades that may leave."""
    return [
        replace(
            entry,
            title=redacted(entry.title),
            title_en=redacted(entry.title_en),
            about=redacted(entry.about),
            open_condition=None if entry.open_condition is None else redacted(entry.open_condition),
            items=tuple(
                replace(item, label=redacted(item.label), about=redacted(item.about))
                for item in entry.items
                if GRADES[item.grade].may_leave
            ),
        )
        for entry in entries
        if entry.state == "published" and entry.openness in ("conditional", "unconditional") and entry.kind != "foreign"
    ]


def redacted(text: str) -> str:
    """Return a text in which telephones and e-mails are blotted out."""
    text = unfolded(text)
    return _PHONE.sub(REDACTED, _CALLED.sub(rf"\1{REDACTED}", _MAIL.sub(REDACTED, text)))


def unfolded(text: str) -> str:
    """Return a text with full-width digits and signs of telephones and e-mails in their plain form."""
    return text.translate(_WIDE)


_WIDE = {ord(wide): ord(plain) for wide, plain in zip("０１２３４５６７８９－＠．", "0123456789-@.", strict=True)}
