"""Models that owners send to the shop: each file is a version, which is tried before it is sold."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0035"
down_revision = "0034"

JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "model_versions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("sent_name", sa.String(255), nullable=False),
        sa.Column("sent_sha256", sa.String(64), nullable=False),
        sa.Column("files", JSON_OBJECT, nullable=False),
        sa.Column("title", JSON_OBJECT, nullable=True),
        sa.Column("price", sa.BigInteger(), nullable=True),
        sa.Column("hints", JSON_OBJECT, nullable=True),
        sa.Column("manifest", sa.Text(), nullable=True),
        sa.Column("report", JSON_OBJECT, nullable=True),
        sa.Column("uploaded_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("checked_at", MOMENT, nullable=True),
        sa.Column("published_at", MOMENT, nullable=True),
        sa.CheckConstraint(
            "status IN ('received', 'checked', 'refused', 'published', 'retired', 'discarded')",
            name=op.f("ck_model_versions_status_known"),
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_model_versions_number_positive")),
        sa.CheckConstraint("price IS NULL OR price >= 0", name=op.f("ck_model_versions_price_not_negative")),
        sa.ForeignKeyConstraint(
            ["uploaded_by"], ["users.id"], name=op.f("fk_model_versions_uploaded_by_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_versions")),
        sa.UniqueConstraint("slug", "number", name=op.f("uq_model_versions_slug_number")),
    )
    _partial("ix_model_versions_on_sale", "slug", "status = 'published'", unique=True)
    wanted = "status IN ('received', 'checked', 'published', 'retired')"
    _partial("ix_model_versions_sent_once", "sent_sha256", wanted, unique=True)
    _partial("ix_model_versions_waiting", "created_at", "status = 'received'", unique=False)
    _create_trials()


def downgrade() -> None:
    op.drop_table("model_trials")
    op.drop_table("model_versions")


def _partial(name: str, column: str, where: str, *, unique: bool) -> None:
    condition = sa.text(where)
    op.create_index(name, "model_versions", [column], unique=unique, sqlite_where=condition, postgresql_where=condition)


def _create_trials() -> None:
    op.create_table(
        "model_trials",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("version_id", sa.Uuid(), nullable=False),
        sa.Column("asked_by", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("inputs", JSON_OBJECT, nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("result", JSON_OBJECT, nullable=True),
        sa.Column("error_code", sa.String(64), nullable=True),
        sa.Column("error", sa.String(255), nullable=True),
        sa.Column("chat_id", sa.BigInteger(), nullable=True),
        sa.Column("thread_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("leased_until", MOMENT, nullable=True),
        sa.Column("leased_by", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("finished_at", MOMENT, nullable=True),
        sa.CheckConstraint("status IN ('queued', 'succeeded', 'failed')", name=op.f("ck_model_trials_status_known")),
        sa.ForeignKeyConstraint(
            ["version_id"],
            ["model_versions.id"],
            name=op.f("fk_model_trials_version_id_model_versions"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["asked_by"], ["users.id"], name=op.f("fk_model_trials_asked_by_users"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_trials")),
        sa.UniqueConstraint("asked_by", "request_key", name=op.f("uq_model_trials_asked_by_request_key")),
    )
    op.create_index(op.f("ix_model_trials_version_id"), "model_trials", ["version_id"])
    waiting = sa.text("status = 'queued'")
    op.create_index(
        "ix_model_trials_waiting", "model_trials", ["created_at"], sqlite_where=waiting, postgresql_where=waiting
    )
