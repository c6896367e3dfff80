"""Whole tables that customers have answered: their rows are charged for together. Files may be tables."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0036"
down_revision = "0035"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
REFUSAL = "transactions are immutable: a line is corrected by another line"
_CHARGE = "(kind IN ('charge', 'charge_refund', 'charge_return'))"
_OTHERS = (
    " AND (prediction_id IS NULL OR message_id IS NULL){more}"
    " AND (kind = 'topup') = (payment_id IS NOT NULL)"
    " AND (kind IN ('period', 'period_return')) = (period_id IS NOT NULL)"
    " AND (refund_id IS NULL OR kind = 'take_back')"
)
OLD_CAUSE = f"{_CHARGE} = (prediction_id IS NOT NULL OR message_id IS NOT NULL){_OTHERS.format(more='')}"
_ALONE = " AND (scoring_id IS NULL OR (prediction_id IS NULL AND message_id IS NULL))"
NEW_CAUSE = (
    f"{_CHARGE} = (prediction_id IS NOT NULL OR message_id IS NOT NULL OR scoring_id IS NOT NULL)"
    f"{_OTHERS.format(more=_ALONE)}"
)
OLD_USE = "(prediction_id IS NULL) <> (message_id IS NULL)"
NEW_USE = (
    "CASE WHEN prediction_id IS NULL THEN 0 ELSE 1 END + CASE WHEN message_id IS NULL THEN 0 ELSE 1 END"
    " + CASE WHEN scoring_id IS NULL THEN 0 ELSE 1 END = 1"
)
OLD_FILES, NEW_FILES = "kind IN ('input', 'result')", "kind IN ('input', 'result', 'table', 'answered_table')"
STATUSES = "'draft', 'queued', 'running', 'succeeded', 'failed', 'canceled'"


def upgrade() -> None:
    create_scorings()
    create_parts()
    add_cause("transactions")
    set_check("transactions", "cause_follows_kind", NEW_CAUSE)
    refuse_changes_again()
    columns = ["scoring_id", "kind"]
    op.create_index("uq_transactions_scoring_kind", "transactions", columns, unique=True, **where())
    add_cause("allowance_uses")
    set_check("allowance_uses", "one_cause", NEW_USE)
    op.create_index("uq_allowance_uses_scoring", "allowance_uses", ["scoring_id"], unique=True, **where())
    set_check("files", "kind_known", NEW_FILES)


def downgrade() -> None:
    """Refused by the old constraints where a table was sold: the older shop could not account for it."""
    op.execute("DELETE FROM files WHERE kind IN ('table', 'answered_table')")
    set_check("files", "kind_known", OLD_FILES)
    op.drop_index("uq_allowance_uses_scoring", "allowance_uses")
    set_check("allowance_uses", "one_cause", OLD_USE)
    drop_cause("allowance_uses")
    op.drop_index("uq_transactions_scoring_kind", "transactions")
    set_check("transactions", "cause_follows_kind", OLD_CAUSE)
    drop_cause("transactions")
    refuse_changes_again()
    op.drop_table("scoring_parts")
    op.drop_table("scorings")


def where() -> dict[str, Any]:
    """Of a partial index."""
    condition = sa.text("scoring_id IS NOT NULL")
    return {"sqlite_where": condition, "postgresql_where": condition}


def add_cause(table: str) -> None:
    with op.batch_alter_table(table) as changed:
        changed.add_column(sa.Column("scoring_id", sa.Uuid()))
        name = op.f(f"fk_{table}_scoring_id")
        changed.create_foreign_key(name, "scorings", ["scoring_id"], ["id"], ondelete="RESTRICT")


def drop_cause(table: str) -> None:
    with op.batch_alter_table(table) as changed:
        changed.drop_constraint(op.f(f"fk_{table}_scoring_id"), type_="foreignkey")
        changed.drop_column("scoring_id")


def set_check(table: str, name: str, condition: str) -> None:
    with op.batch_alter_table(table) as changed:
        changed.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        changed.create_check_constraint(op.f(f"ck_{table}_{name}"), condition)


def refuse_changes_again() -> None:
    """SQLite made the table anew, and the new one has no triggers yet."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER IF EXISTS transactions_refuse_{change}")
        op.execute(
            f"CREATE TRIGGER transactions_refuse_{change} BEFORE {change.upper()} ON transactions"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )


def create_scorings() -> None:
    op.create_table(
        "scorings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", BIG_ID, nullable=False),
        sa.Column("model_slug", sa.String(length=32), nullable=False),
        sa.Column("model_version", sa.String(length=32), nullable=False),
        sa.Column("preset_id", BIG_ID),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("source", JSON_OBJECT, nullable=False),
        sa.Column("source_file_id", sa.Uuid(), nullable=False),
        sa.Column("columns", JSON_OBJECT, nullable=False),
        sa.Column("words", JSON_OBJECT, nullable=False),
        sa.Column("checked_file_id", sa.Uuid()),
        sa.Column("problems_file_id", sa.Uuid()),
        sa.Column("result_file_id", sa.Uuid()),
        sa.Column("all_rows", sa.Integer(), nullable=False),
        sa.Column("bad_rows", sa.Integer(), nullable=False),
        sa.Column("price", sa.BigInteger(), nullable=False),
        sa.Column("done_rows", sa.Integer(), nullable=False),
        sa.Column("failed_rows", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("available_at", TIME, nullable=False),
        sa.Column("leased_until", TIME),
        sa.Column("leased_by", sa.String(length=64)),
        sa.Column("error", sa.String(length=255)),
        sa.Column("error_code", sa.String(length=64)),
        sa.Column("chat_id", sa.BigInteger()),
        sa.Column("thread_id", sa.BigInteger()),
        sa.Column("message_id", sa.BigInteger()),
        sa.Column("cancel_requested_at", TIME),
        sa.Column("created_at", TIME, nullable=False),
        sa.Column("started_at", TIME),
        sa.Column("finished_at", TIME),
        sa.CheckConstraint(f"status IN ({STATUSES})", name=op.f("ck_scorings_status_known")),
        sa.CheckConstraint("price >= 0 AND bad_rows BETWEEN 0 AND all_rows", name=op.f("ck_scorings_amounts_possible")),
        sa.CheckConstraint(
            "failed_rows BETWEEN 0 AND done_rows AND done_rows <= all_rows - bad_rows",
            name=op.f("ck_scorings_progress_possible"),
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_scorings_user_id"), ondelete="RESTRICT"),
        sa.ForeignKeyConstraint(
            ["model_slug"], ["models.slug"], name=op.f("fk_scorings_model_slug"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(["preset_id"], ["presets.id"], name=op.f("fk_scorings_preset_id"), ondelete="RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorings")),
    )
    op.create_index(op.f("ix_scorings_user_id_created_at"), "scorings", ["user_id", "created_at"])
    for name, columns, condition in (
        ("ix_scorings_open", ["status", "available_at"], sa.text("status IN ('queued', 'running')")),
        ("ix_scorings_drafts", ["created_at"], sa.text("status = 'draft'")),
    ):
        op.create_index(name, "scorings", columns, sqlite_where=condition, postgresql_where=condition)


def create_parts() -> None:
    op.create_table(
        "scoring_parts",
        sa.Column("scoring_id", sa.Uuid(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("file_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["scoring_id"], ["scorings.id"], name=op.f("fk_scoring_parts_scoring_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("scoring_id", "start", name=op.f("pk_scoring_parts")),
    )
