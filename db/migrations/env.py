"""What Alembic runs: the migrations over the connection that `db/migrate.py` hands in."""

from __future__ import annotations

from alembic import context

from db.migrate import VERSION_TABLE
from db.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    version_table_pk=False,  # MariaDB warns about a named primary key, and one row needs none
    render_as_batch=context.config.attributes["connection"].dialect.name == "sqlite",
)
with context.begin_transaction():
    context.run_migrations()
