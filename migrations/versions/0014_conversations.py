"""Conversations with assistants: sessions, messages, requests to providers, use by day. The ledger knows answers, and
what of a charge comes back when they cost less."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0014"
down_revision = "0013"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
TABLES = ("ai_requests", "usage_daily", "messages", "chat_sessions")
REFUSAL = "transactions are immutable: a line is corrected by another line"

OLD = {
    "cause_follows_kind": (
        "(kind IN ('charge', 'charge_refund')) = (prediction_id IS NOT NULL)"
        " AND (kind = 'topup') = (payment_id IS NOT NULL)"
        " AND (refund_id IS NULL OR kind = 'take_back')"
    ),
    "kind_known": "kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge', 'charge_refund', 'expire', 'take_back')",
    "sign_follows_kind": (
        "(kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund') AND amount > 0)"
        " OR (kind NOT IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund') AND amount < 0)"
    ),
}
NEW = {
    "cause_follows_kind": (
        "(kind IN ('charge', 'charge_refund', 'charge_return'))"
        " = (prediction_id IS NOT NULL OR message_id IS NOT NULL)"
        " AND (prediction_id IS NULL OR message_id IS NULL)"
        " AND (kind = 'topup') = (payment_id IS NOT NULL)"
        " AND (refund_id IS NULL OR kind = 'take_back')"
    ),
    "kind_known": (
        "kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge', 'charge_refund', 'charge_return', 'expire',"
        " 'take_back')"
    ),
    "sign_follows_kind": (
        "(kind IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund', 'charge_return') AND amount > 0)"
        " OR (kind NOT IN ('welcome', 'bonus', 'grant', 'topup', 'charge_refund', 'charge_return') AND amount < 0)"
    ),
}


def upgrade() -> None:
    create_chat_sessions()
    create_messages()
    create_ai_requests()
    create_usage_daily()
    with op.batch_alter_table("transactions") as transactions:
        transactions.add_column(sa.Column("message_id", sa.Uuid()))
        transactions.create_foreign_key(
            op.f("fk_transactions_message_id"), "messages", ["message_id"], ["id"], ondelete="RESTRICT"
        )
        for name, condition in NEW.items():
            transactions.drop_constraint(op.f(f"ck_transactions_{name}"), type_="check")
            transactions.create_check_constraint(op.f(f"ck_transactions_{name}"), condition)
    partial_index(
        "uq_transactions_message_kind", "transactions", ["message_id", "kind"], "message_id IS NOT NULL", unique=True
    )
    refuse_changes_again()


def downgrade() -> None:
    """Refused by the old constraints where answers were sold: the older shop could not account for them."""
    op.drop_index("uq_transactions_message_kind", "transactions")
    with op.batch_alter_table("transactions") as transactions:
        for name, condition in OLD.items():
            transactions.drop_constraint(op.f(f"ck_transactions_{name}"), type_="check")
            transactions.create_check_constraint(op.f(f"ck_transactions_{name}"), condition)
        transactions.drop_constraint(op.f("fk_transactions_message_id"), type_="foreignkey")
        transactions.drop_column("message_id")
    refuse_changes_again()
    for table in TABLES:
        op.drop_table(table)


def refuse_changes_again() -> None:
    """SQLite made the table anew, and the new one has no triggers yet."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER transactions_refuse_{change} BEFORE {change.upper()} ON transactions"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def partial_index(name: str, table: str, columns: list[str], where: str, *, unique: bool = False) -> None:
    condition = sa.text(where)
    op.create_index(name, table, columns, unique=unique, sqlite_where=condition, postgresql_where=condition)


def create_chat_sessions() -> None:
    op.create_table(
        "chat_sessions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("model_slug", sa.String(32), nullable=False),
        sa.Column("preset_id", BIG_ID),
        sa.Column("title", sa.String(60)),
        sa.Column("is_active", sa.Boolean(), nullable=False),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("shortened_at", TIME),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("last_message_at", TIME, nullable=False),
        sa.Column("ended_at", TIME),
        sa.Column("deleted_at", TIME),
        sa.ForeignKeyConstraint(
            ["model_slug"], ["models.slug"], name=op.f("fk_chat_sessions_model_slug"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["preset_id"], ["presets.id"], name=op.f("fk_chat_sessions_preset_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_chat_sessions_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_chat_sessions")),
    )
    op.create_index(op.f("ix_chat_sessions_user_id_last_message_at"), "chat_sessions", ["user_id", "last_message_at"])
    partial_index("uq_chat_sessions_active", "chat_sessions", ["user_id"], "is_active", unique=True)


def create_messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("session_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("model_slug", sa.String(32), nullable=False),
        sa.Column("preset_id", BIG_ID),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(32), nullable=False),
        sa.Column("text", sa.Text()),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("reply_to", sa.Uuid()),
        sa.Column("replaced_at", TIME),
        sa.Column("request_key", sa.String(96)),
        sa.Column("pictures", JSON_OBJECT),
        sa.Column("hold", sa.BigInteger(), nullable=False),
        sa.Column("price", sa.BigInteger()),
        sa.Column("free", sa.Boolean(), nullable=False),
        sa.Column("day", sa.Date()),
        sa.Column("prompt_budget", sa.Integer(), nullable=False),
        sa.Column("answer_limit", sa.Integer(), nullable=False),
        sa.Column("fixed_price", sa.BigInteger(), nullable=False),
        sa.Column("input_price", sa.BigInteger(), nullable=False),
        sa.Column("output_price", sa.BigInteger(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer()),
        sa.Column("completion_tokens", sa.Integer()),
        sa.Column("estimated", sa.Boolean(), nullable=False),
        sa.Column("finish", sa.String(32)),
        sa.Column("error_code", sa.String(64)),
        sa.Column("error", sa.String(255)),
        sa.Column("shortened", sa.Boolean(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", TIME),
        sa.Column("leased_until", TIME),
        sa.Column("leased_by", sa.String(64)),
        sa.Column("stop_requested_at", TIME),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("first_token_at", TIME),
        sa.Column("finished_at", TIME),
        sa.CheckConstraint("(sender = 'assistant') = (reply_to IS NOT NULL)", name=op.f("ck_messages_answers_reply")),
        sa.CheckConstraint("(sender = 'user') = (status = 'sent')", name=op.f("ck_messages_status_follows_sender")),
        sa.CheckConstraint("sender IN ('user', 'assistant')", name=op.f("ck_messages_sender_known")),
        sa.CheckConstraint(
            "status IN ('sent', 'queued', 'running', 'succeeded', 'failed', 'canceled')",
            name=op.f("ck_messages_status_known"),
        ),
        sa.CheckConstraint(
            "hold >= 0 AND (price IS NULL OR price BETWEEN 0 AND hold)", name=op.f("ck_messages_price_within_hold")
        ),
        sa.ForeignKeyConstraint(
            ["model_slug"], ["models.slug"], name=op.f("fk_messages_model_slug"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["preset_id"], ["presets.id"], name=op.f("fk_messages_preset_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(["reply_to"], ["messages.id"], name=op.f("fk_messages_reply_to"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["session_id"], ["chat_sessions.id"], name=op.f("fk_messages_session_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_messages_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("session_id", "number", name=op.f("uq_messages_session_id_number")),
        sa.UniqueConstraint("user_id", "request_key", name=op.f("uq_messages_user_id_request_key")),
    )
    partial_index("ix_messages_leases", "messages", ["leased_until"], "status = 'running'")
    op.create_index(op.f("ix_messages_model_slug_created_at"), "messages", ["model_slug", "created_at"])
    partial_index("ix_messages_queue", "messages", ["model_slug", "available_at"], "status = 'queued'")
    op.create_index(op.f("ix_messages_reply_to"), "messages", ["reply_to"])
    partial_index("ix_messages_sold", "messages", ["user_id", "created_at"], "sender = 'assistant'")
    op.create_index(
        "ix_messages_unfinished",
        "messages",
        ["user_id"],
        postgresql_where=sa.text("status IN ('queued', 'running')"),
        sqlite_where=sa.text("status IN ('queued', 'running')"),
    )


def create_ai_requests() -> None:
    op.create_table(
        "ai_requests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("request", JSON_OBJECT),
        sa.Column("response", JSON_OBJECT),
        sa.Column("response_time_ms", sa.Integer()),
        sa.Column("first_token_ms", sa.Integer()),
        sa.Column("status_code", sa.Integer()),
        sa.Column("error", sa.String(255)),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.ForeignKeyConstraint(
            ["message_id"], ["messages.id"], name=op.f("fk_ai_requests_message_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ai_requests")),
        sa.UniqueConstraint("message_id", "attempt", name=op.f("uq_ai_requests_message_id_attempt")),
    )
    partial_index("ix_ai_requests_kept", "ai_requests", ["created_at"], "request IS NOT NULL")


def create_usage_daily() -> None:
    op.create_table(
        "usage_daily",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("model_slug", sa.String(32), nullable=False),
        sa.Column("requests", sa.Integer(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("sessions", sa.Integer(), nullable=False),
        sa.Column("free_answers", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "requests >= 0 AND prompt_tokens >= 0 AND completion_tokens >= 0 AND sessions >= 0 AND free_answers >= 0",
            name=op.f("ck_usage_daily_counts_not_negative"),
        ),
        sa.ForeignKeyConstraint(
            ["model_slug"], ["models.slug"], name=op.f("fk_usage_daily_model_slug"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_usage_daily_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", "day", "model_slug", name=op.f("pk_usage_daily")),
    )
