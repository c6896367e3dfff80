"""A running shop and those who call its API, to whom nothing is answered that the description does not tell. Files have
one shop each where their tests can share it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import pytest_asyncio

from bot.app import App
from db.tables.identities import ApiScope
from sandbox.client.sandbox import Sandbox
from services.billing.audit import run_audit
from services.users.accounts import UserView, Visitor
from tests.conversations.payments.conftest import open_till
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.conversations.test_talking import place_oracle
from tests.integration.api.description import must_be_told
from tests.support.databases import SqliteServer
from tests.support.one_shop import base_url, sandbox, share_loops, world
from tests.support.stores import QUICK, STORE
from tests.support.web import PATIENT, browser

__all__ = ["base_url", "sandbox", "world"]

_people = count(920_000_001)


class Callers:
    """Clients of one shop, closed at its end."""

    def __init__(self, app: App, exits: AsyncExitStack) -> None:
        self.app = app
        self._exits = exits

    async def customer(self, name: str = "Анна", language: str = "ru") -> UserView:
        """With ten credits."""
        visitor = Visitor(telegram_id=next(_people), username=None, first_name=name, language=language)
        return await self.app.services.users.enter(visitor)

    async def owner(self) -> UserView:
        return await self.app.services.users.enter(
            Visitor(telegram_id=OWNER_ID, username=None, first_name="Ольга", language="ru")
        )

    async def person(self, user: UserView | None = None, *, second_factor: bool = True) -> httpx.AsyncClient:
        """In a browser, signed in; a stranger without a user."""
        user_id = None if user is None else user.id
        client = await self._exits.enter_async_context(browser(self.app, user_id, second_factor=second_factor))
        client.base_url = client.base_url.join("/api/v1/")
        client.event_hooks["response"].append(must_be_told)
        return client

    async def program(self, user: UserView, *scopes: ApiScope, **headers: Any) -> httpx.AsyncClient:
        """With a key of these rights, or of all."""
        _, key = await self.app.services.api_keys.create(user.id, "a test", scopes or tuple(ApiScope))
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.app.web_port}/api/v1/",
            headers={"authorization": f"Bearer {key}", **headers},
            event_hooks={"response": [must_be_told]},
            **PATIENT,
        )
        return await self._exits.enter_async_context(client)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    share_loops(items, Path(__file__).parent)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def app(world: Sandbox, sqlite_server: SqliteServer) -> AsyncIterator[App]:
    async with App(shop_settings(world, sqlite_server.create())).running() as app:
        yield app


@pytest_asyncio.fixture(loop_scope="module")
async def callers(app: App) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as exits:
        yield Callers(app, exits)


@pytest_asyncio.fixture(loop_scope="module")
async def own_callers(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[Callers]:
    """Of a shop that nobody else is in: for tests that count everything, or have strangers slowed down."""
    async with App(shop_settings(sandbox, sqlite_url)).running() as app, AsyncExitStack() as exits:
        yield Callers(app, exits)


@pytest_asyncio.fixture(loop_scope="module")
async def whole_shop(sandbox: Sandbox, sqlite_url: str, tmp_path: Path) -> AsyncIterator[Callers]:
    """All that is sold: models, an assistant, credits. Its letters reach nobody."""
    store = tmp_path / "models"
    store.mkdir()
    for slug in QUICK:
        (store / slug).symlink_to(STORE / slug)
    place_oracle(store, sandbox.openai().url, free_answers="0")
    letters = {
        "smtp_url": "smtp://127.0.0.1:1",
        "mail_from": "shop@example.com",
        "public_url": "https://shop.example.com",
    }
    more = letters | {"models_dir": store, "api_requests_a_minute": 1_000_000, "welcome_credits": 10_000_000}
    async with open_till(sandbox, sqlite_url, **more) as stage, AsyncExitStack() as exits:
        yield Callers(stage.app, exits)
        report = await run_audit(stage.app.db)
        assert report.ok, str(report)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of what must be this refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code), body
    return body
