"""Alembic's scripts for the serving database; run by `schemas.serving.migration`."""
