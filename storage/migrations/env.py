"""How Alembic runs our scripts: on the connection it is given, in that connection's transaction."""

from alembic import context

from storage.database.tables import METADATA

connection = context.config.attributes.get("connection")
if connection is None:
    raise RuntimeError("run migrations by storage.database.migrating, or by starting the program")
# SQLite alters tables by copying them ("batch"); PostgreSQL does not mind.
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
