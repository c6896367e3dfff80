"""What sweeps and the deletion of an account look for is found by an index."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    op.create_index("ix_login_requests_user_id", "login_requests", ["user_id"])
    op.create_index("ix_known_devices_seen_at", "known_devices", ["seen_at"])
    op.create_index("ix_idempotent_requests_user_id", "idempotent_requests", ["user_id"])
    op.create_index("ix_webhook_deliveries_finished_at", "webhook_deliveries", ["finished_at"])
    letters = sa.text("channel = 'email'")
    op.create_index("ix_outbox_letters", "outbox", ["created_at"], sqlite_where=letters, postgresql_where=letters)


def downgrade() -> None:
    op.drop_index("ix_outbox_letters", "outbox")
    op.drop_index("ix_webhook_deliveries_finished_at", "webhook_deliveries")
    op.drop_index("ix_idempotent_requests_user_id", "idempotent_requests")
    op.drop_index("ix_known_devices_seen_at", "known_devices")
    op.drop_index("ix_login_requests_user_id", "login_requests")
