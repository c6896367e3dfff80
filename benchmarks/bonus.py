"""The weekly bonus of many users, chunk by chunk as a shop grants it; against the bare SQL of the same rows: one
transaction, a statement a table, no checks and no joins, for every id is known beforehand."""

import asyncio
import logging
import os
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import create_engine, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from benchmarks.finding import Finding, ratio_finding, rounds
from db.connections import sync_url
from db.engine import Database
from db.migrate import upgrade
from services.billing import audit
from services.bonuses import Bonuses, BonusTerms, week_of
from services.clock import system_clock

USERS = 200_000
ROUNDS = 3  # of some seconds each
AMOUNT = 3_00
UTC_ZONE = ZoneInfo("UTC")
TARGET = 0.3
POSTGRES = "BENCH_POSTGRES_URL"  # a server whose user may create databases

USERS_SQLITE = """WITH RECURSIVE n(id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < {count})
    INSERT INTO users (id, telegram_id, first_name, language, language_chosen, balance, bonus_muted, created_at,
    last_seen_at) SELECT id, 100000 + id, 'Anna', 'ru', 0, 0, 0, '{seen}', '{seen}' FROM n"""
USERS_POSTGRES = """INSERT INTO users (telegram_id, first_name, language, language_chosen, balance, bonus_muted,
    created_at, last_seen_at) SELECT 100000 + id, 'Anna', 'ru', false, 0, false, '{seen}', '{seen}'
    FROM generate_series(1, {count}) AS id"""
BARE = (
    "UPDATE users SET balance = {amount}",
    "INSERT INTO lots (id, user_id, kind, amount, remaining, expires_at, created_at)"
    " SELECT id, id, 'bonus', {amount}, {amount}, '{end}', '{now}' FROM users",
    "INSERT INTO transactions (id, user_id, kind, amount, balance_after, key, created_at)"
    " SELECT id, id, 'bonus', {amount}, {amount}, 'bonus:{week}:' || id, '{now}' FROM users",
    "INSERT INTO lot_entries (id, transaction_id, lot_id, amount) SELECT id, id, id, {amount} FROM users",
    "INSERT INTO bonus_grants (id, user_id, week, amount, transaction_id, created_at)"
    " SELECT id, id, '{week}', {amount}, id, '{now}' FROM users",
    "INSERT INTO outbox (id, user_id, kind, payload, key, status, priority, attempts, available_at, created_at)"
    """ SELECT id, id, 'bonus', '{{"week": "{week}", "amount": {amount}, "expires_at": "{end}"}}',"""
    " 'bonus:{week}:' || id, 'pending', 2, 0, '{now}', '{now}' FROM users",
)


def measure() -> list[Finding]:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    return [*_on_sqlite(), *_on_postgres()]


def _on_sqlite() -> Iterator[Finding]:
    with tempfile.TemporaryDirectory() as folder:
        template = Path(folder) / "users.db"
        upgrade(f"sqlite:///{template}")
        with closing(sqlite3.connect(template)) as connection, connection:
            connection.execute(USERS_SQLITE.format(count=USERS, seen=_written(system_clock())))

        def fresh() -> Path:
            return Path(shutil.copyfile(template, Path(folder) / f"{uuid4().hex}.db"))

        ours, limit = rounds(
            lambda: _grant_on(f"sqlite+aiosqlite:///{fresh()}"), lambda: _bare_sqlite(fresh()), count=ROUNDS
        )
    yield _finding("SQLite", ours, limit)


def _on_postgres() -> Iterator[Finding]:
    server = os.environ.get(POSTGRES, "postgresql://postgres@127.0.0.1:5432/postgres")
    try:
        with _postgres(server) as fresh:
            ours, limit = rounds(
                lambda: _on_copy(fresh, _grant_on), lambda: _on_copy(fresh, _bare_postgres), count=ROUNDS
            )
    except OperationalError as error:
        reason = str(error.orig).splitlines()[0]
        yield Finding(name=_name("PostgreSQL"), ours="—", limit="—", result=reason, target=f"≥ {TARGET}", met=None)
        return
    yield _finding("PostgreSQL", ours, limit)


def _name(database: str) -> str:
    return f"Weekly bonus of {USERS:,} users on {database}, against the bare SQL of the same rows"


def _finding(database: str, ours: list[float], limit: list[float]) -> Finding:
    return ratio_finding(_name(database), ours, limit, unit="users/s", target=TARGET)


def _grant_on(url: str) -> float:
    return asyncio.run(_grant(url))


async def _grant(url: str) -> float:
    db = Database(url)
    terms = BonusTerms(amount=AMOUNT, ttl=timedelta(days=14), zone=UTC_ZONE, next_fire=lambda moment: moment)
    bonuses = Bonuses(db, system_clock, terms)
    try:
        week = week_of(system_clock(), UTC_ZONE)
        started = time.perf_counter()
        granted = await bonuses.grant(week)
        elapsed = time.perf_counter() - started
        assert granted.users == USERS
        assert granted.finished
        checks = await db.scan(audit.audit)
        assert all(check.ok for check in checks), audit.format_report(checks)
    finally:
        await db.close()
    return USERS / elapsed


def _bare_sqlite(path: Path) -> float:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")
        started = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for statement in _bare():
            connection.execute(statement)
        connection.execute("COMMIT")
        return USERS / (time.perf_counter() - started)


def _bare_postgres(url: str) -> float:
    engine = create_engine(sync_url(url), poolclass=NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql("SELECT 1")
        connection.commit()
        started = time.perf_counter()
        with connection.begin():
            for statement in _bare():
                connection.exec_driver_sql(statement)
        return USERS / (time.perf_counter() - started)


def _bare() -> list[str]:
    now = system_clock()
    words = {"amount": AMOUNT, "now": _written(now), "end": _written(now + timedelta(days=14))}
    return [statement.format(week=week_of(now, UTC_ZONE), **words) for statement in BARE]


def _written(moment: datetime) -> str:
    """As both databases keep it."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


@contextmanager
def _postgres(server: str) -> Iterator[Callable[[], "_Copy"]]:
    """Makes copies of a database full of users, and drops what is left of it."""
    with _Copy(server) as template:
        upgrade(template.url)
        engine = create_engine(sync_url(template.url), poolclass=NullPool)
        with engine.begin() as connection:
            connection.exec_driver_sql(USERS_POSTGRES.format(count=USERS, seen=_written(system_clock())))
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE users")
        yield lambda: _Copy(server, template.name)


def _on_copy(fresh: Callable[[], "_Copy"], work: Callable[[str], float]) -> float:
    with fresh() as copy:
        return work(copy.url)


class _Copy:
    """A database of the server while it is needed."""

    def __init__(self, server: str, template: str = "template0") -> None:
        self.name = f"kassandra_bench_{uuid4().hex}"
        self.url = make_url(server).set(drivername="postgresql+asyncpg", database=self.name).render_as_string(False)
        self._server, self._template = server, template

    def __enter__(self) -> "_Copy":
        self._run(f'CREATE DATABASE "{self.name}" TEMPLATE "{self._template}"')
        return self

    def __exit__(self, *_: object) -> None:
        self._run(f'DROP DATABASE "{self.name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        engine = create_engine(sync_url(self._server), poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
