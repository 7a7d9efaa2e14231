"""What alembic runs: the migrations on the connection that `bot.store.migrate` hands over."""

from __future__ import annotations

from alembic import context

from bot.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
