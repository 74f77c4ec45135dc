"""The event feed: subscriptions, and what was told."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event_subscription",
        sa.Column("subscription_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("grant_id", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("change_no", sa.BigInteger, nullable=False),
        sa.Column("leaf_index", sa.BigInteger, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
        sqlite_autoincrement=True,
    )
    op.create_index("event_subscription_of", "event_subscription", ["consumer", "grant_id"])
    op.create_index("event_subscription_entry", "event_subscription", ["entry_id", "ended_at"])
    op.create_table(
        "event",
        sa.Column("event_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subscription_no", sa.Integer, nullable=False),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("subject", sa.String, nullable=False),
        sa.Column("previous", sa.Integer),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.String),
        sa.Column("last_fault", sa.String, nullable=False),
        sa.Column("delivered_at", sa.String),
        sqlite_autoincrement=True,
    )
    op.create_index("event_source", "event", ["subscription_no", "source"], unique=True)
    op.create_index("event_feed", "event", ["consumer", "event_no"])
    op.create_index("event_subject", "event", ["subject", "event_no"])
    op.create_index("event_next", "event", ["next_try_at"])


def downgrade() -> None:
    op.drop_table("event")
    op.drop_table("event_subscription")
