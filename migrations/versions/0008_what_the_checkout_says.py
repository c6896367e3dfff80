"""What a payment is for, in the customer's language: receipts stay Russian."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("payments", sa.Column("provider_text", sa.String(128)))


def downgrade() -> None:
    op.drop_column("payments", "provider_text")
