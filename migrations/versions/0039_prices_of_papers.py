"""Prices of papers are kept for a day, and which papers a customer took last."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0039"
down_revision = "0038"

JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "market_series",
        sa.Column("provider", sa.String(510), nullable=False),
        sa.Column("symbol", sa.String(36), nullable=False),
        sa.Column("isin", sa.String(12), nullable=True),
        sa.Column("series", JSON_OBJECT, nullable=True),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("last", sa.Date(), nullable=True),
        sa.Column("fetched_at", MOMENT, nullable=True),
        sa.Column("fresh_until", MOMENT, nullable=True),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("rests_until", MOMENT, nullable=True),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("provider", "symbol", name=op.f("pk_market_series")),
    )
    op.create_index(op.f("ix_market_series_isin"), "market_series", ["isin"])
    op.create_index(op.f("ix_market_series_asked_at"), "market_series", ["asked_at"])
    op.create_table(
        "favourite_instruments",
        sa.Column("id", BIG, nullable=False),
        sa.Column("user_id", BIG, nullable=False),
        sa.Column("provider", sa.String(510), nullable=False),
        sa.Column("symbol", sa.String(36), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("exchange", sa.String(200), nullable=False),
        sa.Column("used_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_favourite_instruments_user_id_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_favourite_instruments")),
        sa.UniqueConstraint(
            "user_id", "provider", "symbol", name=op.f("uq_favourite_instruments_user_id_provider_symbol")
        ),
    )


def downgrade() -> None:
    op.drop_table("favourite_instruments")
    op.drop_table("market_series")
