"""One sandbox and one shop for all conversations; people are new in each. `CONVERSATIONS_ON=postgresql` puts the shop
on PostgreSQL instead of SQLite."""

import os
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from bot.app import App
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world, running_sandbox
from tests.conversations.stage import Stage, open_stage, shop_settings
from tests.conversations.studio import open_studio
from tests.support.databases import SqliteServer
from tests.support.stores import STORE

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture(scope="session")
def conversations_url(request: pytest.FixtureRequest) -> str:
    """A database without users."""
    name = "postgres_server" if os.environ.get("CONVERSATIONS_ON") == "postgresql" else "sqlite_server"
    url: str = request.getfixturevalue(name).create()
    return url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def sandbox_url() -> AsyncIterator[str]:
    async with running_sandbox() as url:
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(sandbox_url: str, conversations_url: str) -> AsyncIterator[Stage]:
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, conversations_url, models_dir=STORE)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def studio(
    sandbox_url: str, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    """A shop that paints. Each module has its own: it may change the styles."""
    store = tmp_path_factory.mktemp("studio")
    open_studio(store)
    async with open_stage(sandbox_url, sqlite_server, store) as stage:
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def anna(stage: Stage) -> Person:
    return await stage.person("Анна", "ru")


@pytest_asyncio.fixture(loop_scope="session")
async def shopper(shop: Stage) -> AsyncIterator[Person]:
    """Anna, in a shop of the module's own: its books hold whatever happened."""
    yield await shop.person("Анна", "ru")
    await shop.sandbox.clear_faults()
    await shop.books_hold()


@pytest_asyncio.fixture(loop_scope="session")
async def john(stage: Stage) -> Person:
    return await stage.person("John", "en")


@pytest_asyncio.fixture(loop_scope="session")
async def faults(stage: Stage) -> AsyncIterator[Callable[..., Coroutine[Any, Any, None]]]:
    """`await faults("sendMessage", "502", times=2)`; none is left behind."""
    yield stage.sandbox.fault
    await stage.sandbox.clear_faults()
