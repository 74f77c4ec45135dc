"""Rows of resources that somebody holds a grant for."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject_record",
        sa.Column("subject_id", sa.String, primary_key=True),
        sa.Column("resource", sa.String, primary_key=True),
        sa.Column("record", sa.String, primary_key=True),
        sa.Column("observed_on", sa.String, nullable=False),
        sa.Column("delivery", sa.String, nullable=False),
        sa.Column("row_no", sa.BigInteger, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.String, nullable=False),
    )
    op.create_index("subject_record_record", "subject_record", ["resource", "record"])
    op.create_table(
        "record_publication",
        sa.Column("batch_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("declared", sa.String, nullable=False),
        sa.Column("lake_table", sa.String, nullable=False),
        sa.Column("from_version", sa.BigInteger),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("order_version", sa.BigInteger, nullable=False),
        sa.Column("erased", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.String, nullable=False),
        sa.Column("upserted", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
    )
    op.create_index("record_publication_resource", "record_publication", ["resource", "batch_no"])


def downgrade() -> None:
    op.drop_table("record_publication")
    op.drop_table("subject_record")
