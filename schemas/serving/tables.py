"""The tables of the serving database, for SQLite and PostgreSQL alike.

Instants are RFC 3339 text in UTC, ending in Z, in both engines: equal text is an equal instant,
and text sorts as time does. How the tables came about: `schemas/migrations`, held equal by a test.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

METADATA = MetaData()

# A row is one subject's one file. `document` is the gold row as JSON, without its `_digest`, which
# stands in `digest`; `lake_version` is the version of the gold table that this document came with.
SUBJECT = Table(
    "subject",
    METADATA,
    Column("subject_id", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("number_type", String, nullable=False),
    Column("number", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("lake_version", BigInteger, nullable=False),
    Column("published_at", String, nullable=False),
)

# A row is a number by which a subject is found. A number may be shared, and a subject may have several.
IDENTIFIER = Table(
    "identifier",
    METADATA,
    Column("kind", String, primary_key=True),
    Column("number_type", String, primary_key=True),
    Column("number", String, primary_key=True),
    Column("subject_id", String, ForeignKey("subject.subject_id", ondelete="CASCADE"), primary_key=True),
    Index("identifier_subject", "subject_id"),
)

# A row is one batch of changes that was published: one transaction. `lake_table` is Delta's id of the
# gold table; `from_version` is null when the batch compared everything.
PUBLICATION = Table(
    "publication",
    METADATA,
    Column("batch_no", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("lake_table", String, nullable=False),
    Column("from_version", BigInteger),
    Column("lake_version", BigInteger, nullable=False),
    Column("published_at", String, nullable=False),
    Column("upserted", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Column("run_id", String),
    Index("publication_kind", "kind", "batch_no"),
)
