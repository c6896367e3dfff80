"""A shop that takes money: the sandbox's YooKassa and its webhooks."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest_asyncio

from bot.app import App
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from sandbox.testing import new_token, new_world
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer


@asynccontextmanager
async def open_till(sandbox: Sandbox, database_url: str, **more: object) -> AsyncIterator[Stage]:
    shop = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        database_url,
        yookassa_shop_id=shop.shop_id,
        yookassa_secret_key=shop.secret_key,
        yookassa_api_url=shop.api_url,
        **{"weekly_bonus_credits": 0} | more,
    )
    async with App(settings).running() as app:
        await shop.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/yookassa")
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def stage(sandbox_url: str, sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """In place of the shop that takes no money."""
    async with (
        new_world(sandbox_url, token=new_token()) as sandbox,
        open_till(sandbox, sqlite_server.create()) as stage,
    ):
        yield stage


@pytest_asyncio.fixture(loop_scope="session")
async def yookassa(stage: Stage) -> AsyncIterator[Shop]:
    """No fault is left behind."""
    shop = await stage.sandbox.shop()
    yield shop
    await shop.clear_faults()
