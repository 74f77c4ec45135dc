"""The vault: licences, who holds them, their versions, and the batches of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "licence",
        sa.Column("licence_key", sa.String, primary_key=True),
        sa.Column("type_name", sa.String, nullable=False),
        sa.Column("printed_hash", sa.LargeBinary),
    )
    op.create_index("licence_printed", "licence", ["printed_hash"])
    op.create_table(
        "licence_holder",
        sa.Column("holder_hash", sa.LargeBinary, primary_key=True),
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), primary_key=True),
    )
    op.create_table(
        "licence_version",
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.String, nullable=False),
        sa.Column("event", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("raw_state", sa.String, nullable=False),
        sa.Column("since_on", sa.String, nullable=False),
        sa.Column("valid_from", sa.String, nullable=False),
        sa.Column("valid_until", sa.String),
        sa.Column("commitment", sa.LargeBinary, nullable=False),
        sa.Column("content_hash", sa.LargeBinary, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary),
        sa.Column("master", sa.String, nullable=False),
    )
    op.create_index("licence_version_leaf", "licence_version", ["leaf_index"], unique=True)
    op.create_table(
        "licence_batch",
        sa.Column("batch_no", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("batch_id", sa.String, nullable=False),
        sa.Column("size_before", sa.BigInteger, nullable=False),
        sa.Column("size_after", sa.BigInteger, nullable=False),
        sa.Column("recorded_at", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("root", sa.LargeBinary),
        sa.Column("issued", sa.BigInteger, nullable=False),
        sa.Column("unchanged", sa.BigInteger, nullable=False),
        sa.Column("refused", sa.BigInteger, nullable=False),
    )
    op.create_index("licence_batch_id", "licence_batch", ["batch_id"], unique=True)


def downgrade() -> None:
    for table in ("licence_batch", "licence_version", "licence_holder", "licence"):
        op.drop_table(table)
