"""Forecasts are judged by what came, and those of the shop's own list are published in a chain."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0040"
down_revision = "0039"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON_OBJECT = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
REFUSAL = "% are published: they never change"
PUBLISHED = {"forecasts": "OLD.origin = 'list'", "outcomes": None, "chain_entries": None}
"""Under which condition a row never changes."""
TABLES = ("chain_entries", "forecast_chain", "outcomes", "open_forecasts", "forecasts", "listed_instruments")


def upgrade() -> None:
    create_list()
    create_forecasts()
    create_outcomes()
    create_chain()
    refuse_changes()
    op.add_column("users", sa.Column("outcomes_muted", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    op.drop_column("users", "outcomes_muted")
    for table in TABLES:
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_published_change()")


def of_paper() -> list[sa.Column[object]]:
    return [
        sa.Column("source_key", sa.String(64), nullable=False),
        sa.Column("source", JSON_OBJECT, nullable=False),
        sa.Column("symbol", sa.String(64), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("exchange", sa.String(64), nullable=False),
    ]


def of_model(table: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_model_slug_models")
    return sa.ForeignKeyConstraint(["model_slug"], ["models.slug"], name=name, ondelete="RESTRICT")


def of_forecast(table: str, ondelete: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_forecast_id_forecasts")
    return sa.ForeignKeyConstraint(["forecast_id"], ["forecasts.id"], name=name, ondelete=ondelete)


def create_list() -> None:
    op.create_table(
        "listed_instruments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("model_slug", sa.String(32), nullable=False),
        *of_paper(),
        sa.Column("since", TIME, nullable=False),
        sa.Column("until", TIME, nullable=True),
        of_model("listed_instruments"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_listed_instruments")),
    )
    now = sa.text("until IS NULL")
    columns = ["model_slug", "source_key", "symbol"]
    op.create_index(
        "uq_listed_instruments_now",
        "listed_instruments",
        columns,
        unique=True,
        sqlite_where=now,
        postgresql_where=now,
    )


def create_forecasts() -> None:
    op.create_table(
        "forecasts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("origin", sa.String(32), nullable=False),
        sa.Column("prediction_id", sa.Uuid(), nullable=True),
        sa.Column("week", sa.String(8), nullable=True),
        sa.Column("model_slug", sa.String(32), nullable=False),
        sa.Column("model_version", sa.String(32), nullable=False),
        sa.Column("model_sha256", sa.String(64), nullable=False),
        *of_paper(),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("last_close", sa.Double(), nullable=False),
        sa.Column("horizon", sa.Integer(), nullable=False),
        sa.Column("said", JSON_OBJECT, nullable=False),
        sa.Column("made_at", TIME, nullable=False),
        sa.CheckConstraint("origin IN ('list', 'customer')", name=op.f("ck_forecasts_origin_known")),
        sa.CheckConstraint("(origin = 'list') = (week IS NOT NULL)", name=op.f("ck_forecasts_list_by_weeks")),
        sa.CheckConstraint("origin = 'customer' OR prediction_id IS NULL", name=op.f("ck_forecasts_list_is_nobodys")),
        sa.ForeignKeyConstraint(
            ["prediction_id"],
            ["predictions.id"],
            name=op.f("fk_forecasts_prediction_id_predictions"),
            ondelete="RESTRICT",
        ),
        of_model("forecasts"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecasts")),
        sa.UniqueConstraint("prediction_id", name=op.f("uq_forecasts_prediction_id")),
        sa.UniqueConstraint(
            "model_slug", "source_key", "symbol", "week", name=op.f("uq_forecasts_model_slug_source_key_symbol_week")
        ),
    )
    op.create_index(op.f("ix_forecasts_source_key_symbol"), "forecasts", ["source_key", "symbol"])
    op.create_table(
        "open_forecasts",
        sa.Column("forecast_id", BIG_ID, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("next_look_at", TIME, nullable=False),
        of_forecast("open_forecasts", "CASCADE"),
        sa.PrimaryKeyConstraint("forecast_id", name=op.f("pk_open_forecasts")),
    )
    op.create_index(op.f("ix_open_forecasts_next_look_at"), "open_forecasts", ["next_look_at"])


def create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("forecast_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("event", sa.String(16), nullable=False),
        sa.Column("output", sa.String(64), nullable=False),
        sa.Column("measure", sa.Double(), nullable=False),
        sa.Column("stated", sa.Double(), nullable=True),
        sa.Column("bin", sa.Integer(), nullable=True),
        sa.Column("came", sa.Boolean(), nullable=True),
        sa.Column("observed", sa.Double(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("void", sa.String(16), nullable=True),
        sa.Column("judged_at", TIME, nullable=False),
        sa.CheckConstraint("(void IS NULL) = (came IS NOT NULL)", name=op.f("ck_outcomes_judged_or_void")),
        sa.CheckConstraint("(came IS NULL) = (observed IS NULL)", name=op.f("ck_outcomes_came_is_observed")),
        sa.CheckConstraint(
            "void IS NULL OR void IN ('delisted', 'halted', 'unknown', 'no_anchor', 'jumped', 'silent')",
            name=op.f("ck_outcomes_void_known"),
        ),
        of_forecast("outcomes", "RESTRICT"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outcomes")),
        sa.UniqueConstraint("forecast_id", "name", name=op.f("uq_outcomes_forecast_id_name")),
    )


def create_chain() -> None:
    op.create_table(
        "chain_entries",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("forecast_id", BIG_ID, nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("kind IN ('forecast', 'judgement')", name=op.f("ck_chain_entries_kind_known")),
        of_forecast("chain_entries", "RESTRICT"),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_chain_entries")),
        sa.UniqueConstraint("forecast_id", "kind", name=op.f("uq_chain_entries_forecast_id_kind")),
    )
    op.create_table(
        "forecast_chain",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("length", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_forecast_chain_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_forecast_chain")),
    )


def refuse_changes() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    if postgresql:
        op.execute(
            "CREATE FUNCTION refuse_published_change() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION '{REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$"
        )
    for table, condition in PUBLISHED.items():
        when = f" WHEN ({condition})" if condition else ""
        for change in ("update", "delete"):
            name = f"CREATE TRIGGER {table}_refuse_{change} BEFORE {change.upper()} ON {table}"
            if postgresql:
                op.execute(f"{name} FOR EACH ROW{when} EXECUTE FUNCTION refuse_published_change()")
            else:
                op.execute(f"{name}{when} BEGIN SELECT RAISE(ABORT, '{REFUSAL.replace('%', table)}'); END")
        if postgresql:
            op.execute(
                f"CREATE TRIGGER {table}_refuse_truncate BEFORE TRUNCATE ON {table}"
                " FOR EACH STATEMENT EXECUTE FUNCTION refuse_published_change()"
            )
