"""Runs migrations on the connection that is handed over; there is no alembic.ini and no command line."""

from alembic import context

from mktui.billing.tables import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True,
    compare_type=True,
)  # fmt: skip
with context.begin_transaction():
    context.run_migrations()
