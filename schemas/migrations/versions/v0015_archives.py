"""Archive packages of closed cases."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_archive",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("package_id", sa.String, nullable=False),
        sa.Column("fonds", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("retention", sa.String, nullable=False),
        sa.Column("keep_until", sa.String),
        sa.Column("files", sa.Integer, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("manifest_sha256", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("master", sa.String, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
    )
    op.create_index("case_archive_package", "case_archive", ["package_id"], unique=True)


def downgrade() -> None:
    op.drop_table("case_archive")
