"""Guesses are counted by department: found by the subject that they are about."""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("counter_guess_of_subject", "counter_guess", ["subject_hash", "guessed_on", "department"])
