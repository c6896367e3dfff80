"""A request to the bot is answered once: nobody counts tries."""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    op.drop_column("login_requests", "tries")


def downgrade() -> None:
    op.add_column("login_requests", sa.Column("tries", sa.Integer(), nullable=False, server_default="0"))
