"""The tables of shares in bulk: who may fetch which granted tables, and what of the lake these were projected from.

As everywhere in the serving database, instants are RFC 3339 text in UTC. No token stands here, only its SHA-256.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is one share: what one recipient of a department may fetch. `token_hash` is the SHA-256, hex, of the token that
# opens it until `token_until`; both null: it has none. `state` is `active` or `revoked`.
SHARE = Table(
    "share",
    METADATA,
    Column("share_id", String, primary_key=True),
    Column("department", String, nullable=False),
    Column("state", String, nullable=False),
    Column("token_hash", String),
    Column("token_until", String),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("ended_at", String),
    Column("reason", String, nullable=False),
    Index("share_token", "token_hash", unique=True),
)

# A row is one table of a share: a grant, shown as `<schema>.<table>` after the resource that it is of.
SHARE_TABLE = Table(
    "share_table",
    METADATA,
    Column("share_id", String, ForeignKey("share.share_id"), primary_key=True),
    Column("grant_id", String, primary_key=True),
    Column("schema_name", String, nullable=False),
    Column("table_name", String, nullable=False),
    Index("share_table_name", "share_id", "schema_name", "table_name", unique=True),
)

# A row is the table that was projected for a grant: the folder of that `generation`, which has just these `fields`
# (JSON), of the rows that it is `limited_to`. The rest says what it was made from, as in `record_publication`;
# `area_version` names the versions of the one files that areas were taken from; empty where rows go by no area.
SHARE_PROJECTION = Table(
    "share_projection",
    METADATA,
    Column("grant_id", String, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("resource", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("limited_to", String, nullable=False),
    Column("declared", String, nullable=False),
    Column("lake_table", String, nullable=False),
    Column("lake_version", BigInteger, nullable=False),
    Column("order_version", BigInteger, nullable=False),
    Column("erased", BigInteger, nullable=False),
    Column("area_version", String, nullable=False),
    Column("made_at", String, nullable=False),
)

# A row is what a grant's table came to on a day, at its newest version then: how many rows, and `digest`, 64
# hexadecimal digits as `onefile.verify.rows` has it. Recipients hold their own against it.
SHARE_COUNT = Table(
    "share_count",
    METADATA,
    Column("grant_id", String, primary_key=True),
    Column("counted_on", String, primary_key=True),
    Column("generation", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("digest", String, nullable=False),
    Column("counted_at", String, nullable=False),
)

# A row is a batch of files that was made of a grant's table for a recipient: `kind` is `full` or `changes`.
SHARE_BATCH = Table(
    "share_batch",
    METADATA,
    Column("batch_no", Integer, primary_key=True, autoincrement=True),
    Column("batch_id", String, nullable=False),
    Column("share_id", String, nullable=False),
    Column("grant_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("form", String, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("manifest", String, nullable=False),
    Column("made_at", String, nullable=False),
    Index("share_batch_id", "batch_id", unique=True),
    Index("share_batch_of", "share_id", "grant_id", "batch_no"),
    sqlite_autoincrement=True,
)

# A row is a recipient's own database, into which the tables of a share are put: `variable` is the setting that has its
# address, which stands nowhere else. `fault` says why the last time failed; empty: it did not.
SHARE_TARGET = Table(
    "share_target",
    METADATA,
    Column("share_id", String, ForeignKey("share.share_id"), primary_key=True),
    Column("variable", String, nullable=False),
    Column("schema_name", String, nullable=False),
    Column("set_at", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("put_at", String),
    Column("fault", Text, nullable=False),
)

# A row is a share of which batches are made every night, into `folder`, in the `form` csv or xml. `fault` says why the
# last night failed; empty: it did not.
SHARE_NIGHTLY = Table(
    "share_nightly",
    METADATA,
    Column("share_id", String, ForeignKey("share.share_id"), primary_key=True),
    Column("folder", String, nullable=False),
    Column("form", String, nullable=False),
    Column("set_at", String, nullable=False),
    Column("set_by", String, nullable=False),
    Column("made_at", String),
    Column("fault", Text, nullable=False),
)
