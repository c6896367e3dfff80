"""PostgreSQL as hosting services offer it: demands in the address, a pooler before the server."""

import asyncio
from collections.abc import Iterator

import pytest
from sqlalchemy import make_url, text
from sqlalchemy.orm import Session

from db.connections import plain_engine, sync_url
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.migrate import current_revision, head_revision, require_head, upgrade
from tests.support.databases import PostgresServer
from tests.support.pgbouncer import running_pgbouncer
from tests.support.shop import add_user


@pytest.fixture
def hosted(postgres_server: PostgresServer) -> Iterator[str]:
    """A new database without tables, as a service writes its address."""
    url = postgres_server.create(migrated=False)
    yield url.replace("postgresql+asyncpg://", "postgres://")
    postgres_server.drop(url)


def with_words(url: str, words: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{words}"


def is_encrypted(session: Session) -> bool:
    return bool(session.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")))


def name_and_timeout(session: Session) -> tuple[str, str]:
    row = session.execute(text("SELECT current_setting('application_name'), current_setting('statement_timeout')"))
    name, timeout = row.one()
    return name, timeout


def users(session: Session) -> int:
    return int(session.execute(text("SELECT count(*) FROM users")).scalar_one())


@pytest.mark.parametrize("words", ["sslmode=require", "ssl=true", "sslmode=require&channel_binding=require"])
async def test_a_demand_for_tls_is_never_dropped(hosted: str, words: str) -> None:
    """Of a server without TLS nothing is taken; with TLS it is used. Both drivers, one address."""
    url = with_words(hosted, words)
    database = Database(url)
    try:
        encrypted = await database.scan(is_encrypted)
        with plain_engine(sync_url(url)).connect() as connection:
            assert connection.scalar(text("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"))
        assert encrypted
    except DatabaseUnavailable:
        with pytest.raises(DatabaseUnavailable, match=r"SSL|channel binding"):
            current_revision(url)
    finally:
        await database.close()


async def test_both_drivers_are_told_the_same(hosted: str) -> None:
    url = with_words(hosted, "application_name=our%20shop&options=-c%20statement_timeout%3D7s&connect_timeout=9")
    database = Database(url)
    assert await database.scan(name_and_timeout) == ("our shop", "7s")
    with Session(plain_engine(sync_url(url))) as session:
        assert name_and_timeout(session) == ("our shop", "7s")
    await database.close()


async def test_the_server_that_can_be_written_of_several(hosted: str) -> None:
    """The first does not answer."""
    parsed = make_url(hosted)
    place = f"{parsed.username}@127.0.0.1:1,{parsed.host}:{parsed.port or 5432}/{parsed.database}"
    url = f"postgresql://{place}?target_session_attrs=read-write"
    upgrade(url)
    database = Database(url)
    assert await database.write(add_user) == 1
    await database.close()


async def test_a_shop_behind_pgbouncer(hosted: str) -> None:
    """In transaction mode every transaction may be on another connection, beside those of another process."""
    async with running_pgbouncer(hosted) as pooled:
        url = with_words(pooled, "pgbouncer=true")
        upgrade(url)
        require_head(url)
        assert current_revision(url) == head_revision()
        processes = [Database(url), Database(url)]
        await asyncio.gather(*(each.write(add_user) for each in processes * 60))
        counts = await asyncio.gather(*(each.scan(users) for each in processes * 30))
        for each in processes:
            await each.close()
    assert counts == [120] * 60


async def test_a_pooler_that_nobody_told_of(hosted: str) -> None:
    """Nothing is lost, and what is told has the fix."""
    upgrade(hosted)
    async with running_pgbouncer(hosted) as pooled:
        database = Database(pooled)
        work = [database.write(add_user) for _ in range(120)]
        refused = [done for done in await asyncio.gather(*work, return_exceptions=True) if not isinstance(done, int)]
        await database.close()
    assert {type(each) for each in refused} == {DatabaseUnavailable}
    assert any("add pgbouncer=true" in str(each) for each in refused)
