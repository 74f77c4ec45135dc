"""What may leave the house: open and published entries of our own, without items of persons, without any contact."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from catalog.entries import Entry
from catalog.grades import GRADES

REDACTED = "…"
_MAIL = re.compile(
    r"[\w.+-]{1,64}\s{0,3}(?:[@＠]|[(\[（【]\s?at\s?[)\]）】])\s{0,3}[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}", re.IGNORECASE
)
# Mobile, landline with area code and extension, 400/800 numbers, numbers with a country code; digits may be grouped.
_PHONE = re.compile(
    r"(?<![\d/])(?:(?:\+?86[- ]?)?(?:"
    r"1[3-9]\d[-. ]?\d{4}[-. ]?\d{4}"
    r"|[(（]?0\d{2,3}[)）]?[-.— ]{0,3}\d{3,4}[-. ]?\d{4}(?:\s?(?:转|ext\.?|-)\s?\d{1,6})?"
    r"|[48]00[- ]?\d{3,4}[- ]?\d{3,4})|86[- ]\d{2,3}[- ]\d{7,8}"
    r"|\+\d{1,3}(?:[-. ]?[(（]?\d{2,4}[)）]?){2,4})(?!\d)"
)
# After a word for telephone, and before one, five digits or more; after a contact's name, seven or more.
_DIGITS = r"[+(（]?\d(?:[ \-—.()（）]{0,2}\d)"
_EXTENSION = r"(?:\s?(?:转|ext\.?)\s?\d{1,6})?"
_CALLED = re.compile(
    r"((?:电话|热线|手机|传真|联系方式|拨打|致电|座机|(?<![a-z])(?:tel|telephone|phone|fax|mobile|call))[^\d\n+(（户数率]{0,5})"
    + _DIGITS + "{4,}" + _EXTENSION + r"|(联系人[^\d\n]{0,8})" + _DIGITS + "{6,}" + _EXTENSION,
    re.IGNORECASE,
)  # fmt: skip
_HOTLINE = re.compile(r"(?<!\d)\d{5,6}(?=(?:政务|便民|服务|咨询|投诉|举报){0,3}热线)")


def leaving(entries: Iterable[Entry]) -> list[Entry]:
    """Return what the public may have: texts without telephones and e-mails, items of the grades that may leave."""
    return [
        replace(
            entry,
            title=redacted(entry.title),
            title_en=redacted(entry.title_en),
            about=redacted(entry.about),
            provider_name=redacted(entry.provider_name),
            provider_name_en=redacted(entry.provider_name_en),
            share_basis=redacted(entry.share_basis),
            share_condition=None if entry.share_condition is None else redacted(entry.share_condition),
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
    plain = _CALLED.sub(lambda m: f"{m[1] or m[2]}{REDACTED}", _MAIL.sub(REDACTED, unfolded(text)))
    return _HOTLINE.sub(REDACTED, _PHONE.sub(REDACTED, plain))


def unfolded(text: str) -> str:
    """Return a text with full-width digits and signs of telephones and e-mails in their plain form."""
    return text.translate(_WIDE)


_WIDE = {ord(wide): ord(plain) for wide, plain in zip("０１２３４５６７８９－＠．", "0123456789-@.", strict=True)}
