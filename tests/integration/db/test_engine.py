"""What both databases promise to a transaction, and what PostgreSQL does in its own way."""

import asyncio

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from db.connections import async_url, sync_url
from db.engine import Database
from db.errors import DatabaseUnavailable
from tests.support.shop import add_user


def count_users(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM users")).scalar_one())


async def test_reads_and_scans_see_one_state(database: Database, database_url: str) -> None:
    """What others commit between two statements does not show."""
    await database.write(add_user)

    def look_twice(session: Session) -> tuple[int, int]:
        before = count_users(session)
        with create_engine(sync_url(database_url), poolclass=NullPool).begin() as other:
            add_user(Session(other))
        return before, count_users(session)

    assert await database.scan(look_twice) == (1, 1)
    assert await database.read(look_twice) == (2, 2)
    assert await database.read(count_users) == 3


async def test_what_raises_leaves_nothing(database: Database) -> None:
    def fail(session: Session) -> None:
        add_user(session)
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await database.write(fail)
    assert await database.read(count_users) == 0


@pytest.mark.parametrize(
    ("url", "driver"),
    [
        ("sqlite:///data/x.db", "sqlite+aiosqlite"),
        ("sqlite+aiosqlite:///data/x.db", "sqlite+aiosqlite"),
        ("postgresql://u@h/x", "postgresql+asyncpg"),
        ("postgresql+psycopg://u:p@h/x", "postgresql+asyncpg"),
    ],
)
def test_drivers_are_ours(url: str, driver: str) -> None:
    assert async_url(url).drivername == driver


@pytest.mark.parametrize("url", ["mysql://u@h/x", "sqlite://", "sqlite:///:memory:"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match="SQLite"):
        async_url(url)


async def test_no_server() -> None:
    database = Database("postgresql://nobody@127.0.0.1:1/nothing")
    for call in (database.write, database.read, database.scan):
        with pytest.raises(DatabaseUnavailable):
            await call(count_users)
    await database.close()


async def test_no_such_database(postgres_database: Database) -> None:
    url = postgres_database.url.set(database="nothing_of_the_kind").render_as_string(hide_password=False)
    database = Database(url)
    with pytest.raises(Exception, match="does not exist"):
        await database.write(count_users)
    await database.close()


async def test_a_lost_connection(postgres_database: Database) -> None:
    def lose(session: Session) -> None:
        add_user(session)
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    with pytest.raises(DatabaseUnavailable):
        await postgres_database.write(lose)
    assert await postgres_database.write(count_users) == 0


async def test_a_deadlock_is_run_again(postgres_database: Database) -> None:
    first, second = await postgres_database.write(add_user), await postgres_database.write(add_user)

    def touch(session: Session, *order: int) -> None:
        for user_id in order:
            session.execute(text(f"UPDATE users SET age = coalesce(age, 0) + 1 WHERE id = {user_id}"))
            session.execute(text("SELECT pg_sleep(0.1)"))

    await asyncio.gather(postgres_database.write(touch, first, second), postgres_database.write(touch, second, first))
    ages = await postgres_database.read(lambda session: session.scalars(text("SELECT age FROM users")).all())
    assert ages == [2, 2]


async def test_more_callers_than_connections(postgres_database: Database) -> None:
    await asyncio.gather(*(postgres_database.write(add_user) for _ in range(100)))
    assert await postgres_database.read(count_users) == 100
