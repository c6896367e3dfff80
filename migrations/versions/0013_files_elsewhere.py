"""Files stand in a store of their own; a row says what they are. Rows of older versions still hold theirs: they are
carried over while the shop runs."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0013"
down_revision = "0012"

JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    with op.batch_alter_table("files") as files:
        files.add_column(sa.Column("kind", sa.String(32), nullable=False, server_default="input"))
        files.add_column(sa.Column("room_type", sa.String(32)))
        files.add_column(sa.Column("facts", JSON_OBJECT))
        files.alter_column("content", existing_type=sa.LargeBinary(), nullable=True)
    op.execute("UPDATE files SET kind = 'result' WHERE prediction_id IS NOT NULL")
    with op.batch_alter_table("files") as files:
        files.alter_column("kind", existing_type=sa.String(32), existing_nullable=False, server_default=None)
        files.create_check_constraint(op.f("ck_files_kind_known"), "kind IN ('input', 'result')")
    op.create_index("ix_files_age", "files", ["kind", "created_at"])


def downgrade() -> None:
    """What is in the store already cannot come back into rows."""
    op.execute("DELETE FROM files WHERE content IS NULL")
    op.drop_index("ix_files_age", "files")
    with op.batch_alter_table("files") as files:
        files.drop_constraint(op.f("ck_files_kind_known"), type_="check")
        for column in ("facts", "room_type", "kind"):
            files.drop_column(column)
        files.alter_column("content", existing_type=sa.LargeBinary(), nullable=False)
