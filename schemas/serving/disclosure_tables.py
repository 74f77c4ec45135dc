"""The tables of what follows from looks: their index, what is found in them, objections, disputes, notices, incidents.

As everywhere in the serving database, instants are RFC 3339 text in UTC and days YYYY-MM-DD. Subjects are internal ids,
or the ledger's keyed hashes of them; no value that was shown, and nobody's number, stands here.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is one entry of the ledger, to be found by: made from it, never the other way round. `fields` is a JSON array.
DISCLOSURE = Table(
    "disclosure",
    METADATA,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", String, nullable=False),
    Column("subject_hash", String),
    Column("operator", String, nullable=False),
    Column("department", String, nullable=False),
    Column("client", String, nullable=False),
    Column("acting", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("grant_id", String, nullable=False),
    Column("item", String, nullable=False),
    Column("case_no", String, nullable=False),
    Column("purpose", Text, nullable=False),
    Column("basis", Text, nullable=False),
    Column("lake_version", String, nullable=False),
    Column("answer_id", String, nullable=False),
    Column("notice_after", String, nullable=False),
    Index("disclosure_subject", "subject_hash", "seq"),
    Index("disclosure_at", "at"),
    Index("disclosure_case", "case_no", "seq"),
)

# A row is a published value that a later publication changed or took away. `how` is `corrected` (the value was wrong
# when it was shown), `withdrawn` (nobody states it any more) or `changed` (it was true, and is not any more).
VALUE_CHANGE = Table(
    "value_change",
    METADATA,
    Column("change_no", Integer, primary_key=True, autoincrement=True),
    Column("subject_id", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("attribute", String, nullable=False),
    Column("how", String, nullable=False),
    Column("lake_version", BigInteger, nullable=False),
    Column("changed_at", String, nullable=False),
    Column("recalled_at", String),
    Index("value_change_open", "recalled_at"),
    Index("value_change_subject", "subject_id", "attribute"),
)

# A row is an objection (异议) of a subject to a value of its file, or of one who may act for it. `entry_id` is the
# attribute, `<kind>.<name>`, `provider` its lead; `consumer` is empty, or the hotline. `document` holds no value.
OBJECTION = Table(
    "objection",
    METADATA,
    Column("objection_id", String, primary_key=True),
    Column("consumer", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("opened_on", String, nullable=False),
    Column("due_on", String),
    Column("document", Text, nullable=False),
    Index("objection_subject", "subject_id", "entry_id"),
    Index("objection_state", "state"),
)

# A row is a sharing dispute (共享争议) between two departments over a request or a grant, `entry_id`.
SHARING_DISPUTE = Table(
    "sharing_dispute",
    METADATA,
    Column("dispute_id", String, primary_key=True),
    Column("consumer", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("opened_on", String, nullable=False),
    Column("due_on", String),
    Column("document", Text, nullable=False),
    Index("sharing_dispute_of", "entry_id"),
)

# A row is a notice to a consumer that what it got does not hold any more: the outbox, and the feed by its number.
# `document` names answers, cases and fields, as JSON. `next_try_at` is null once it was delivered or nobody is told.
NOTICE = Table(
    "notice",
    METADATA,
    Column("notice_no", Integer, primary_key=True, autoincrement=True),
    Column("consumer", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("source", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("due_on", String, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", String),
    Column("last_fault", String, nullable=False),
    Column("delivered_at", String),
    Column("acknowledged_at", String),
    Column("acknowledged_by", String, nullable=False),
    Index("notice_source", "consumer", "source", unique=True),
    Index("notice_next", "next_try_at"),
    sqlite_autoincrement=True,
)

# A row is where a department wants its notices sent.
NOTICE_TARGET = Table(
    "notice_target",
    METADATA,
    Column("consumer", String, primary_key=True),
    Column("url", Text, nullable=False),
    Column("set_at", String, nullable=False),
    Column("set_by", String, nullable=False),
)

# A row is something that an auditor is to look at. `about` makes it one of its kind: found again, it is not doubled.
# `seq` is the entry of the ledger where it is about one; `document` says the figures, as JSON.
FINDING = Table(
    "finding",
    METADATA,
    Column("finding_no", Integer, primary_key=True, autoincrement=True),
    Column("kind", String, nullable=False),
    Column("about", String, nullable=False),
    Column("seq", BigInteger),
    Column("department", String, nullable=False),
    Column("looked_on", String, nullable=False),
    Column("found_at", String, nullable=False),
    Column("document", Text, nullable=False),
    Column("settled_at", String),
    Column("settled_by", String, nullable=False),
    Column("settled_why", Text, nullable=False),
    Index("finding_about", "kind", "about", unique=True),
    Index("finding_open", "settled_at", "department"),
)

# A row is a subject whose every look is listed: somebody known to many. By the ledger's keyed hash.
WATCHED_SUBJECT = Table(
    "watched_subject",
    METADATA,
    Column("subject_hash", String, primary_key=True),
    Column("since", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("set_by", String, nullable=False),
)

# A row is an incident that was declared: the looks under these grants (JSON) from one instant to another are concerned.
INCIDENT = Table(
    "incident",
    METADATA,
    Column("incident_id", String, primary_key=True),
    Column("declared_at", String, nullable=False),
    Column("declared_by", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("grants", Text, nullable=False),
    Column("since", String, nullable=False),
    Column("until", String, nullable=False),
    Column("closed_at", String),
    Column("closing", Text, nullable=False),
)
