"""Since when looks have found nothing to judge a forecast by."""

import sqlalchemy as sa
from alembic import op

revision = "0043"
down_revision = "0042"


def upgrade() -> None:
    op.add_column("open_forecasts", sa.Column("unjudgeable_since", sa.DateTime(timezone=True), nullable=True))


def downgrade() -> None:
    op.drop_column("open_forecasts", "unjudgeable_since")
