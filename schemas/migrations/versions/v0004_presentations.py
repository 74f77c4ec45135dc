"""Presentations of licences: the record of each, holders' consents, one-time codes."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    _presentations()
    _consents()
    _codes()


def _presentations() -> None:
    op.create_table(
        "licence_presentation",
        sa.Column("presentation_id", sa.String, primary_key=True),
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key")),
        sa.Column("version", sa.Integer),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("item", sa.String, nullable=False),
        sa.Column("case_no", sa.String, nullable=False),
        sa.Column("operator", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("ends_at", sa.String),
        sa.Column("basis", sa.String, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
    )
    op.create_index("licence_presentation_licence", "licence_presentation", ["licence_key"])


def _consents() -> None:
    op.create_table(
        "licence_consent",
        sa.Column("consent_id", sa.String, primary_key=True),
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), nullable=False),
        sa.Column("audience", sa.String, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("item", sa.String),
        sa.Column("given_at", sa.String, nullable=False),
        sa.Column("given_how", sa.String, nullable=False),
        sa.Column("until", sa.String, nullable=False),
        sa.Column("withdrawn_at", sa.String),
    )
    op.create_index("licence_consent_licence", "licence_consent", ["licence_key"])


def _codes() -> None:
    op.create_table(
        "licence_code",
        sa.Column("code_hash", sa.LargeBinary, primary_key=True),
        sa.Column("licence_key", sa.String, sa.ForeignKey("licence.licence_key"), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("audience", sa.String),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("made_at", sa.String, nullable=False),
        sa.Column("ends_at", sa.String, nullable=False),
        sa.Column("used_at", sa.String),
    )


def downgrade() -> None:
    for table in ("licence_code", "licence_consent", "licence_presentation"):
        op.drop_table(table)
