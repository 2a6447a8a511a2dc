"""What Alembic runs to reach the database: the connection is given, and so is its transaction."""

from alembic import context

from syncd.store.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA, compare_type=True)
context.run_migrations()
