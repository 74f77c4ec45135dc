"""Shared materials: what is kept once, of whom it is, and what became of it."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "material_content",
        sa.Column("content_hash", sa.String, primary_key=True),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("media_type", sa.String, nullable=False),
        sa.Column("pages", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("scanned_by", sa.String, nullable=False),
        sa.Column("kept_at", sa.String, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("master", sa.String, nullable=False),
    )
    op.create_index("material_content_place", "material_content", ["place"], unique=True)
    _materials()
    op.create_table(
        "material_event",
        sa.Column("material_id", sa.String, sa.ForeignKey("material.material_id"), primary_key=True),
        sa.Column("event_no", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("by", sa.String, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )


def _materials() -> None:
    op.create_table(
        "material",
        sa.Column("material_id", sa.String, primary_key=True),
        sa.Column("content_hash", sa.String, sa.ForeignKey("material_content.content_hash"), nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("subject_hash", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("verified_by", sa.String, nullable=False),
        sa.Column("verified_against", sa.String, nullable=False),
        sa.Column("verified_on", sa.String, nullable=False),
        sa.Column("dated_on", sa.String),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("master", sa.String, nullable=False),
    )
    op.create_index("material_same", "material", ["subject_hash", "kind", "content_hash"], unique=True)
    op.create_index("material_case", "material", ["case_no"])
    op.create_index("material_state", "material", ["state", "kind"])


def downgrade() -> None:
    for name in ("material_event", "material", "material_content"):
        op.drop_table(name)
