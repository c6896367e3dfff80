"""Roles, the audit log and refunds name people by `users.id`, and a person need not come through Telegram."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
ROLE_KNOWN = "role IN ('owner', 'admin', 'moderator')"
ACTOR_BY_NUMBER = {
    "audit_log": "UPDATE audit_log SET actor_user_id ="
    " (SELECT users.id FROM users WHERE users.telegram_id = audit_log.actor_telegram_id)",
    "refunds": "UPDATE refunds SET actor_user_id ="
    " (SELECT users.id FROM users WHERE users.telegram_id = refunds.actor_telegram_id)",
}
ACTOR_BY_TELEGRAM = {
    "audit_log": "UPDATE audit_log SET actor_telegram_id ="
    " (SELECT users.telegram_id FROM users WHERE users.id = audit_log.actor_user_id)",
    "refunds": "UPDATE refunds SET actor_telegram_id ="
    " (SELECT users.telegram_id FROM users WHERE users.id = refunds.actor_user_id)",
}


def upgrade() -> None:
    with op.batch_alter_table("users") as users:
        users.alter_column("telegram_id", existing_type=sa.BigInteger(), nullable=True)
    _enter_those_who_acted()
    for table in ("audit_log", "refunds"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("actor_user_id", BIG_ID))
            batch.create_foreign_key(
                op.f(f"fk_{table}_actor_user_id"), "users", ["actor_user_id"], ["id"], ondelete="RESTRICT"
            )
        op.execute(ACTOR_BY_NUMBER[table])
        with op.batch_alter_table(table) as batch:
            batch.drop_column("actor_telegram_id")
    _move_aside("admins", "old_admins")
    op.create_table(
        "admins",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("user_id", BIG_ID, sa.ForeignKey("users.id", name=op.f("fk_admins_user_id"), ondelete="RESTRICT")),
        sa.Column("telegram_id", sa.BigInteger()),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column(
            "granted_by", BIG_ID, sa.ForeignKey("users.id", name=op.f("fk_admins_granted_by"), ondelete="RESTRICT")
        ),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_admins")),
        sa.UniqueConstraint("user_id", name=op.f("uq_admins_user_id")),
        sa.UniqueConstraint("telegram_id", name=op.f("uq_admins_telegram_id")),
        sa.CheckConstraint(ROLE_KNOWN, name=op.f("ck_admins_role_known")),
        sa.CheckConstraint("(user_id IS NULL) <> (telegram_id IS NULL)", name=op.f("ck_admins_one_person")),
    )
    op.execute(
        "INSERT INTO admins (user_id, telegram_id, role, granted_by, created_at)"
        " SELECT users.id, CASE WHEN users.id IS NULL THEN old_admins.telegram_id END, role,"
        " (SELECT users.id FROM users WHERE users.telegram_id = old_admins.granted_by), old_admins.created_at"
        " FROM old_admins LEFT JOIN users ON users.telegram_id = old_admins.telegram_id ORDER BY old_admins.created_at"
    )
    op.drop_table("old_admins")


def downgrade() -> None:
    """Who does not come through Telegram cannot be kept: it is refused as long as there is anybody like that."""
    _move_aside("admins", "new_admins")
    op.create_table(
        "admins",
        sa.Column("telegram_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("granted_by", sa.BigInteger()),
        sa.Column("created_at", TIME, nullable=False),
        sa.PrimaryKeyConstraint("telegram_id", name=op.f("pk_admins")),
        sa.CheckConstraint(ROLE_KNOWN, name=op.f("ck_admins_role_known")),
    )
    op.execute(
        "INSERT INTO admins (telegram_id, role, granted_by, created_at)"
        " SELECT coalesce(telegram_id, (SELECT users.telegram_id FROM users WHERE users.id = user_id)), role,"
        " (SELECT users.telegram_id FROM users WHERE users.id = granted_by), created_at FROM new_admins"
    )
    op.drop_table("new_admins")
    for table in ("refunds", "audit_log"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("actor_telegram_id", sa.BigInteger()))
        op.execute(ACTOR_BY_TELEGRAM[table])
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"fk_{table}_actor_user_id"), type_="foreignkey")
            batch.drop_column("actor_user_id")
    with op.batch_alter_table("users") as users:
        users.alter_column("telegram_id", existing_type=sa.BigInteger(), nullable=False)


def _enter_those_who_acted() -> None:
    """An owner of the settings may have acted without ever opening the bot: the demo puts packages on sale for its
    own. What they did must not become the shop's."""
    op.execute(
        "INSERT INTO users (telegram_id, first_name, language, language_chosen, balance, bonus_muted, created_at,"
        " last_seen_at)"
        " SELECT actor, '', 'ru', false, 0, false, min(at), min(at) FROM ("
        "SELECT actor_telegram_id AS actor, created_at AS at FROM audit_log"
        " UNION ALL SELECT actor_telegram_id, created_at FROM refunds"
        " UNION ALL SELECT granted_by, created_at FROM admins) acts"
        " WHERE actor IS NOT NULL AND actor NOT IN (SELECT telegram_id FROM users) GROUP BY actor"
    )


def _move_aside(table: str, name: str) -> None:
    """With its constraints: PostgreSQL has their indexes' names once in a schema."""
    bind = op.get_bind()
    if bind.dialect.name == "postgresql":
        for index in bind.execute(
            sa.text("SELECT indexname FROM pg_indexes WHERE tablename = :table AND schemaname = current_schema()"),
            {"table": table},
        ).scalars():
            op.execute(f"ALTER INDEX {index} RENAME TO {index}_aside")
    op.rename_table(table, name)
