"""Models whose server is away rest; predictions may be canceled while they run, and tell how far they are."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"

TIME = sa.DateTime(timezone=True)
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("models", sa.Column("resting_since", TIME))
    op.add_column("models", sa.Column("resting_for", sa.String(255)))
    op.add_column("predictions", sa.Column("progress", JSON_OBJECT))
    op.add_column("predictions", sa.Column("cancel_requested_at", TIME))


def downgrade() -> None:
    for table, column in (
        ("predictions", "cancel_requested_at"),
        ("predictions", "progress"),
        ("models", "resting_for"),
        ("models", "resting_since"),
    ):
        op.drop_column(table, column)
