"""What follows from looks: their index, findings, objections, disputes, notices, incidents."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _looks()
    _objections()
    _notices()
    _findings()


def _looks() -> None:
    op.create_table(
        "disclosure",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("subject_hash", sa.String),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("client", sa.String, nullable=False),
        sa.Column("acting", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("resource", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("grant_id", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("purpose", sa.Text, nullable=False),
        sa.Column("basis", sa.Text, nullable=False),
        sa.Column("lake_version", sa.String, nullable=False),
        sa.Column("answer_id", sa.String, nullable=False),
        sa.Column("notice_after", sa.String, nullable=False),
    )
    op.create_index("disclosure_at", "disclosure", ["at"])
    op.create_index("disclosure_case", "disclosure", ["case_no", "seq"])
    op.create_index("disclosure_subject", "disclosure", ["subject_hash", "seq"])
    op.create_table(
        "value_change",
        sa.Column("change_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("attribute", sa.String, nullable=False),
        sa.Column("how", sa.String, nullable=False),
        sa.Column("lake_version", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.String, nullable=False),
        sa.Column("recalled_at", sa.String),
    )
    op.create_index("value_change_open", "value_change", ["recalled_at"])
    op.create_index("value_change_subject", "value_change", ["subject_id", "attribute"])


def _objections() -> None:
    op.create_table(
        "objection",
        sa.Column("objection_id", sa.String, primary_key=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.String, nullable=False),
        sa.Column("due_on", sa.String),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("objection_state", "objection", ["state"])
    op.create_index("objection_subject", "objection", ["subject_id", "entry_id"])
    op.create_table(
        "sharing_dispute",
        sa.Column("dispute_id", sa.String, primary_key=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.String, nullable=False),
        sa.Column("due_on", sa.String),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("sharing_dispute_of", "sharing_dispute", ["entry_id"])


def _notices() -> None:
    op.create_table(
        "notice",
        sa.Column("notice_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("reason", sa.String, nullable=False),
        sa.Column("source", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("due_on", sa.String, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_try_at", sa.String),
        sa.Column("last_fault", sa.String, nullable=False),
        sa.Column("delivered_at", sa.String),
        sa.Column("acknowledged_at", sa.String),
        sa.Column("acknowledged_by", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("notice_next", "notice", ["next_try_at"])
    op.create_index("notice_source", "notice", ["consumer", "source"], unique=True)
    op.create_table(
        "notice_target",
        sa.Column("consumer", sa.String, primary_key=True),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("set_at", sa.String, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
    )


def _findings() -> None:
    op.create_table(
        "finding",
        sa.Column("finding_no", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("about", sa.String, nullable=False),
        sa.Column("seq", sa.BigInteger),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("looked_on", sa.String, nullable=False),
        sa.Column("found_at", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("settled_at", sa.String),
        sa.Column("settled_by", sa.String, nullable=False),
        sa.Column("settled_why", sa.Text, nullable=False),
    )
    op.create_index("finding_about", "finding", ["kind", "about"], unique=True)
    op.create_index("finding_open", "finding", ["settled_at", "department"])
    op.create_table(
        "watched_subject",
        sa.Column("subject_hash", sa.String, primary_key=True),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("set_by", sa.String, nullable=False),
    )
    op.create_table(
        "incident",
        sa.Column("incident_id", sa.String, primary_key=True),
        sa.Column("declared_at", sa.String, nullable=False),
        sa.Column("declared_by", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("grants", sa.Text, nullable=False),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("until", sa.String, nullable=False),
        sa.Column("closed_at", sa.String),
        sa.Column("closing", sa.Text, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "incident",
        "watched_subject",
        "finding",
        "notice_target",
        "notice",
        "sharing_dispute",
        "objection",
        "value_change",
        "disclosure",
    ):
        op.drop_table(table)
