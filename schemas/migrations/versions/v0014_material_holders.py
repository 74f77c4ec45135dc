"""Materials are found by whom licences know as their holder."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("material", sa.Column("holder_hash", sa.LargeBinary))
    op.create_index("material_holder", "material", ["holder_hash"])


def downgrade() -> None:
    op.drop_index("material_holder", "material")
    op.drop_column("material", "holder_hash")
