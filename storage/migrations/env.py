"""Alembic's entry: runs the migrations on the connection `Database.upgrade` hands over."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context

from storage.models import Base, UtcDateTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """A migration names plain types only, so that it still runs when ours have changed."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    return False


connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite can't alter a column in place
    compare_type=True,
    render_item=render_item,
)
with context.begin_transaction():
    context.run_migrations()
