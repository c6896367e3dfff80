"""What every test may ask for. A test that takes `database` runs twice: on SQLite and on PostgreSQL."""

import gc
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from bot.startup import import_aiogram
from db.engine import Database
from services import redaction
from tests.support.clock import FakeClock
from tests.support.databases import PostgresServer, SqliteServer, find_postgres

import_aiogram()  # before any test module does: as in a shop
gc.disable()  # what is imported and collected stays: looking for garbage there took a quarter of the time


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop() -> None:
    gc.freeze()
    gc.enable()


@pytest.fixture(scope="session", autouse=True)
def _plain_logs() -> None:
    """structlog's own drawing of a traceback takes seconds."""
    renderer = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[structlog.processors.add_log_level, renderer])


@pytest.fixture(autouse=True)
def _secrets_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one test hides stays in the texts of the next: a password may be a word of theirs."""
    monkeypatch.setattr(redaction, "_known", set(redaction._known))
    monkeypatch.setattr(redaction, "_pattern", redaction._pattern)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def sqlite_server(tmp_path_factory: pytest.TempPathFactory) -> SqliteServer:
    return SqliteServer(tmp_path_factory.mktemp("databases"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    server = find_postgres()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def server(request: pytest.FixtureRequest) -> SqliteServer | PostgresServer:
    name = "sqlite_server" if request.param == "sqlite" else "postgres_server"
    found: SqliteServer | PostgresServer = request.getfixturevalue(name)
    return found


@pytest.fixture
def empty_url(server: SqliteServer | PostgresServer) -> Iterator[str]:
    """A database without tables (for SQLite, the name of a file that is not there yet)."""
    url = server.create(migrated=False)
    yield url
    server.give_back(url)


@pytest.fixture
def database_url(server: SqliteServer | PostgresServer) -> Iterator[str]:
    """A migrated empty database of this test alone."""
    url = server.create()
    yield url
    server.give_back(url)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = Database(database_url)
    yield database
    await database.close()


@pytest.fixture
def sqlite_url(sqlite_server: SqliteServer) -> Iterator[str]:
    url = sqlite_server.create()
    yield url
    sqlite_server.give_back(url)


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """For what does not depend on the database: half the time of `database`."""
    database = Database(sqlite_url)
    yield database
    await database.close()


@pytest.fixture
async def postgres_database(postgres_server: PostgresServer) -> AsyncIterator[Database]:
    """For what only PostgreSQL has."""
    url = postgres_server.create()
    database = Database(url)
    yield database
    await database.close()
    postgres_server.give_back(url)
