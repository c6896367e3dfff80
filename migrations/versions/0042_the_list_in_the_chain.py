"""Entries of the chain know when they were published, and changes of the public list are entries, too."""

import datetime as dt
import hashlib
import json
from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision = "0042"
down_revision = "0041"

TIME = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REFUSAL = "% are published: they never change"
GENESIS = "0" * 64
CHAIN, LIST = "chain_entries", "listed_instruments"
STAYS = ("id", "model_slug", "source_key", "source", "symbol", "name", "exchange", "since")
entries = sa.table(
    CHAIN,
    sa.column("number", sa.Integer),
    sa.column("kind", sa.String),
    sa.column("at", TIME),
    sa.column("listed_id", sa.Integer),
    sa.column("hash", sa.String),
)
head = sa.table("forecast_chain", *(sa.column(name) for name in ("id", "length", "hash")))
listed = sa.table(
    LIST,
    *(sa.column(name) for name in ("id", "model_slug", "source_key", "symbol", "name", "exchange")),
    sa.column("since", TIME),
    sa.column("until", TIME),
)


def upgrade() -> None:
    allow_changes(CHAIN)
    with op.batch_alter_table(CHAIN) as chain:
        chain.add_column(sa.Column("at", TIME, nullable=True))
        chain.add_column(sa.Column("listed_id", BIG_ID, nullable=True))
        chain.alter_column("forecast_id", existing_type=BIG_ID, nullable=True)
        chain.drop_constraint(op.f("ck_chain_entries_kind_known"), type_="check")
    op.execute("UPDATE chain_entries SET at = (SELECT made_at FROM forecasts WHERE id = forecast_id)")
    op.execute(
        "UPDATE chain_entries SET at = (SELECT min(judged_at) FROM outcomes o"
        " WHERE o.forecast_id = chain_entries.forecast_id) WHERE kind = 'judgement'"
    )
    now = dt.datetime.now(dt.UTC)
    op.execute(sa.update(entries).where(entries.c.at.is_(None)).values(at=now))  # its rows are gone: the audit says so
    publish_list(now)
    with op.batch_alter_table(CHAIN) as chain:
        chain.alter_column("at", existing_type=TIME, nullable=False)
        chain.create_foreign_key(
            op.f("fk_chain_entries_listed_id_listed_instruments"), LIST, ["listed_id"], ["id"], ondelete="RESTRICT"
        )
        chain.create_unique_constraint(op.f("uq_chain_entries_listed_id_kind"), ["listed_id", "kind"])
        chain.create_check_constraint(
            op.f("ck_chain_entries_kind_known"), "kind IN ('forecast', 'judgement', 'listed', 'unlisted')"
        )
        chain.create_check_constraint(
            op.f("ck_chain_entries_of_a_list"), "(kind IN ('listed', 'unlisted')) = (listed_id IS NOT NULL)"
        )
        chain.create_check_constraint(
            op.f("ck_chain_entries_of_one_thing"), "(forecast_id IS NULL) = (listed_id IS NOT NULL)"
        )
    refuse_changes(CHAIN)
    refuse_changes(LIST, update_if=changed())


def downgrade() -> None:
    """Only of a chain that holds no change of the list: what was published is not taken back."""
    allow_changes(LIST)
    allow_changes(CHAIN)
    with op.batch_alter_table(CHAIN) as chain:
        chain.drop_constraint(op.f("ck_chain_entries_of_one_thing"), type_="check")
        chain.drop_constraint(op.f("ck_chain_entries_of_a_list"), type_="check")
        chain.drop_constraint(op.f("ck_chain_entries_kind_known"), type_="check")
        chain.drop_constraint(op.f("uq_chain_entries_listed_id_kind"), type_="unique")
        chain.drop_constraint(op.f("fk_chain_entries_listed_id_listed_instruments"), type_="foreignkey")
        chain.alter_column("forecast_id", existing_type=BIG_ID, nullable=False)
        chain.drop_column("listed_id")
        chain.drop_column("at")
        chain.create_check_constraint(op.f("ck_chain_entries_kind_known"), "kind IN ('forecast', 'judgement')")
    refuse_changes(CHAIN)


def is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def allow_changes(table: str) -> None:
    """SQLite drops the triggers together with the table that is made anew, but changes it before that."""
    for change in ("update", "delete", "truncate"):
        on = f" ON {table}" if is_postgresql() else ""
        op.execute(f"DROP TRIGGER IF EXISTS {table}_refuse_{change}{on}")


def refuse_changes(table: str, *, update_if: str = "") -> None:
    """`update_if`: of which rows an update is refused; of all where it is empty."""
    each_row, statement = "FOR EACH ROW", "FOR EACH STATEMENT"
    kinds = [("update", update_if, each_row), ("delete", "", each_row)]
    for change, condition, each in [*kinds, *([("truncate", "", statement)] if is_postgresql() else [])]:
        when = f" WHEN ({condition})" if condition else ""
        name = f"CREATE TRIGGER {table}_refuse_{change} BEFORE {change.upper()} ON {table}"
        if is_postgresql():
            op.execute(f"{name} {each}{when} EXECUTE FUNCTION refuse_published_change()")
        else:
            op.execute(f"{name}{when} BEGIN SELECT RAISE(ABORT, '{REFUSAL.replace('%', table)}'); END")


def changed() -> str:
    """Anything but a paper's being taken off."""
    differs = "IS DISTINCT FROM" if is_postgresql() else "IS NOT"
    others = [f"OLD.{name} {differs} NEW.{name}" for name in STAYS]
    return " OR ".join(["OLD.until IS NOT NULL", "NEW.until IS NULL", *others])


def publish_list(now: dt.datetime) -> None:
    """What is on the list, and what was taken off, as the shop publishes it from now on."""
    bind = op.get_bind()
    known = bind.execute(sa.select(head.c.length, head.c.hash)).first()
    number, last = (known.length, known.hash) if known else (0, GENESIS)
    rows = bind.execute(sa.select(listed).order_by(listed.c.id)).all()
    for row in rows:
        start = number + 1
        told = [text_of_listed(start, row, now)]
        if row.until is not None:
            told.append(
                {"kind": "unlisted", "number": start + 1, "published_at": plain(now), "listed": start}
                | {"until": plain(row.until)}
            )
        for each in told:
            number, last = number + 1, digest(last, each)
            values = {"number": number, "kind": each["kind"], "at": now, "listed_id": row.id, "hash": last}
            bind.execute(sa.insert(entries).values(values))
    if rows:
        bind.execute(sa.delete(head))
        bind.execute(sa.insert(head).values(id=1, length=number, hash=last))


def text_of_listed(number: int, row: sa.Row[Sequence[object]], now: dt.datetime) -> dict[str, object]:
    return {
        "kind": "listed",
        "number": number,
        "published_at": plain(now),
        "since": plain(row.since),
        "model": row.model_slug,
        "source": row.source_key,
        "paper": row.symbol,
        "name": row.name,
        "exchange": row.exchange,
    }


def digest(previous: str, told: dict[str, object]) -> str:
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()


def plain(at: dt.datetime) -> str:
    known = at if at.tzinfo else at.replace(tzinfo=dt.UTC)  # SQLite keeps times without a zone
    return known.astimezone(dt.UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
