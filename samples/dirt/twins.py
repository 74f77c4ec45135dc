"""Names written with characters that older systems have: private-use code points, other middle dots.

Cleaned by name, they read as what was meant; no row is wrong for them.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from samples.city.chance import Chance, Flags, Ints
from samples.city.columns import Column
from samples.dirt.rates import OTHER_DOT, PRIVATE_USE, Rates

PRIVATE = {
    "𢦏": "\ue83b",
    "䶮": "\ue863",
    "㑇": "\ue81b",
    "㧏": "\ue827",
    "㭎": "\ue82d",
    "䥽": "\ue84b",
    "䴙": "\ue862",
}
"""Characters and the code points that GB 18030-2000 kept for them."""

DOTS = {"·": "•"}
_WAYS: Mapping[str, Mapping[str, str]] = {PRIVATE_USE: PRIVATE, OTHER_DOT: DOTS}


def rewritten(
    texts: Mapping[str, Column], headers: tuple[str, ...], keys: Ints, chance: Chance, rates: Rates
) -> tuple[dict[str, Column], list[tuple[str, str, Flags]]]:
    """Write some of the names under the headers otherwise.

    Returns:
        All texts; and by header and kind the rows that are written otherwise.
    """
    made, told = dict(texts), []
    for header in headers:
        for kind, twins in _WAYS.items():
            has = pc.fill_null(pc.match_substring_regex(made[header], f"[{''.join(twins)}]"), False)
            rows = np.asarray(has) & chance.share(f"{header} {kind}", keys, rates.of(kind) / 1000)
            if rows.any():
                text = made[header]
                for meant, written in twins.items():
                    text = pc.replace_substring(text, meant, written)
                made[header] = pc.if_else(pa.array(rows), text, made[header])
                told.append((header, kind, rows))
    return made, told
