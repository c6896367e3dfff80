"""What a message waits for and since when; the topic that payments and predictions belong to."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("outbox", sa.Column("waits_for", sa.String(32)))
    op.add_column("outbox", sa.Column("reopened_at", sa.DateTime(timezone=True)))
    for table in ("payments", "predictions"):
        op.add_column(table, sa.Column("thread_id", sa.BigInteger()))


def downgrade() -> None:
    for table in ("predictions", "payments"):
        op.drop_column(table, "thread_id")
    op.drop_column("outbox", "reopened_at")
    op.drop_column("outbox", "waits_for")
