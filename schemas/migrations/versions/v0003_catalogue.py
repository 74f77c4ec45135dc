"""The catalogue: entries and their versions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "catalog_entry",
        sa.Column("entry_id", sa.String, primary_key=True),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("vanished_at", sa.String),
    )
    op.create_index("catalog_entry_source", "catalog_entry", ["source"])
    op.create_table(
        "catalog_version",
        sa.Column("entry_id", sa.String, sa.ForeignKey("catalog_entry.entry_id"), primary_key=True),
        sa.Column("version", sa.Integer, primary_key=True),
        sa.Column("recorded_at", sa.String, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in ("catalog_version", "catalog_entry"):
        op.drop_table(table)
