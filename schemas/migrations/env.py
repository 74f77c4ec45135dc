"""What Alembic runs for each command. The connection, in its transaction, is handed in.

To write a step: `docs/reference/serving-database.md`.
"""

from alembic import context

from schemas.serving.tables import METADATA

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=METADATA,
    render_as_batch=True,  # SQLite alters a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
