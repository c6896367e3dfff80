"""Of money that came for nothing it is kept whether it comes every month, and that its provider is to stop that."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
TABLE = "stray_payments"


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("renews", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column(TABLE, sa.Column("stop_at", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column(TABLE, "stop_at")
    op.drop_column(TABLE, "renews")
