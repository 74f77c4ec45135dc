"""The tables of rows at the counter: of resources that somebody holds a grant for, with the granted columns alone.

As everywhere in the serving database, instants are RFC 3339 text in UTC and days YYYY-MM-DD.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is one record of a resource as it holds now, about one of the subjects that it names: a record that names two
# stands here twice. `record` is its key's hash as in silver; `document` its granted columns as JSON, nulls left out.
SUBJECT_RECORD = Table(
    "subject_record",
    METADATA,
    Column("subject_id", String, primary_key=True),
    Column("resource", String, primary_key=True),
    Column("record", String, primary_key=True),
    Column("observed_on", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("row_no", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("lake_version", BigInteger, nullable=False),
    Column("published_at", String, nullable=False),
    Index("subject_record_record", "resource", "record"),
)

# A row is one batch in which rows of a resource came, or went. `fields` (JSON) are the columns that are held since,
# none: nobody holds a grant any more. `lake_version` is that of the release table whose id is `lake_table`.
RECORD_PUBLICATION = Table(
    "record_publication",
    METADATA,
    Column("batch_no", Integer, primary_key=True, autoincrement=True),
    Column("resource", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("declared", String, nullable=False),
    Column("lake_table", String, nullable=False),
    Column("from_version", BigInteger),
    Column("lake_version", BigInteger, nullable=False),
    Column("order_version", BigInteger, nullable=False),
    Column("erased", BigInteger, nullable=False),
    Column("published_at", String, nullable=False),
    Column("upserted", BigInteger, nullable=False),
    Column("deleted", BigInteger, nullable=False),
    Index("record_publication_resource", "resource", "batch_no"),
)
