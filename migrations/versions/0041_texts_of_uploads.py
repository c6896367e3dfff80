"""What owners write of an uploaded model, and which models on sale a new file may be a version of."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0041"
down_revision = "0040"
TABLE = "model_versions"
JSON = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    op.add_column(TABLE, sa.Column("texts", JSON, nullable=True))
    op.add_column(TABLE, sa.Column("resembles", JSON, nullable=True))


def downgrade() -> None:
    op.drop_column(TABLE, "resembles")
    op.drop_column(TABLE, "texts")
