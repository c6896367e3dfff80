"""Since when, and why, looks have found nothing to judge a forecast by."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"
REASONS = "'delisted', 'halted', 'unknown', 'no_anchor', 'jumped', 'silent'"


def upgrade() -> None:
    with op.batch_alter_table("open_forecasts") as table:
        table.add_column(sa.Column("unjudgeable_since", sa.DateTime(timezone=True), nullable=True))
        table.add_column(sa.Column("unjudgeable_as", sa.String(16), nullable=True))
        table.add_column(sa.Column("unjudgeable_at", sa.DateTime(timezone=True), nullable=True))
        table.create_check_constraint(
            op.f("ck_open_forecasts_unjudgeable_as_known"),
            f"unjudgeable_as IS NULL OR unjudgeable_as IN ({REASONS})",
        )
        table.create_check_constraint(
            op.f("ck_open_forecasts_unjudgeable_since_known"),
            "(unjudgeable_as IS NULL) = (unjudgeable_since IS NULL)",
        )


def downgrade() -> None:
    with op.batch_alter_table("open_forecasts") as table:
        table.drop_constraint(op.f("ck_open_forecasts_unjudgeable_since_known"), type_="check")
        table.drop_constraint(op.f("ck_open_forecasts_unjudgeable_as_known"), type_="check")
        table.drop_column("unjudgeable_at")
        table.drop_column("unjudgeable_as")
        table.drop_column("unjudgeable_since")
