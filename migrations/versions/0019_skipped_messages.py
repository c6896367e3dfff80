"""Messages that were skipped are found by whom they were for."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    skipped = sa.text("status = 'skipped'")
    op.create_index("ix_outbox_skipped", "outbox", ["user_id"], sqlite_where=skipped, postgresql_where=skipped)


def downgrade() -> None:
    op.drop_index("ix_outbox_skipped", "outbox")
