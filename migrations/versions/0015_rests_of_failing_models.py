"""A model at a server that does nothing but fail rests, and is tried again by itself."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("models", sa.Column("rests", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("models", sa.Column("next_try_at", TIME))


def downgrade() -> None:
    """What rested for its failures is looked at by its checks alone from then on."""
    op.drop_column("models", "next_try_at")
    op.drop_column("models", "rests")
