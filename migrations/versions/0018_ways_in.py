"""Ways in besides Telegram, what the API remembers, webhooks of customers; letters to addresses."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0018"
down_revision = "0017"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
LETTERS = ("channel", "address", "language")
TABLES = (
    "webhook_deliveries",
    "webhook_endpoints",
    "web_sessions",
    "second_factors",
    "recovery_codes",
    "mail_tokens",
    "login_requests",
    "idempotent_requests",
    "email_logins",
    "api_keys",
    "account_merges",
)


def upgrade() -> None:
    create_account_merges()
    create_api_keys()
    create_email_logins()
    create_idempotent_requests()
    create_login_requests()
    create_mail_tokens()
    create_recovery_codes()
    create_second_factors()
    create_web_sessions()
    create_webhook_endpoints()
    create_webhook_deliveries()
    op.add_column("users", sa.Column("deleted_at", TIME))
    alter_outbox()


def downgrade() -> None:
    """Letters to those who are no users are forgotten; so are sessions, passwords and keys."""
    op.execute("DELETE FROM outbox WHERE user_id IS NULL OR channel IS NOT NULL")
    with op.batch_alter_table("outbox") as outbox:
        outbox.drop_constraint(op.f("ck_outbox_recipient_known"), type_="check")
        for name in LETTERS:
            outbox.drop_column(name)
        outbox.alter_column("user_id", existing_type=BIG_ID, nullable=False)
    op.drop_column("users", "deleted_at")
    for table in TABLES:
        op.drop_table(table)


def alter_outbox() -> None:
    with op.batch_alter_table("outbox") as outbox:
        outbox.add_column(sa.Column("channel", sa.String(length=32)))
        outbox.add_column(sa.Column("address", sa.String(length=254)))
        outbox.add_column(sa.Column("language", sa.String(length=2)))
        outbox.alter_column("user_id", existing_type=BIG_ID, nullable=True)
        outbox.create_check_constraint(op.f("ck_outbox_recipient_known"), "user_id IS NOT NULL OR address IS NOT NULL")


def create_account_merges() -> None:
    op.create_table(
        "account_merges",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("from_user_id", BIG_ID, nullable=False),
        sa.Column("into_user_id", BIG_ID, nullable=False),
        sa.Column("credits", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["from_user_id"], ["users.id"], name=op.f("fk_account_merges_from_user_id"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["into_user_id"], ["users.id"], name=op.f("fk_account_merges_into_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account_merges")),
        sa.UniqueConstraint("from_user_id", name=op.f("uq_account_merges_from_user_id")),
    )
    with op.batch_alter_table("account_merges") as batch_op:
        batch_op.create_index(batch_op.f("ix_account_merges_into_user_id"), ["into_user_id"], unique=False)


def create_api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("title", sa.String(length=64), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("last_four", sa.String(length=4), nullable=False),
        sa.Column("scopes", JSON_OBJECT, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME),
        sa.Column("last_used_at", TIME),
        sa.Column("revoked_at", TIME),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_api_keys_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_keys")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_api_keys_key_hash")),
    )
    with op.batch_alter_table("api_keys") as batch_op:
        batch_op.create_index(batch_op.f("ix_api_keys_user_id"), ["user_id"], unique=False)


def create_email_logins() -> None:
    op.create_table(
        "email_logins",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("unconfirmed_address", sa.String(length=254)),
        sa.Column("password_hash", sa.String(length=255), nullable=False),
        sa.Column("password_changed_at", TIME, nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_email_logins_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_email_logins")),
        sa.UniqueConstraint("address", name=op.f("uq_email_logins_address")),
    )


def create_idempotent_requests() -> None:
    op.create_table(
        "idempotent_requests",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("scope", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("user_id", BIG_ID),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("status", sa.Integer()),
        sa.Column("headers", JSON_OBJECT),
        sa.Column("body", sa.LargeBinary()),
        sa.Column("created_at", TIME, nullable=False),
        sa.CheckConstraint("state IN ('running', 'done')", name=op.f("ck_idempotent_requests_state_known")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_idempotent_requests_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_idempotent_requests")),
        sa.UniqueConstraint("scope", "key", name=op.f("uq_idempotent_requests_scope_key")),
    )
    with op.batch_alter_table("idempotent_requests") as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotent_requests_created_at"), ["created_at"], unique=False)


def create_login_requests() -> None:
    op.create_table(
        "login_requests",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("user_id", BIG_ID),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("confirmed_telegram_id", sa.BigInteger()),
        sa.Column("confirmed_at", TIME),
        sa.Column("refused_at", TIME),
        sa.Column("used_at", TIME),
        sa.CheckConstraint("purpose IN ('sign_in', 'link')", name=op.f("ck_login_requests_purpose_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_login_requests_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_login_requests")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_login_requests_token_hash")),
    )
    with op.batch_alter_table("login_requests") as batch_op:
        batch_op.create_index(batch_op.f("ix_login_requests_expires_at"), ["expires_at"], unique=False)


def create_mail_tokens() -> None:
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
    )
    with op.batch_alter_table("mail_tokens") as batch_op:
        batch_op.create_index(batch_op.f("ix_mail_tokens_address_purpose"), ["address", "purpose"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_tokens_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_mail_tokens_user_id"), ["user_id"], unique=False)


def create_recovery_codes() -> None:
    op.create_table(
        "recovery_codes",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("used_at", TIME),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_recovery_codes_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recovery_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_recovery_codes_code_hash")),
    )
    with op.batch_alter_table("recovery_codes") as batch_op:
        batch_op.create_index(batch_op.f("ix_recovery_codes_user_id"), ["user_id"], unique=False)


def create_second_factors() -> None:
    op.create_table(
        "second_factors",
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("confirmed_at", TIME),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_second_factors_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_second_factors")),
    )


def create_web_sessions() -> None:
    op.create_table(
        "web_sessions",
        sa.Column("id", BIG_ID, autoincrement=True, nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("remember", sa.Boolean(), nullable=False),
        sa.Column("address", sa.String(length=45), nullable=False),
        sa.Column("agent", sa.String(length=200), nullable=False),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("seen_at", TIME, nullable=False),
        sa.Column("expires_at", TIME, nullable=False),
        sa.Column("authenticated_at", TIME, nullable=False),
        sa.Column("second_factor_at", TIME),
        sa.CheckConstraint("kind IN ('browser', 'mini_app', 'api')", name=op.f("ck_web_sessions_kind_known")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_web_sessions_user_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_sessions")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_web_sessions_token_hash")),
    )
    with op.batch_alter_table("web_sessions") as batch_op:
        batch_op.create_index(batch_op.f("ix_web_sessions_expires_at"), ["expires_at"], unique=False)
        batch_op.create_index(batch_op.f("ix_web_sessions_user_id"), ["user_id"], unique=False)


def create_webhook_endpoints() -> None:
    op.create_table(
        "webhook_endpoints",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("url", sa.String(length=2048), nullable=False),
        sa.Column("events", JSON_OBJECT, nullable=False),
        sa.Column("secret", sa.String(length=128), nullable=False),
        sa.Column("old_secret", sa.String(length=128)),
        sa.Column("old_secret_until", TIME),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("disabled_at", TIME),
        sa.Column("disabled_because", sa.String(length=32)),
        sa.Column("deleted_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f("fk_webhook_endpoints_user_id"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_endpoints")),
    )
    with op.batch_alter_table("webhook_endpoints") as batch_op:
        batch_op.create_index(batch_op.f("ix_webhook_endpoints_user_id"), ["user_id"], unique=False)


def create_webhook_deliveries() -> None:
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("endpoint_id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("payload", JSON_OBJECT, nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("last_status", sa.Integer()),
        sa.Column("last_answer", sa.Text()),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("finished_at", TIME),
        sa.CheckConstraint(
            "status IN ('pending', 'delivered', 'failed')", name=op.f("ck_webhook_deliveries_status_known")
        ),
        sa.ForeignKeyConstraint(
            ["endpoint_id"],
            ["webhook_endpoints.id"],
            name=op.f("fk_webhook_deliveries_endpoint_id"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint("key", name=op.f("uq_webhook_deliveries_key")),
    )
    with op.batch_alter_table("webhook_deliveries") as batch_op:
        batch_op.create_index(
            "ix_webhook_deliveries_due",
            ["available_at"],
            unique=False,
            sqlite_where=sa.text("status = 'pending'"),
            postgresql_where=sa.text("status = 'pending'"),
        )
        batch_op.create_index(
            batch_op.f("ix_webhook_deliveries_endpoint_id_created_at"), ["endpoint_id", "created_at"], unique=False
        )
