"""The tables of prefill: what cases needed, what their forms were in the end, and what was promised in them.

As everywhere in the serving database, instants are RFC 3339 text in UTC and days YYYY-MM-DD. No value of anybody
stands here in the clear: a form that is kept for the next case is sealed.
"""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, LargeBinary, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is what one item of a case needed when it was asked last: how each material and field stood, as JSON.
# `item` is a code, `department` the one that renders it, `registrar` whose client asked.
CASE_NEED = Table(
    "case_need",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("item", String, primary_key=True),
    Column("department", String, nullable=False),
    Column("registrar", String, nullable=False),
    Column("asked_on", String, nullable=False),
    Column("document", Text, nullable=False),
    Index("case_need_asked", "asked_on"),
)

# A row is what one item of a case got in the end: what each field was when it was checked, how each material came.
CASE_CHECK = Table(
    "case_check",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("item", String, primary_key=True),
    Column("checked_on", String, nullable=False),
    Column("document", Text, nullable=False),
    Index("case_check_checked", "checked_on"),
)

# A row is the form of a case as it was handed in, for the applicant's next case (`subject_hash`: the ledger's keyed
# hash). `sealed` is its values under a key of their own, `wrapped_key` that key; both go after `kept_until`.
CASE_FORM = Table(
    "case_form",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("subject_hash", String, nullable=False),
    Column("registrar", String, nullable=False),
    Column("department", String, nullable=False),
    Column("items", Text, nullable=False),
    Column("kept_on", String, nullable=False),
    Column("kept_until", String, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master", String, nullable=False),
    Index("case_form_subject", "subject_hash", "kept_on"),
    Index("case_form_until", "kept_until"),
)

# A row is a promise that was made in a case instead of a material: until which day, and what became of it.
CASE_PROMISE = Table(
    "case_promise",
    METADATA,
    Column("promise_id", String, primary_key=True),
    Column("case_id", String, ForeignKey("case_file.case_id"), nullable=False),
    Column("item", String, nullable=False),
    Column("material", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
    Column("due_on", String, nullable=False),
    Column("state", String, nullable=False),
    Column("settled_at", String),
    Column("settled_by", String),
    Column("reason", Text, nullable=False),
    Index("case_promise_case", "case_id", "item", "material", unique=True),
    Index("case_promise_due", "state", "due_on"),
)
