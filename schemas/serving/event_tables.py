"""The tables of the event feed: who follows what it holds a grant for, and what it was told.

As everywhere in the serving database, instants are RFC 3339 text in UTC. Nobody's number and no value stands here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is a subscription: a department follows what changes of the resource or licence type that a grant is of. It was
# told of changes up to `change_no` (`value_change`) or `leaf_index` (`licence_version`).
EVENT_SUBSCRIPTION = Table(
    "event_subscription",
    METADATA,
    Column("subscription_no", Integer, primary_key=True, autoincrement=True),
    Column("consumer", String, nullable=False),
    Column("grant_id", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("change_no", BigInteger, nullable=False),
    Column("leaf_index", BigInteger, nullable=False),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("ended_at", String),
    Index("event_subscription_of", "consumer", "grant_id"),
    Index("event_subscription_entry", "entry_id", "ended_at"),
    sqlite_autoincrement=True,
)

# A row is an event: the feed by its number, and the outbox of webhooks. `subject` is a hash that is another for every
# grant; `previous` the event of the same subject before, to the same department. `next_try_at` is null once it was
# delivered, or is tried no more: the feed has it.
EVENT = Table(
    "event",
    METADATA,
    Column("event_no", Integer, primary_key=True, autoincrement=True),
    Column("subscription_no", Integer, nullable=False),
    Column("consumer", String, nullable=False),
    Column("source", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("previous", Integer),
    Column("document", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", String),
    Column("last_fault", String, nullable=False),
    Column("delivered_at", String),
    Index("event_source", "subscription_no", "source", unique=True),
    Index("event_feed", "consumer", "event_no"),
    Index("event_subject", "subject", "event_no"),
    Index("event_next", "next_try_at"),
    sqlite_autoincrement=True,
)

# A row says up to which number a department's events were removed, for they were kept as long as is declared.
EVENT_REMOVED = Table(
    "event_removed",
    METADATA,
    Column("consumer", String, primary_key=True),
    Column("event_no", Integer, nullable=False),
    Column("removed_at", String, nullable=False),
)
