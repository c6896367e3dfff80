"""Credits of an account that becomes part of another one move there by lines of the ledger, lot by lot."""

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSAL = "transactions are immutable: a line is corrected by another line"

OLD_GRANTS = "'welcome', 'bonus', 'grant', 'topup'"
NEW_GRANTS = f"{OLD_GRANTS}, 'merged_in'"
OLD_KINDS = f"{OLD_GRANTS}, 'charge', 'charge_refund', 'charge_return', 'expire', 'take_back'"
NEW_KINDS = f"{OLD_KINDS}, 'merged_out', 'merged_in'"


def upgrade() -> None:
    set_kinds(NEW_GRANTS, NEW_KINDS)
    with op.batch_alter_table("lots") as lots:
        lots.add_column(sa.Column("moved_from_id", BIG_ID))
        lots.create_foreign_key(op.f("fk_lots_moved_from_id"), "lots", ["moved_from_id"], ["id"], ondelete="RESTRICT")
        lots.create_index(op.f("ix_lots_moved_from_id"), ["moved_from_id"])


def downgrade() -> None:
    """Refused by the old constraints where accounts were merged: the older shop could not account for it."""
    with op.batch_alter_table("lots") as lots:
        lots.drop_index(op.f("ix_lots_moved_from_id"))
        lots.drop_constraint(op.f("fk_lots_moved_from_id"), type_="foreignkey")
        lots.drop_column("moved_from_id")
    set_kinds(OLD_GRANTS, OLD_KINDS)


def set_kinds(grants: str, kinds: str) -> None:
    positive = f"{grants}, 'charge_refund', 'charge_return'"
    checks = {
        "kind_known": f"kind IN ({kinds})",
        "sign_follows_kind": (f"(kind IN ({positive}) AND amount > 0) OR (kind NOT IN ({positive}) AND amount < 0)"),
    }
    with op.batch_alter_table("transactions") as transactions:
        for name, condition in checks.items():
            transactions.drop_constraint(op.f(f"ck_transactions_{name}"), type_="check")
            transactions.create_check_constraint(op.f(f"ck_transactions_{name}"), condition)
    with op.batch_alter_table("lots") as lots:
        lots.drop_constraint(op.f("ck_lots_kind_grants"), type_="check")
        lots.create_check_constraint(op.f("ck_lots_kind_grants"), f"kind IN ({grants})")
    refuse_changes_again()


def refuse_changes_again() -> None:
    """SQLite made the table anew, and the new one has no triggers yet."""
    if op.get_bind().dialect.name != "sqlite":
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER transactions_refuse_{change} BEFORE {change.upper()} ON transactions"
            f" BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
        )
