"""The first shape: subjects with their documents, the numbers that find them, the publications."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subject",
        sa.Column("subject_id", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("number_type", sa.String, nullable=False),
        sa.Column("number", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.String, nullable=False),
    )
    op.create_table(
        "identifier",
        sa.Column("kind", sa.String, primary_key=True),
        sa.Column("number_type", sa.String, primary_key=True),
        sa.Column("number", sa.String, primary_key=True),
        sa.Column("subject_id", sa.String, sa.ForeignKey("subject.subject_id", ondelete="CASCADE"), primary_key=True),
    )
    op.create_index("identifier_subject", "identifier", ["subject_id"])
    op.create_table(
        "publication",
        sa.Column("batch_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("lake_table", sa.String, nullable=False),
        sa.Column("from_version", sa.BigInteger),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("published_at", sa.String, nullable=False),
        sa.Column("upserted", sa.BigInteger, nullable=False),
        sa.Column("deleted", sa.BigInteger, nullable=False),
        sa.Column("run_id", sa.String),
    )
    op.create_index("publication_kind", "publication", ["kind", "batch_no"])


def downgrade() -> None:
    op.drop_table("publication")
    op.drop_table("identifier")
    op.drop_table("subject")
