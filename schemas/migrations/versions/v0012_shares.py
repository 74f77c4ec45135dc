"""Shares in bulk: recipients, their tables, what was projected for them."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share",
        sa.Column("share_id", sa.String, primary_key=True),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("token_hash", sa.String),
        sa.Column("token_until", sa.String),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
        sa.Column("reason", sa.String, nullable=False),
    )
    op.create_index("share_token", "share", ["token_hash"], unique=True)
    op.create_table(
        "share_table",
        sa.Column("share_id", sa.String, sa.ForeignKey("share.share_id"), primary_key=True),
        sa.Column("grant_id", sa.String, primary_key=True),
        sa.Column("schema_name", sa.String, nullable=False),
        sa.Column("table_name", sa.String, nullable=False),
    )
    op.create_index("share_table_name", "share_table", ["share_id", "schema_name", "table_name"], unique=True)
    op.create_table(
        "share_projection",
        sa.Column("grant_id", sa.String, primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("limited_to", sa.String, nullable=False),
        sa.Column("declared", sa.String, nullable=False),
        sa.Column("lake_table", sa.String, nullable=False),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("order_version", sa.BigInteger, nullable=False),
        sa.Column("erased", sa.BigInteger, nullable=False),
        sa.Column("area_version", sa.String, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("share_projection")
    op.drop_table("share_table")
    op.drop_table("share")
