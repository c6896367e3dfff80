"""What a model's author wrote, as a digest: only that tells a changed model from a shop that reads it otherwise."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("models", sa.Column("written", sa.String(64)))


def downgrade() -> None:
    op.drop_column("models", "written")
