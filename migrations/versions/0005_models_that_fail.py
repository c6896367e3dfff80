"""How often in a row a model has failed, and why it was stopped for that."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("models", sa.Column("failures", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("models", sa.Column("stopped_for", sa.String(255)))


def downgrade() -> None:
    op.drop_column("models", "stopped_for")
    op.drop_column("models", "failures")
