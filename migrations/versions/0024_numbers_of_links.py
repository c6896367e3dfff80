"""Letters name rows of `mail_tokens` by number: no number is ever given again, not to another letter either. The links
that are under way end."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    make_anew(numbers_are_used_once=True)


def downgrade() -> None:
    make_anew(numbers_are_used_once=False)


def make_anew(*, numbers_are_used_once: bool) -> None:
    """PostgreSQL gives no number twice in any case."""
    if op.get_bind().dialect.name != "sqlite":
        return
    op.drop_table("mail_tokens")
    op.create_table(
        "mail_tokens",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("user_id", BIG_ID),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("used_at", TIME),
        sa.CheckConstraint(
            "purpose IN ('sign_up', 'reset', 'change_address', 'link')", name=op.f("ck_mail_tokens_purpose_known")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_mail_tokens_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_mail_tokens_token_hash")),
        sqlite_autoincrement=numbers_are_used_once,
    )
    op.create_index(op.f("ix_mail_tokens_address_purpose"), "mail_tokens", ["address", "purpose"], unique=False)
    op.create_index(op.f("ix_mail_tokens_expires_at"), "mail_tokens", ["expires_at"], unique=False)
    op.create_index(op.f("ix_mail_tokens_user_id"), "mail_tokens", ["user_id"], unique=False)
