"""The tables of shared materials: what is kept once, of whom it is, and what became of it.

As everywhere in the serving database, instants are RFC 3339 text in UTC and days YYYY-MM-DD. The bytes lie in the store
of materials, sealed; the key that opens them lies here, wrapped, and what is destroyed here is gone there.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from schemas.serving.metadata import METADATA

# A row is one file that is kept, however many materials it is: found by a keyed hash of its bytes, hex. `place` is its
# name in the store; `wrapped_key` null: nobody can open it any more.
MATERIAL_CONTENT = Table(
    "material_content",
    METADATA,
    Column("content_hash", String, primary_key=True),
    Column("place", String, nullable=False),
    Column("media_type", String, nullable=False),
    Column("pages", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("scanned_by", String, nullable=False),
    Column("kept_at", String, nullable=False),
    Column("wrapped_key", LargeBinary),
    Column("master", String, nullable=False),
    Index("material_content_place", "place", unique=True),
)

# A row is a material: a file that somebody verified, of a kind, of a holder (`subject_hash`: the ledger's keyed hash).
# `sealed` names the holder, `wrapped_key` opens that; `holder_hash` is what licences find it by
# (null: not known); `origin` is `scan`, or `result` of the case `case_no`.
MATERIAL = Table(
    "material",
    METADATA,
    Column("material_id", String, primary_key=True),
    Column("content_hash", String, ForeignKey("material_content.content_hash"), nullable=False),
    Column("kind", String, nullable=False),
    Column("subject_hash", String, nullable=False),
    Column("origin", String, nullable=False),
    Column("department", String, nullable=False),
    Column("item", String, nullable=False),
    Column("case_no", String, nullable=False),
    Column("verified_by", String, nullable=False),
    Column("verified_against", String, nullable=False),
    Column("verified_on", String, nullable=False),
    Column("dated_on", String),
    Column("state", String, nullable=False),
    Column("note", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master", String, nullable=False),
    Index("material_same", "subject_hash", "kind", "content_hash", unique=True),
    Index("material_case", "case_no"),
    Column("holder_hash", LargeBinary),
    Index("material_state", "state", "kind"),
    Index("material_holder", "holder_hash"),
)

# A row is what happened to a material: deposited, verified again, withdrawn by its holder, retired; by whom, for what.
MATERIAL_EVENT = Table(
    "material_event",
    METADATA,
    Column("material_id", String, ForeignKey("material.material_id"), primary_key=True),
    Column("event_no", Integer, primary_key=True),
    Column("at", String, nullable=False),
    Column("event", String, nullable=False),
    Column("department", String, nullable=False),
    Column("by", String, nullable=False),
    Column("case_no", String, nullable=False),
    Column("note", Text, nullable=False),
)

# A row is the archive package of a closed case: sealed whole in the store of materials as `place`; `manifest_sha256` is
# that of its manifest. `keep_until` null: for good.
CASE_ARCHIVE = Table(
    "case_archive",
    METADATA,
    Column("case_id", String, ForeignKey("case_file.case_id"), primary_key=True),
    Column("package_id", String, nullable=False),
    Column("fonds", String, nullable=False),
    Column("department", String, nullable=False),
    Column("item", String, nullable=False),
    Column("case_no", String, nullable=False),
    Column("retention", String, nullable=False),
    Column("keep_until", String),
    Column("files", Integer, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("manifest_sha256", String, nullable=False),
    Column("place", String, nullable=False),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master", String, nullable=False),
    Column("made_at", String, nullable=False),
    Column("made_by", String, nullable=False),
    Index("case_archive_package", "package_id", unique=True),
)
