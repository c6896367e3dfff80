"""A running shop and those who call its API."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from itertools import count
from typing import Any

import httpx
import pytest

from bot.app import App
from db.tables.identities import ApiScope
from sandbox.client.sandbox import Sandbox
from services.users.accounts import UserView, Visitor
from tests.conversations.stage import shop_settings
from tests.support.web import browser

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

    async def person(self, user: UserView | None = None, *, second_factor: bool = True) -> httpx.AsyncClient:
        """In a browser, signed in; a stranger without a user."""
        user_id = None if user is None else user.id
        client = await self._exits.enter_async_context(browser(self.app, user_id, second_factor=second_factor))
        client.base_url = client.base_url.join("/api/v1/")
        return client

    async def program(self, user: UserView, *scopes: ApiScope, **headers: Any) -> httpx.AsyncClient:
        """With a key of these rights, or of all."""
        _, key = await self.app.services.api_keys.create(user.id, "a test", scopes or tuple(ApiScope))
        client = httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.app.web_port}/api/v1/",
            headers={"authorization": f"Bearer {key}", **headers},
        )
        return await self._exits.enter_async_context(client)


@pytest.fixture
async def app(sandbox: Sandbox, sqlite_url: str) -> AsyncIterator[App]:
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        yield app


@pytest.fixture
async def callers(app: App) -> AsyncIterator[Callers]:
    async with AsyncExitStack() as exits:
        yield Callers(app, exits)


def problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The body of what must be this refusal."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert (body["status"], body["code"]) == (status, code), body
    return body
