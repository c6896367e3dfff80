"""Of who deleted their account it is kept until when they had what the free plan gives a month: it is once a person."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"


def upgrade() -> None:
    op.add_column("departures", sa.Column("free_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("users", sa.Column("free_from", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("users", "free_from")
    op.drop_column("departures", "free_until")
