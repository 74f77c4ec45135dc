"""Batches of shares that are made every night; up to where old events were removed."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "share_nightly",
        sa.Column("share_id", sa.String, sa.ForeignKey("share.share_id"), primary_key=True),
        sa.Column("folder", sa.String, nullable=False),
        sa.Column("form", sa.String, nullable=False),
        sa.Column("set_at", sa.String, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
        sa.Column("made_at", sa.String),
        sa.Column("fault", sa.Text, nullable=False),
    )
    op.create_table(
        "event_removed",
        sa.Column("consumer", sa.String, primary_key=True),
        sa.Column("event_no", sa.Integer, nullable=False),
        sa.Column("removed_at", sa.String, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("event_removed")
    op.drop_table("share_nightly")
