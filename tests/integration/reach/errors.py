"""Errors of every library on the way, each with a secret in what it was given; real ones, none is made up here."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
import asyncpg  # type: ignore[import-untyped]
import psycopg
import redis.asyncio as redis
import requests
import sqlalchemy
from sqlalchemy.ext.asyncio import create_async_engine
from yookassa.domain.common import HttpVerb

from bot.settings import Settings
from db.migrate import upgrade
from handlers.telegram.client import make_bot
from services.payments.providers.yookassa.client import Client
from services.proxies import parse_proxy

TOKEN = "987654321:AAHq-secret_of_the_bot_itself_0123456"
HOOK = "hook-secret-0123456789"
KEY = "live_key+with/odd=signs"
DATABASE, REDIS, PROXY = 'data"base\\p@ss/word', "rédis&pass:word", "pr0xy%pass word"
SECRETS = (TOKEN, HOOK, KEY, DATABASE, REDIS, PROXY)
SHOP_ID = "100500"

Raise = Callable[["Places"], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """`echo`: a server that quotes the request in its answer, as error pages do."""

    echo: str


def login(secret: str) -> str:
    return f"clerk:{quote(secret, safe='')}"


async def aiohttp_invalid_url(_: Places) -> None:
    async with aiohttp.ClientSession() as http:
        await http.get(f"api.telegram.org/bot{TOKEN}/getMe")


async def aiohttp_of_a_proxy(_: Places) -> None:
    async with aiohttp.ClientSession(proxy=f"ftp://{login(PROXY)}@127.0.0.1:1") as http:
        await http.get("https://api.telegram.org")


async def aiohttp_status(places: Places) -> None:
    async with aiohttp.ClientSession(raise_for_status=True) as http:
        await http.get(f"{places.echo}/file/bot{TOKEN}/photos/file_1.jpg")


async def aiogram_page(places: Places) -> None:
    bot = make_bot(TOKEN, places.echo)
    try:
        await bot.set_webhook("https://shop.example", secret_token=HOOK)
    finally:
        await bot.session.close()


async def aiogram_network(_: Places) -> None:
    bot = make_bot(TOKEN, "api.telegram.org")
    try:
        await bot.me()
    finally:
        await bot.session.close()


async def aiohttp_socks(_: Places) -> None:
    bot = make_bot(TOKEN, "https://api.telegram.org", parse_proxy(f"socks5://{login(PROXY)}@127.0.0.1:1"))
    try:
        await bot.me()
    finally:
        await bot.session.close()


async def requests_url(_: Places) -> None:
    await asyncio.to_thread(requests.get, f"http://{login(KEY)}@127.0.0.1:1/{quote(KEY)}", timeout=1)


async def requests_proxy(_: Places) -> None:
    proxy = f"http://{login(PROXY)}@"
    await asyncio.to_thread(requests.get, "http://yookassa.invalid", proxies={"http": proxy}, timeout=1)


async def urllib3_socks(_: Places) -> None:
    await asyncio.to_thread(
        requests.get, "http://yookassa.invalid", proxies={"http": f"socks9://{login(PROXY)}@127.0.0.1:1"}, timeout=1
    )


async def yookassa(places: Places) -> None:
    client = Client(shop_id=SHOP_ID, secret_key=KEY, api_url=f"{places.echo}/v3", proxy=None, threads=1, read_seconds=5)
    try:
        await asyncio.to_thread(client.request, HttpVerb.GET, "/me")
    finally:
        client.close()


async def sqlalchemy_url(_: Places) -> None:
    sqlalchemy.make_url(f"postgresql//clerk:{DATABASE}@127.0.0.1/shop")


async def sqlalchemy_asyncpg(_: Places) -> None:
    engine = create_async_engine(f"postgresql+asyncpg://{login(DATABASE)}@127.0.0.1:1/shop")
    try:
        async with engine.connect():
            pass
    finally:
        await engine.dispose()


async def asyncpg_dsn(_: Places) -> None:
    await asyncpg.connect(f"postgres://clerk:{DATABASE}@127.0.0.1:port/shop", timeout=1)


async def psycopg_dsn(_: Places) -> None:
    psycopg.connect(f"postgresql://clerk:{DATABASE}@127.0.0.1:1/shop")


async def psycopg_words(_: Places) -> None:
    psycopg.connect(f"host=127.0.0.1 port=1 password='{DATABASE}' nonsense")


async def alembic_url(_: Places) -> None:
    upgrade(f"postgresql+asyncpg://{login(DATABASE)}@127.0.0.1:1/shop")


async def redis_url(_: Places) -> None:
    redis.from_url(f"redis://:{REDIS}@127.0.0.1:port/0")


async def redis_away(_: Places) -> None:
    client = redis.from_url(f"redis://:{quote(REDIS, safe='')}@127.0.0.1:1/0")
    try:
        await client.ping()
    finally:
        await client.aclose()


async def pydantic(_: Places) -> None:
    Settings(
        _env_file=None, bot_token=TOKEN, database_url=[DATABASE], redis_url={"url": f"redis://:{REDIS}@h"}
    )  # wrong on purpose


ALL: tuple[Raise, ...] = (
    *(aiohttp_invalid_url, aiohttp_of_a_proxy, aiohttp_status, aiogram_page, aiogram_network, aiohttp_socks),
    *(requests_url, requests_proxy, urllib3_socks, yookassa, sqlalchemy_url, sqlalchemy_asyncpg, asyncpg_dsn),
    *(psycopg_dsn, psycopg_words, alembic_url, redis_url, redis_away, pydantic),
)
