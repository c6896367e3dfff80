"""Presets stand in a gallery: a category, a prompt, a sample picture; where they come from and whether an admin has
changed them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0011"
down_revision = "0010"

TIME = sa.DateTime(timezone=True)
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    for column in (
        sa.Column("category", JSON_OBJECT),
        sa.Column("prompt", sa.Text()),
        sa.Column("sample", sa.String(128)),
        sa.Column("sample_file_id", sa.Uuid()),
        sa.Column("from_file", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("edited", sa.Boolean(), nullable=False, server_default=sa.false()),
        sa.Column("updated_at", TIME),
    ):
        op.add_column("presets", column)


def downgrade() -> None:
    with op.batch_alter_table("presets") as presets:
        for name in ("updated_at", "edited", "from_file", "sample_file_id", "sample", "prompt", "category"):
            presets.drop_column(name)
