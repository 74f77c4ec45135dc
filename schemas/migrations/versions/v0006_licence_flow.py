"""The vault in the flow: where versions came from, what was refused, collected originals, erasures."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("licence_version_until", "licence_version", ["valid_until"])
    _provenance()
    op.create_table(
        "licence_original",
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), primary_key=True),
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("format", sa.String, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("identifier_hash", sa.LargeBinary, nullable=False),
        sa.Column("collected_at", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("master", sa.String, nullable=False),
    )
    op.create_index("licence_original_identifier", "licence_original", ["identifier_hash"])
    op.create_table(
        "licence_erasure",
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), primary_key=True),
        sa.Column("erased_at", sa.String, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("versions", sa.Integer, nullable=False),
    )


def _provenance() -> None:
    op.create_table(
        "licence_source",
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("delivery", sa.String, nullable=False),
        sa.Column("row_no", sa.BigInteger, nullable=False),
        sa.Column("told_on", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.create_index("licence_source_delivery", "licence_source", ["delivery"])
    op.create_table(
        "licence_refusal",
        sa.Column("record_hash", sa.LargeBinary, primary_key=True),
        sa.Column("delivery", sa.String, primary_key=True),
        sa.Column("row_no", sa.BigInteger, primary_key=True),
        sa.Column("type_name", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("column_name", sa.String),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("told_on", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.String, nullable=False),
        sa.Column("settled_at", sa.String),
    )
    op.create_index("licence_refusal_open", "licence_refusal", ["settled_at", "resource"])


def downgrade() -> None:
    for table in ("licence_erasure", "licence_original", "licence_refusal", "licence_source"):
        op.drop_table(table)
    op.drop_index("licence_version_until", "licence_version")
