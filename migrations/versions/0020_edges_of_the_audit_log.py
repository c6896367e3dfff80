"""The audit log says where somebody acted: until now that was the chat."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    with op.batch_alter_table("audit_log") as audit_log:
        audit_log.add_column(sa.Column("edge", sa.String(length=8)))
        audit_log.create_check_constraint("edge_known", "edge IS NULL OR edge IN ('chat', 'web', 'api')")
    op.execute("UPDATE audit_log SET edge = 'chat' WHERE actor_user_id IS NOT NULL")


def downgrade() -> None:
    with op.batch_alter_table("audit_log") as audit_log:
        audit_log.drop_constraint(op.f("ck_audit_log_edge_known"), type_="check")
        audit_log.drop_column("edge")
