"""A shop that starts before its PostgreSQL does."""

from pathlib import Path

from tests.integration.start.house import NOBODY, kassandra
from tests.support.databases import PostgresServer


async def test_it_waits_until_the_database_is_there(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = postgres_server.create()
    postgres_server.unplug(url)
    try:
        async with kassandra(tmp_path, TELEGRAM_API_URL=NOBODY, DATABASE_URL=url) as house:
            waits = await house.logs("waiting_for_database")
            assert "DATABASE_URL: PostgreSQL at 127.0.0.1" in str(waits["error"])
            postgres_server.plug_in(url)
            await house.logs("started")
            assert await house.answers("/healthz") == 200
            assert "Traceback" not in house.said
    finally:
        postgres_server.drop(url)


async def test_what_is_wrong_with_the_address_is_told_at_once(postgres_server: PostgresServer, tmp_path: Path) -> None:
    url = postgres_server.create()
    postgres_server.drop(url)
    async with kassandra(tmp_path, TELEGRAM_API_URL=NOBODY, DATABASE_URL=url) as house:
        assert await house.ends(within=20) == 1
        assert "does not exist" in house.said
        assert "Traceback" not in house.said
