"""What cases needed, what became of their forms, and what was promised in them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_need",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("registrar", sa.String, nullable=False),
        sa.Column("asked_on", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("case_need_asked", "case_need", ["asked_on"])
    op.create_table(
        "case_check",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("item", sa.String, primary_key=True),
        sa.Column("checked_on", sa.String, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
    )
    op.create_index("case_check_checked", "case_check", ["checked_on"])
    op.create_table(
        "case_form",
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), primary_key=True),
        sa.Column("subject_hash", sa.String, nullable=False),
        sa.Column("registrar", sa.String, nullable=False),
        sa.Column("department", sa.String, nullable=False),
        sa.Column("items", sa.Text, nullable=False),
        sa.Column("kept_on", sa.String, nullable=False),
        sa.Column("kept_until", sa.String, nullable=False),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary, nullable=False),
        sa.Column("master", sa.String, nullable=False),
    )
    op.create_index("case_form_subject", "case_form", ["subject_hash", "kept_on"])
    op.create_index("case_form_until", "case_form", ["kept_until"])
    _promises()


def _promises() -> None:
    op.create_table(
        "case_promise",
        sa.Column("promise_id", sa.String, primary_key=True),
        sa.Column("case_id", sa.String, sa.ForeignKey("case_file.case_id"), nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("material", sa.String, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("made_by", sa.String, nullable=False),
        sa.Column("due_on", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("settled_at", sa.String),
        sa.Column("settled_by", sa.String),
        sa.Column("reason", sa.Text, nullable=False),
    )
    op.create_index("case_promise_case", "case_promise", ["case_id", "item", "material"], unique=True)
    op.create_index("case_promise_due", "case_promise", ["state", "due_on"])


def downgrade() -> None:
    for name in ("case_promise", "case_form", "case_check", "case_need"):
        op.drop_table(name)
