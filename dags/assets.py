"""The assets that DAGs produce and wait for: one name each, made in one place."""

from __future__ import annotations

from airflow.sdk import Asset


def silver(table: str) -> Asset:
    """A standard table has new statements that count."""
    return Asset(name=f"silver/{table}", uri=f"onefile://lake/silver/{table}")


def gold(kind: str) -> Asset:
    """The one files of a kind were assembled."""
    return Asset(name=f"gold/{kind}_file", uri=f"onefile://lake/gold/{kind}_file")


def checked(kind: str) -> Asset:
    """The one files of a kind passed their critical expectations."""
    return Asset(name=f"checked/{kind}_file", uri=f"onefile://lake/checked/{kind}_file")


def licences() -> Asset:
    """Licences were issued, changed or lapsed."""
    return Asset(name="vault/licence", uri="onefile://vault/licence")
