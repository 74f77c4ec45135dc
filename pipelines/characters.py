"""Sets of characters that cleaners and reading share."""

from __future__ import annotations

BLANKS = (
    "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""Every character with the Unicode property White_Space, and the four ASCII separators."""

INVISIBLE = "\xad\u180e\u200b\u200e\u200f\u2060\ufeff"
"""Characters that show nothing and mean nothing in a register: soft hyphen, zero-width space, marks, BOM."""

WIDTH_FROM = "".join(map(chr, range(0xFF01, 0xFF5F))) + "\u3000￠￡￥￦"
WIDTH_TO = "".join(map(chr, range(0x21, 0x7F))) + " ¢£¥₩"
"""Full-width forms and, place by place, their half-width ones."""
