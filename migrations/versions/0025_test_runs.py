"""Admins have a model answer the example of its manifest, whichever process runs it."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"

TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.add_column("models", sa.Column("test_asked_at", TIME))
    op.add_column("models", sa.Column("tested_at", TIME))
    op.add_column("models", sa.Column("test_ms", sa.Integer()))
    op.add_column("models", sa.Column("test_problem", sa.String(length=255)))


def downgrade() -> None:
    for name in ("test_problem", "test_ms", "tested_at", "test_asked_at"):
        op.drop_column("models", name)
