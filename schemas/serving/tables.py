"""The tables of the serving database, for SQLite and PostgreSQL alike.

Instants are RFC 3339 text in UTC, ending in Z, in both engines: equal text is an equal instant,
and text sorts as time does. How the tables came about: `schemas/migrations`, held equal by a test.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from schemas.serving import (
    counter_tables,
    disclosure_tables,
    event_tables,
    material_tables,
    prefill_tables,
    record_tables,
    share_tables,
)
from schemas.serving.metadata import METADATA

__all__ = [
    "METADATA", "counter_tables", "disclosure_tables", "event_tables", "material_tables", "prefill_tables",
    "record_tables", "share_tables",
]  # fmt: skip

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

# A row is one licence, whatever its versions. `licence_key` is type, issuer and serial of its identifier;
# `printed_hash` the keyed hash of the number on its face.
LICENCE = Table(
    "licence",
    METADATA,
    Column("licence_key", String, primary_key=True),
    Column("type_name", String, nullable=False),
    Column("printed_hash", LargeBinary),
    Index("licence_printed", "printed_hash"),
)

# A row is a holder by whom a licence is found: a keyed hash, so that the table lists nobody.
LICENCE_HOLDER = Table(
    "licence_holder",
    METADATA,
    Column("holder_hash", LargeBinary, primary_key=True),
    Column("licence_key", String, ForeignKey("licence.licence_key"), primary_key=True),
)

# A row is one version of one licence, and one leaf of the log. Days are YYYY-MM-DD. `sealed` is salt and
# payload under a key of their own, `wrapped_key` that key under the master key named; null: erased.
LICENCE_VERSION = Table(
    "licence_version",
    METADATA,
    Column("licence_key", String, ForeignKey("licence.licence_key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("leaf_index", BigInteger, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("event", String, nullable=False),
    Column("state", String, nullable=False),
    Column("raw_state", String, nullable=False),
    Column("since_on", String, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_until", String),
    Column("commitment", LargeBinary, nullable=False),
    Column("content_hash", LargeBinary, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("master", String, nullable=False),
    Index("licence_version_leaf", "leaf_index", unique=True),
    Index("licence_version_until", "valid_until"),
)

# A row is one batch of the log: leaves `size_before` to before `size_after`. `state` is `prepared` until the
# log's checkpoint covers it, then `sealed`, with the log's root after it.
LICENCE_BATCH = Table(
    "licence_batch",
    METADATA,
    Column("batch_no", Integer, primary_key=True, autoincrement=False),
    Column("batch_id", String, nullable=False),
    Column("size_before", BigInteger, nullable=False),
    Column("size_after", BigInteger, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("state", String, nullable=False),
    Column("root", LargeBinary),
    Column("issued", BigInteger, nullable=False),
    Column("unchanged", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Index("licence_batch_id", "batch_id", unique=True),
)

# A row is one presentation that was made of a licence, or refused; `outcome` says which. `licence_key` is null where a
# code led to no licence; `fields` is a JSON array; `basis` names the grant, consent or code.
LICENCE_PRESENTATION = Table(
    "licence_presentation",
    METADATA,
    Column("presentation_id", String, primary_key=True),
    Column("licence_key", String, ForeignKey("licence.licence_key")),
    Column("version", Integer),
    Column("kind", String, nullable=False),
    Column("audience", String, nullable=False),
    Column("item", String, nullable=False),
    Column("case_no", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("ends_at", String),
    Column("basis", String, nullable=False),
    Column("outcome", String, nullable=False),
    Index("licence_presentation_licence", "licence_key"),
)

# A row is what a holder agreed to: whom a licence may be shown to, which fields, for which item (null: any), until
# which day; `withdrawn_at` is set when the holder took it back.
LICENCE_CONSENT = Table(
    "licence_consent",
    METADATA,
    Column("consent_id", String, primary_key=True),
    Column("licence_key", String, ForeignKey("licence.licence_key"), nullable=False),
    Column("audience", String, nullable=False),
    Column("fields", Text, nullable=False),
    Column("item", String),
    Column("given_at", String, nullable=False),
    Column("given_how", String, nullable=False),
    Column("until", String, nullable=False),
    Column("withdrawn_at", String),
    Index("licence_consent_licence", "licence_key"),
)

# A row is a one-time code, by its keyed hash: it fetches one presentation once, before `ends_at`.
LICENCE_CODE = Table(
    "licence_code",
    METADATA,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("licence_key", String, ForeignKey("licence.licence_key"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("audience", String),
    Column("fields", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("ends_at", String, nullable=False),
    Column("used_at", String),
)

# A row is the statement of a department that a version was made from: a row of a delivery. `told_on` is the day since
# when the statement is true, `seq` its delivery's place among all. Versions that no delivery brought have none.
LICENCE_SOURCE = Table(
    "licence_source",
    METADATA,
    Column("licence_key", String, ForeignKey("licence.licence_key"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("resource", String, nullable=False),
    Column("delivery", String, nullable=False),
    Column("row_no", BigInteger, nullable=False),
    Column("told_on", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Index("licence_source_delivery", "delivery"),
)

# A row is a statement that became no version: the vault's quarantine. `record_hash` is a keyed hash of type and record;
# `settled_at` is set once a later statement about the record was taken.
LICENCE_REFUSAL = Table(
    "licence_refusal",
    METADATA,
    Column("record_hash", LargeBinary, primary_key=True),
    Column("delivery", String, primary_key=True),
    Column("row_no", BigInteger, primary_key=True),
    Column("type_name", String, nullable=False),
    Column("resource", String, nullable=False),
    Column("column_name", String),
    Column("reason", String, nullable=False),
    Column("told_on", String, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("settled_at", String),
    Index("licence_refusal_open", "settled_at", "resource"),
)

# A row is an original that an authority sealed, bound to a licence: `digest` is the SHA-256 of its bytes, hex. `sealed`
# is the report on it and its bytes, under a key of their own.
LICENCE_ORIGINAL = Table(
    "licence_original",
    METADATA,
    Column("licence_key", String, ForeignKey("licence.licence_key"), primary_key=True),
    Column("digest", String, primary_key=True),
    Column("format", String, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("identifier_hash", LargeBinary, nullable=False),
    Column("collected_at", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("master", String, nullable=False),
    Index("licence_original_identifier", "identifier_hash"),
)

# A row is a licence whose content was erased: who did it, when, and why. It gets no further version.
LICENCE_ERASURE = Table(
    "licence_erasure",
    METADATA,
    Column("licence_key", String, ForeignKey("licence.licence_key"), primary_key=True),
    Column("erased_at", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("versions", Integer, nullable=False),
)

# A row is one entry of the catalogue whose versions are kept. `source` is `declared`, or the name of the mapping it was
# imported by; `vanished_at` is set while the source lists it no more.
CATALOG_ENTRY = Table(
    "catalog_entry",
    METADATA,
    Column("entry_id", String, primary_key=True),
    Column("source", String, nullable=False),
    Column("vanished_at", String),
    Index("catalog_entry_source", "source"),
)

# A row is one version of an entry; `document` is the entry as JSON, `digest` the SHA-256 of it, hex.
CATALOG_VERSION = Table(
    "catalog_version",
    METADATA,
    Column("entry_id", String, ForeignKey("catalog_entry.entry_id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("recorded_at", String, nullable=False),
    Column("digest", String, nullable=False),
    Column("document", Text, nullable=False),
)

# A row is one request of a department for a resource. `step_count` guards against two answers at once; `due_on` is the
# day by which the next step is due. `document` says what is asked for, as JSON.
SHARING_REQUEST = Table(
    "sharing_request",
    METADATA,
    Column("request_id", String, primary_key=True),
    Column("consumer", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("made_on", String, nullable=False),
    Column("due_on", String),
    Column("document", Text, nullable=False),
    Index("sharing_request_state", "state"),
)

# A row is what was granted: the one thing that the counter obeys. `document` has fields, rows, items, quota, as JSON.
SHARING_GRANT = Table(
    "sharing_grant",
    METADATA,
    Column("grant_id", String, primary_key=True),
    Column("request_id", String, ForeignKey("sharing_request.request_id"), nullable=False),
    Column("consumer", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("valid_from", String, nullable=False),
    Column("valid_until", String, nullable=False),
    Column("due_on", String),
    Column("document", Text, nullable=False),
    Index("sharing_grant_request", "request_id", unique=True),
    Index("sharing_grant_consumer", "consumer"),
)

# A row is one step of a request or a grant: who did what, in which role, and why.
SHARING_STEP = Table(
    "sharing_step",
    METADATA,
    Column("of_id", String, primary_key=True),
    Column("step_no", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("action", String, nullable=False),
    Column("role", String, nullable=False),
    Column("department", String, nullable=False),
    Column("operator", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("from_state", String, nullable=False),
    Column("to_state", String, nullable=False),
    Column("detail", Text, nullable=False),
)

# A row is how often a granted field was used on a day.
SHARING_USE = Table(
    "sharing_use",
    METADATA,
    Column("grant_id", String, ForeignKey("sharing_grant.grant_id"), primary_key=True),
    Column("field", String, primary_key=True),
    Column("used_on", String, primary_key=True),
    Column("times", BigInteger, nullable=False),
)

# A row is a need that no resource meets, as a department said it.
SHARING_NEED = Table(
    "sharing_need",
    METADATA,
    Column("need_no", Integer, primary_key=True, autoincrement=True),
    Column("consumer", String, nullable=False),
    Column("need", String, nullable=False),
    Column("item", String, nullable=False),
    Column("said_on", String, nullable=False),
)

# A row is one verification with the lead of an attribute (`entry_id`, `<kind>.<name>`) of one subject. `fingerprint` is
# the SHA-256, hex, of what contradicts: the same contradiction is verified once. `document` names resources, no values.
SHARING_VERIFICATION = Table(
    "sharing_verification",
    METADATA,
    Column("verification_id", String, primary_key=True),
    Column("consumer", String, nullable=False),
    Column("provider", String, nullable=False),
    Column("entry_id", String, nullable=False),
    Column("subject_id", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("state", String, nullable=False),
    Column("step_count", Integer, nullable=False),
    Column("opened_on", String, nullable=False),
    Column("due_on", String),
    Column("document", Text, nullable=False),
    Index("sharing_verification_what", "subject_id", "entry_id", "fingerprint", unique=True),
    Index("sharing_verification_state", "state"),
)
