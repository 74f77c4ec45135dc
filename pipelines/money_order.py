"""The many orders in which an amount is written, brought into the one that `pipelines.money` reads.

Texts come plain: half-width, in capitals, brackets and blanks gone, Han figures and units in
their common characters. A text of no known order stays as it is.
"""

from __future__ import annotations

import re

SIZE = "(?:万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)"
_SIZE_ENDS = ("亿", "万", "千", "百", "元")
FIGURE = r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{0,12})?"
_LABEL = re.compile("(?:注册|实缴|认缴)(?:资本|资金)(?:总额|金额|额)?为?")
_SIZE_BEFORE = re.compile(rf"([^0-9.,+-]*?)({SIZE}元?)([^0-9.,+-]*)({FIGURE})\Z")
_NAME_BEFORE_SIZE = re.compile(rf"([^0-9.,+-]*)({FIGURE})((?!元)[^0-9.,+\-百千万亿十]+)({SIZE}元?)\Z")
_MILLIARDS = re.compile(r"([^0-9.,+-]*[0-9]{1,4})亿([0-9]{1,4})(万.*)\Z")
_MYRIADS = re.compile(r"([^0-9.,+-]*[0-9]{1,8})万([0-9]{4})(元.*)\Z")
_HAN = "零一二三四五六七八九"
_BY_DIGIT = re.compile(rf"([^{_HAN}十百千万亿]*)([{_HAN[1:]}][{_HAN}]*零[{_HAN}]*)([万亿元].*)\Z")
_TO_DIGITS = str.maketrans(_HAN, "0123456789")
_BOUND = re.compile("[<>≤≥≈~]")
_IN_BRACKETS = re.compile(r"\([^()]*[0-9]\)")


def in_order(text: str) -> str:
    """Return a plain text in the order figure, size, currency, without the label before it.

    `人民币万元43`, `43人民币万元` and `注册资本43万元人民币` are one amount; so are `4亿7227万元` and
    `47227万元`, `9万3806元` and `93806元`, `二零零万元` and `200万元`. Parts of a sum are put together
    only where each place is written: `9万38元` is left, for it may lack a word.
    """
    label = _LABEL.match(text)
    told = text if label is None else text[label.end() :]
    if told[:1] not in "0123456789" and (found := _SIZE_BEFORE.match(told)):
        told = found[4] + found[2] + found[1] + found[3]
    if told.endswith(_SIZE_ENDS) and (found := _NAME_BEFORE_SIZE.match(told)):
        told = found[1] + found[2] + found[4] + found[3]
    if "亿" in told and (found := _MILLIARDS.match(told)):
        told = found[1] + found[2].zfill(4) + found[3]
    if "万" in told and (found := _MYRIADS.match(told)):
        told = found[1] + found[2] + found[3]
    if "零" in told and (found := _BY_DIGIT.match(told)):
        told = found[1] + found[2].translate(_TO_DIGITS) + found[3]
    return told


def is_uncertain(text: str) -> bool:
    """Tell a text, brackets still in it, that is no amount by itself: a bound, about so much, an accountant's minus.

    `>500万元` and `(500)万元` must not be read as 500万元.
    """
    return bool(_BOUND.search(text) or ("(" in text and _IN_BRACKETS.search(text)))
