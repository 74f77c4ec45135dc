"""Forms that are kept no longer go: the sealed values with the only key that opens them."""

from __future__ import annotations

from datetime import date

from sqlalchemy import Connection, delete

from schemas.serving.prefill_tables import CASE_FORM


def drop_forms(connection: Connection, on: date) -> int:
    """Remove the forms whose time is over; return how many. Again it changes nothing."""
    return connection.execute(delete(CASE_FORM).where(CASE_FORM.c.kept_until < on.isoformat())).rowcount
