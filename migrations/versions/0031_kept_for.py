"""A saved way of paying says for which account it was kept: a merge gives it to another one, and the provider knows it
by the first alone."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    op.add_column("payment_methods", sa.Column("kept_for", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("payment_methods", "kept_for")
