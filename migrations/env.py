"""Alembic runs this with a connection that db/migrate.py has opened and put in a transaction, or db/revise.py."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import types

from db.base import UtcDateTime
from db.tables import metadata


def render_item(
    kind: str, item: Any, _context: AutogenContext
) -> str | Literal[False]:  # Any: whatever Alembic renders
    """Revisions name plain types: they must not change when ours do."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "TIME"
    if kind == "type" and isinstance(item, types.JSON):
        return "JSON_OBJECT"
    if kind == "type" and isinstance(item, types.BigInteger) and item._variant_mapping:
        return "BIG_ID"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_item=render_item,
    render_as_batch=True,  # SQLite alters a table by building it anew
    transactional_ddl=True,
)
context.run_migrations()
