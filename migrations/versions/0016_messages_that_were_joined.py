"""A message to an assistant knows which one it was joined with, so that an edit of it takes nothing else out."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("messages", sa.Column("joins", sa.Integer()))


def downgrade() -> None:
    """Messages that were joined are edited as a whole from then on."""
    op.drop_column("messages", "joins")
