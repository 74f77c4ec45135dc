"""The catalogue: entries and their versions; requests, grants, their steps, use, and needs that nothing meets."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _entries()
    _cases()
    _steps()


def _entries() -> None:
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


def _cases() -> None:
    op.create_table(
        "sharing_request",
        sa.Column("request_id", sa.String, primary_key=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("made_on", sa.String, nullable=False),
        sa.Column("due_on", sa.String),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("sharing_request_state", "sharing_request", ["state"])
    op.create_table(
        "sharing_grant",
        sa.Column("grant_id", sa.String, primary_key=True),
        sa.Column("request_id", sa.String, sa.ForeignKey("sharing_request.request_id"), nullable=False),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("valid_from", sa.String, nullable=False),
        sa.Column("valid_until", sa.String, nullable=False),
        sa.Column("due_on", sa.String),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("sharing_grant_request", "sharing_grant", ["request_id"], unique=True)
    op.create_index("sharing_grant_consumer", "sharing_grant", ["consumer"])


def _steps() -> None:
    op.create_table(
        "sharing_step",
        sa.Column("of_id", sa.String, primary_key=True),
        sa.Column("step_no", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("from_state", sa.String, nullable=False),
        sa.Column("to_state", sa.String, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
    )
    op.create_table(
        "sharing_use",
        sa.Column("grant_id", sa.String, sa.ForeignKey("sharing_grant.grant_id"), primary_key=True),
        sa.Column("field", sa.String, primary_key=True),
        sa.Column("used_on", sa.String, primary_key=True),
        sa.Column("times", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "sharing_need",
        sa.Column("need_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("need", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("said_on", sa.String, nullable=False),
    )


def downgrade() -> None:
    tables = ("sharing_need", "sharing_use", "sharing_step", "sharing_grant", "sharing_request")
    for table in (*tables, "catalog_version", "catalog_entry"):
        op.drop_table(table)
