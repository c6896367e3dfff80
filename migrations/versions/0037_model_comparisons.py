"""Versions of uploaded models, compared with those on sale before they take their place."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0037"
down_revision = "0036"

JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)
TABLE = "model_comparisons"


def upgrade() -> None:
    op.create_table(
        TABLE,
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("against_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("report", JSON_OBJECT, nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('queued', 'done', 'failed')", name=op.f("ck_model_comparisons_status_known")),
        _of_version("version_id"),
        _of_version("against_id"),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_model_comparisons_asked_by_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("version_id", "against_id", name=op.f("pk_model_comparisons")),
    )
    waiting = sa.text("status = 'queued'")
    op.create_index(
        "ix_model_comparisons_waiting", TABLE, ["created_at"], sqlite_where=waiting, postgresql_where=waiting
    )


def downgrade() -> None:
    op.drop_table(TABLE)


def _of_version(column: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_model_comparisons_{column}_model_versions")
    return sa.ForeignKeyConstraint([column], ["model_versions.id"], name=name, ondelete="RESTRICT")
