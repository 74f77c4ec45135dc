"""Makes files in the engine's tasks, wherever these run, and in this process; ends with 1 where they differ.

python -m tests.filed        by the Spark that the settings name
"""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from typing import Any

import catalog
from onefile import settings
from pipelines import assembly, conform, session
from pipelines.lake import literal_rows

DECLARED = catalog.load(with_items=False).declarations
TABLE = DECLARED.tables["education"]
FIRST = 690101199003070000
PEOPLE = 1000
RECORDED_AT = datetime(2026, 11, 1, tzinfo=UTC)


def records(count: int) -> list[list[Any]]:
    """Return statements of the education table: three a person, in the order of silver's columns."""
    names = conform.silver_schema(TABLE).names
    found = []
    for row in range(count):
        day = date(2000 + row % 20, 7, 1)
        own = {"_resource": f"education.{row % 2}", "_department": "education", "_delivery": "D1", "_seq": 1}
        own |= {"_row_no": row + 1, "_key": f"{row:064x}", "_valid_from": day, "_withdrawn": False}
        own |= {"_row_hash": f"{row:064x}", "_content": f"{row:064x}", "_recorded_at": RECORDED_AT}
        own |= {"person_number": str(FIRST + row // 3), "name": f"安{row % 3}", "school": f"第{row}中学", "level": "41"}
        found.append([own.get(name) for name in names])
    return found


def main() -> int:
    """Compare what both ways make."""
    spark = session.session(settings.read())
    rows = literal_rows(spark, records(3 * PEOPLE), conform.silver_schema(TABLE)).repartition(4)
    made = [
        make({TABLE.name: rows}, DECLARED.files["person"], DECLARED)
        for make in (assembly.one_files, assembly.one_files_here)
    ]
    in_tasks, here = (None if each is None else each.orderBy("number").collect() for each in made)
    return 0 if here and len(here) == PEOPLE and in_tasks == here else 1


if __name__ == "__main__":
    sys.exit(main())
