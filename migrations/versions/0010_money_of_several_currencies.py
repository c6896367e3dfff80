"""Payments, refunds and packages say in which currency they are, and in one that the shop knows."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

TABLES = ("payments", "refunds", "packages")
KNOWN = "currency IN ('RUB', 'XTR')"


def upgrade() -> None:
    for table in TABLES:
        rows = sa.table(table, sa.column("currency"))
        op.execute(rows.update().where(rows.c.currency != "RUB").values(currency="RUB"))  # nothing else was ever sold
        with op.batch_alter_table(table) as batch:
            batch.create_check_constraint(op.f(f"ck_{table}_currency_known"), KNOWN)


def downgrade() -> None:
    for table in TABLES:
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_currency_known"), type_="check")
