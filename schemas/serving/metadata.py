"""What all tables of the serving database belong to, whichever module declares them."""

from __future__ import annotations

from sqlalchemy import MetaData

METADATA = MetaData()
