"""The counter: clients, officials, mandates, repeats, guesses, cases."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _who_asks()
    _what_came()
    _cases()


def _who_asks() -> None:
    op.create_table(
        "counter_client",
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("certificate", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("registered_at", sa.String, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_table(
        "counter_client_key",
        sa.Column("client_id", sa.String, sa.ForeignKey("counter_client.client_id"), primary_key=True),
        sa.Column("key_id", sa.String, primary_key=True),
        sa.Column("jwk", sa.Text, nullable=False),
        sa.Column("added_at", sa.String, nullable=False),
        sa.Column("until", sa.String),
    )
    op.create_table(
        "counter_official",
        sa.Column("issuer", sa.String, primary_key=True),
        sa.Column("subject", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("roles", sa.String, nullable=False),
        sa.Column("until", sa.String, nullable=False),
        sa.Column("registered_at", sa.String, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
    )
    op.create_table(
        "counter_mandate",
        sa.Column("mandate_id", sa.String, primary_key=True),
        sa.Column("agent_id", sa.String, nullable=False),
        sa.Column("principal_id", sa.String, nullable=False),
        sa.Column("relation", sa.String, nullable=False),
        sa.Column("source", sa.Text, nullable=False),
        sa.Column("scope", sa.Text, nullable=False),
        sa.Column("since", sa.String, nullable=False),
        sa.Column("until", sa.String, nullable=False),
        sa.Column("registered_at", sa.String, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
        sa.Column("ended_at", sa.String),
    )
    op.create_index("counter_mandate_agent", "counter_mandate", ["agent_id", "principal_id"])


def _what_came() -> None:
    op.create_table(
        "counter_assertion",
        sa.Column("client_id", sa.String, primary_key=True),
        sa.Column("jti", sa.String, primary_key=True),
        sa.Column("ends_at", sa.BigInteger, nullable=False),
    )
    op.create_index("counter_assertion_ends", "counter_assertion", ["ends_at"])
    op.create_table(
        "counter_repeat",
        sa.Column("caller", sa.String, primary_key=True),
        sa.Column("repeat_key", sa.String, primary_key=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
    )
    op.create_index("counter_repeat_made", "counter_repeat", ["made_at"])
    op.create_table(
        "counter_guess",
        sa.Column("caller", sa.String, primary_key=True),
        sa.Column("subject_hash", sa.String, primary_key=True),
        sa.Column("guessed_on", sa.String, primary_key=True),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("times", sa.BigInteger, nullable=False),
        sa.Column("last_at", sa.String, nullable=False),
    )


def _cases() -> None:
    op.create_table(
        "case_file",
        sa.Column("case_id", sa.String, primary_key=True),
        sa.Column("draft_no", sa.String, nullable=False),
        sa.Column("case_no", sa.String),
        sa.Column("parent_id", sa.String, sa.ForeignKey("case_file.case_id")),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("registrar", sa.String, nullable=False),
        sa.Column("registered_by", sa.String, nullable=False),
        sa.Column("stage", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("officer", sa.String, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
        sa.Column("opened_at", sa.String, nullable=False),
        sa.Column("accepted_on", sa.String),
        sa.Column("stopped_on", sa.String),
        sa.Column("stopped_days", sa.Integer, nullable=False),
        sa.Column("legal_days", sa.Integer),
        sa.Column("promised_days", sa.Integer, nullable=False),
        sa.Column("legal_due_on", sa.String),
        sa.Column("promised_due_on", sa.String),
        sa.Column("closed_at", sa.String),
    )
    op.create_index("case_file_draft", "case_file", ["draft_no"], unique=True)
    op.create_index("case_file_no", "case_file", ["case_no"], unique=True)
    op.create_index("case_file_parent", "case_file", ["parent_id"])
    op.create_index("case_file_opened", "case_file", ["opened_at"])
    op.create_table(
        "case_party",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("subject_hash", sa.String, primary_key=True),
        sa.Column("role", sa.String, primary_key=True),
    )
    op.create_index("case_party_subject", "case_party", ["subject_hash"])
    op.create_table(
        "case_step",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("step_no", sa.Integer, primary_key=True),
        sa.Column("at", sa.String, nullable=False),
        sa.Column("told_at", sa.String, nullable=False),
        sa.Column("step", sa.String, nullable=False),
        sa.Column("from_state", sa.String, nullable=False),
        sa.Column("to_state", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("officer", sa.String, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("told_by", sa.String, nullable=False),
    )


def downgrade() -> None:
    for table in (
        "case_step",
        "case_party",
        "case_file",
        "counter_guess",
        "counter_repeat",
        "counter_assertion",
        "counter_mandate",
        "counter_official",
        "counter_client_key",
        "counter_client",
    ):
        op.drop_table(table)
