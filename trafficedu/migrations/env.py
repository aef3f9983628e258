"""Runs migrations on the connection handed in by ``trafficedu.core.schema``."""

from alembic import context

from trafficedu.core.orm import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    user_module_prefix="trafficedu.core.orm.",
)
context.run_migrations()
