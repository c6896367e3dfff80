"""Of money that came for nothing it is kept which parts have gone back: only the rest can be sent."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0034"
down_revision = "0033"
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column("stray_payments", sa.Column("returned", JSON_OBJECT, nullable=False, server_default="{}"))


def downgrade() -> None:
    op.drop_column("stray_payments", "returned")
