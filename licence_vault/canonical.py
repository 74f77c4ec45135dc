"""The one way our JSON is written where it is hashed or signed."""

from __future__ import annotations

import json
from collections.abc import Mapping


def canonical(value: Mapping[str, object]) -> bytes:
    """Return an object as RFC 8785 canonical JSON in UTF-8.

    Equal to RFC 8785 for what our own formats hold: keys in ASCII, texts, whole numbers
    up to 2**53 - 1, true, false, null, arrays and objects. Nothing else may be in it.
    """
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode("utf-8")
