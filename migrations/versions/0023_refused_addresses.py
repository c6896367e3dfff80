"""Addresses of which a mail server said that nobody has them."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    op.create_table(
        "refused_addresses",
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_refused_addresses")),
    )


def downgrade() -> None:
    op.drop_table("refused_addresses")
