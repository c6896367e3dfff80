"""A message to an assistant may be a voice message: its recording, how long it is, since when it is written down."""

from typing import Any, Final

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"

COLUMNS: Final[dict[str, Any]] = {
    "voice": sa.Uuid(),
    "voice_seconds": sa.Integer(),
    "heard_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("messages", sa.Column(name, kind))


def downgrade() -> None:
    """What was written down stays, as if it had been typed."""
    for name in COLUMNS:
        op.drop_column("messages", name)
