"""A row without bytes of its own: what was read of it as canonical JSON, which its receipt's root is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping


def row_json(values: Mapping[str, str | None]) -> bytes:
    """Return a row's values by header as JSON: RFC 8785, for objects whose values are texts or null.

    Names are in the order of their UTF-16 code units; nothing is escaped that need not be.
    """
    ordered = dict(sorted(values.items(), key=lambda item: item[0].encode("utf-16-be")))
    return json.dumps(ordered, ensure_ascii=False, separators=(",", ":")).encode()
