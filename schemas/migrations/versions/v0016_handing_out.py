"""Shares in bulk: what a table came to on a day, batches of files, recipients' own databases."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share_count",
        sa.Column("grant_id", sa.String, primary_key=True),
        sa.Column("counted_on", sa.String, primary_key=True),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("counted_at", sa.String, nullable=False),
    )
    op.create_table(
        "share_batch",
        sa.Column("batch_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("batch_id", sa.String, nullable=False),
        sa.Column("share_id", sa.String, nullable=False),
        sa.Column("grant_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("rows", sa.BigInteger, nullable=False),
        sa.Column("manifest", sa.String, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("share_batch_id", "share_batch", ["batch_id"], unique=True)
    op.create_index("share_batch_of", "share_batch", ["share_id", "grant_id", "batch_no"])
    op.create_table(
        "share_target",
        sa.Column("share_id", sa.String, sa.ForeignKey("share.share_id"), primary_key=True),
        sa.Column("variable", sa.String, nullable=False),
        sa.Column("schema_name", sa.String, nullable=False),
        sa.Column("set_at", sa.String, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.Column("put_at", sa.String),
        sa.Column("fault", sa.Text, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("share_target")
    op.drop_table("share_batch")
    op.drop_table("share_count")
