"""The tables of the counter: who may ask, for whom, and the cases that questions are asked for.

As everywhere in the serving database, instants are RFC 3339 text in UTC and days YYYY-MM-DD. No table here holds a
subject's number: a subject is its internal id, or the ledger's keyed hash of that.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is a registered client: a department's system. `certificate` is the SHA-256 (base64url) of the certificate that
# its tokens are bound to; empty: to whichever the front proxy saw, or to none.
COUNTER_CLIENT = Table(
    "counter_client",
    METADATA,
    Column("client_id", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("department", String, nullable=False),
    Column("certificate", String, nullable=False),
    Column("state", String, nullable=False),
    Column("registered_at", String, nullable=False),
    Column("registered_by", String, nullable=False),
    Column("ended_at", String),
    Column("reason", Text, nullable=False),
)

# A row is one public key of a client, as a JWK; `until` is its last instant, null while it is the newest.
COUNTER_CLIENT_KEY = Table(
    "counter_client_key",
    METADATA,
    Column("client_id", String, ForeignKey("counter_client.client_id"), primary_key=True),
    Column("key_id", String, primary_key=True),
    Column("jwk", Text, nullable=False),
    Column("added_at", String, nullable=False),
    Column("until", String),
)

# A row is an assertion that was used: it opens nothing again. Rows whose time is over may go.
COUNTER_ASSERTION = Table(
    "counter_assertion",
    METADATA,
    Column("client_id", String, primary_key=True),
    Column("jti", String, primary_key=True),
    Column("ends_at", BigInteger, nullable=False),
    Index("counter_assertion_ends", "ends_at"),
)

# A row is an official whom an identity provider names: what he may do, for which department, until when.
COUNTER_OFFICIAL = Table(
    "counter_official",
    METADATA,
    Column("issuer", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("name", String, nullable=False),
    Column("department", String, nullable=False),
    Column("roles", String, nullable=False),
    Column("until", String, nullable=False),
    Column("registered_at", String, nullable=False),
    Column("registered_by", String, nullable=False),
)

# A row is a mandate: `agent_id` may act for `principal_id` (internal ids), within `scope`, until a day.
COUNTER_MANDATE = Table(
    "counter_mandate",
    METADATA,
    Column("mandate_id", String, primary_key=True),
    Column("agent_id", String, nullable=False),
    Column("principal_id", String, nullable=False),
    Column("relation", String, nullable=False),
    Column("source", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("since", String, nullable=False),
    Column("until", String, nullable=False),
    Column("registered_at", String, nullable=False),
    Column("registered_by", String, nullable=False),
    Column("ended_at", String),
    Index("counter_mandate_agent", "agent_id", "principal_id"),
)

# A row is an answer that is given again when the same request comes again under its key.
COUNTER_REPEAT = Table(
    "counter_repeat",
    METADATA,
    Column("caller", String, primary_key=True),
    Column("repeat_key", String, primary_key=True),
    Column("digest", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Index("counter_repeat_made", "made_at"),
)

# A row is how often a caller guessed wrong on a day: about one subject (the ledger's hash), or under an empty hash
# about subjects that are not there.
COUNTER_GUESS = Table(
    "counter_guess",
    METADATA,
    Column("caller", String, primary_key=True),
    Column("subject_hash", String, primary_key=True),
    Column("guessed_on", String, primary_key=True),
    Column("department", String, nullable=False),
    Column("times", BigInteger, nullable=False),
    Column("last_at", String, nullable=False),
    Index("counter_guess_of_subject", "subject_hash", "guessed_on", "department"),
)

# A row is one case (办件), or a stage of one in another department (`parent_id`).
CASE_FILE = Table(
    "case_file",
    METADATA,
    Column("case_id", String, primary_key=True),
    Column("draft_no", String, nullable=False),
    Column("case_no", String),
    Column("parent_id", String, ForeignKey("case_file.case_id")),
    Column("item", String, nullable=False),
    Column("department", String, nullable=False),
    Column("registrar", String, nullable=False),
    Column("registered_by", String, nullable=False),
    Column("stage", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("officer", String, nullable=False),
    Column("result", Text, nullable=False),
    Column("opened_at", String, nullable=False),
    Column("accepted_on", String),
    Column("stopped_on", String),
    Column("stopped_days", Integer, nullable=False),
    Column("legal_days", Integer),
    Column("promised_days", Integer, nullable=False),
    Column("legal_due_on", String),
    Column("promised_due_on", String),
    Column("closed_at", String),
    Index("case_file_draft", "draft_no", unique=True),
    Index("case_file_no", "case_no", unique=True),
    Index("case_file_parent", "parent_id"),
    Index("case_file_opened", "opened_at"),
)

# A row is a party to a case: the ledger's keyed hash of a subject, and as what it is in the case.
CASE_PARTY = Table(
    "case_party",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("subject_hash", String, primary_key=True),
    Column("role", String, primary_key=True),
    Index("case_party_subject", "subject_hash"),
)

# A row is one step of a case as the intake platform reported it. `told_at` is when it was told, `at` when it was.
CASE_STEP = Table(
    "case_step",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("step_no", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("told_at", String, nullable=False),
    Column("step", String, nullable=False),
    Column("from_state", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("department", String, nullable=False),
    Column("officer", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("told_by", String, nullable=False),
)
