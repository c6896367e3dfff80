"""A sandbox in the test's event loop, a world of its own, a raw HTTP client and a real bot in it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import Any

import aiohttp
import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.client.sandbox import Person, Sandbox
from tests.integration.servers import standing_clock

Api = Callable[..., Coroutine[Any, Any, tuple[int, dict[str, Any]]]]


async def until(happened: Callable[[], Awaitable[object]]) -> None:
    """Ask the server until it says yes: what another request does there, nobody tells."""
    async with asyncio.timeout(20):
        while True:
            if await happened():
                return


sandbox_clock = pytest.fixture(standing_clock)


@pytest.fixture
async def anna(sandbox: Sandbox) -> Person:
    return await sandbox.person("Анна")


@pytest.fixture
async def api(sandbox: Sandbox) -> Api:
    """Call a method of the Bot API with plain HTTP: (status, body)."""

    async def call(method: str, *, form: aiohttp.FormData | None = None, **params: Any) -> tuple[int, dict[str, Any]]:
        address = f"{sandbox.base_url}/bot{sandbox.token}/{method}"
        given: dict[str, Any] = {"json": params} if form is None else {"data": form}
        async with sandbox.http.post(address, **given) as response:
            body: dict[str, Any] = await response.json()
            return response.status, body

    return call


@pytest.fixture
async def bot(sandbox: Sandbox) -> AsyncIterator[Bot]:
    assert sandbox.token is not None
    session = AiohttpSession(api=TelegramAPIServer.from_base(sandbox.base_url))
    async with Bot(sandbox.token, session=session) as bot:
        yield bot
