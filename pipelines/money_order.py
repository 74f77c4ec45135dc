"""The many orders in which an amount is written, brought into the one that `pipelines.money` reads.

Texts come plain: half-width, in capitals, brackets and blanks gone, Han figures and units in
their common characters. A text of no known order stays as it is.
"""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as f

SIZE = "(?:万亿|千亿|百亿|十亿|亿|千万|百万|十万|万|千|百)"
FIGURE = r"(?:[0-9]{1,15}|[0-9]{1,3}(?:,[0-9]{3}){1,4})(?:\.[0-9]{0,12})?"
_LABEL = "^(?:注册|实缴|认缴)(?:资本|资金)(?:总额|金额|额)?为?"
_SIZE_BEFORE = rf"^([^0-9.,+-]*?)({SIZE}元?)([^0-9.,+-]*)({FIGURE})\z"
_NAME_BEFORE_SIZE = rf"^([^0-9.,+-]*)({FIGURE})((?!元)[^0-9.,+\-百千万亿十]+)({SIZE}元?)\z"
_MILLIARDS = r"^([^0-9.,+-]*[0-9]{1,4})亿([0-9]{1,4})(万.*)\z"
_MYRIADS = r"^([^0-9.,+-]*[0-9]{1,8})万([0-9]{4})(元.*)\z"
_HAN = "零一二三四五六七八九"
_BY_DIGIT = rf"^([^{_HAN}十百千万亿]*)([{_HAN[1:]}][{_HAN}]*零[{_HAN}]*)([万亿元].*)\z"
_UNCERTAIN = r"[<>≤≥≈~]|\([^()]*[0-9]\)"


def in_order(text: Column) -> Column:
    """Return a plain text in the order figure, size, currency, without the label before it.

    `人民币万元43`, `43人民币万元` and `注册资本43万元人民币` are one amount; so are `4亿7227万元` and
    `47227万元`, `9万3806元` and `93806元`, `二零零万元` and `200万元`. Parts of a sum are put together
    only where each place is written: `9万38元` is left, for it may lack a word.
    """
    told = f.regexp_replace(text, _LABEL, "")
    told = f.regexp_replace(told, _SIZE_BEFORE, "$4$2$1$3")
    told = f.regexp_replace(told, _NAME_BEFORE_SIZE, "$1$2$4$3")
    low = f.lpad(f.regexp_extract(told, _MILLIARDS, 2), 4, "0")
    joined = f.concat(f.regexp_extract(told, _MILLIARDS, 1), low, f.regexp_extract(told, _MILLIARDS, 3))
    told = f.when(told.rlike(_MILLIARDS), joined).otherwise(told)
    told = f.regexp_replace(told, _MYRIADS, "$1$2$3")
    digits = f.translate(f.regexp_extract(told, _BY_DIGIT, 2), _HAN, "0123456789")
    written = f.concat(f.regexp_extract(told, _BY_DIGIT, 1), digits, f.regexp_extract(told, _BY_DIGIT, 3))
    return f.when(told.rlike(_BY_DIGIT), written).otherwise(told)


def is_uncertain(text: Column) -> Column:
    """Tell a text, brackets still in it, that is no amount by itself: a bound, about so much, an accountant's minus.

    `>500万元` and `(500)万元` must not be read as 500万元.
    """
    return text.rlike(_UNCERTAIN)
