"""Payments know the provider's shop that took them and whether they were found there; how far its list was read."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("payments", sa.Column("provider_shop_id", sa.String(64)))
    op.add_column("payments", sa.Column("adopted_at", TIME))
    op.create_table(
        "provider_lists",
        sa.Column("provider", sa.String(32), nullable=False),
        sa.Column("provider_shop_id", sa.String(64), nullable=False),
        sa.Column("began_at", TIME, nullable=False),
        sa.Column("read_until", TIME, nullable=False),
        sa.PrimaryKeyConstraint("provider", "provider_shop_id", name=op.f("pk_provider_lists")),
    )


def downgrade() -> None:
    op.drop_table("provider_lists")
    op.drop_column("payments", "adopted_at")
    op.drop_column("payments", "provider_shop_id")
