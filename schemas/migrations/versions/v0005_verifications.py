"""Verifications with the leads of attributes that are contradicted."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "sharing_verification",
        sa.Column("verification_id", sa.String, primary_key=True),
        sa.Column("consumer", sa.String, nullable=False),
        sa.Column("provider", sa.String, nullable=False),
        sa.Column("entry_id", sa.String, nullable=False),
        sa.Column("subject_id", sa.String, nullable=False),
        sa.Column("fingerprint", sa.String, nullable=False),
        sa.Column("state", sa.String, nullable=False),
        sa.Column("step_count", sa.Integer, nullable=False),
        sa.Column("opened_on", sa.String, nullable=False),
        sa.Column("due_on", sa.String),
        sa.Column("document", sa.Text, nullable=False),
    )
    what = ["subject_id", "entry_id", "fingerprint"]
    op.create_index("sharing_verification_what", "sharing_verification", what, unique=True)
    op.create_index("sharing_verification_state", "sharing_verification", ["state"])


def downgrade() -> None:
    op.drop_table("sharing_verification")
