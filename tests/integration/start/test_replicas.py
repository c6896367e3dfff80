"""Two processes of one shop behind one address, on one PostgreSQL and one Redis."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy.orm import Session

from db.engine import Database
from db.migrate import upgrade
from db.tables.outbox import OutboxKind
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.notifications.outbox import enqueue
from tests.integration.start.house import House, kassandra
from tests.support.databases import PostgresServer
from tests.support.redis import find_redis
from tests.support.shop import add_user
from tests.support.waiting import until

SECRET = "a-secret-of-the-webhook"
NOTIFICATIONS = 100
PACE = 30  # a second
SLACK = 10  # notifications that a busy machine brings late, beside the next ones


class Entrance:
    """One address before several processes: who answers first in their order gets the call."""

    def __init__(self) -> None:
        self.ports: list[int] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            back, forth = await self._open()
            await asyncio.gather(_pump(reader, forth), _pump(back, writer))
            forth.close()
        writer.close()

    async def _open(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        for port in self.ports:
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", port)
        raise OSError("nobody is there")


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
        writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replicas:
    sandbox: Sandbox
    database: Database
    first: House
    second: House


@pytest.fixture
async def replicas(postgres_server: PostgresServer, tmp_path: Path) -> AsyncIterator[Replicas]:
    url, entrance = postgres_server.create(), Entrance()
    upgrade(url)
    server = await asyncio.start_server(entrance.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    (tmp_path / "models").mkdir()
    async with running_sandbox() as telegram, new_world(telegram) as sandbox:
        assert sandbox.token is not None
        settings = {
            "BOT_TOKEN": sandbox.token,
            "TELEGRAM_API_URL": telegram,
            "DATABASE_URL": url,
            "REDIS_URL": find_redis(),
            "TELEGRAM_MODE": "webhook",
            "TELEGRAM_WEBHOOK_SECRET": SECRET,
            "PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MODELS_DIR": str(tmp_path / "models"),
        }
        async with _running(tmp_path, settings) as first, _running(tmp_path, settings) as second:
            entrance.ports = [int(house.url.rpartition(":")[2]) for house in (first, second)]
            database = Database(url)
            yield Replicas(sandbox=sandbox, database=database, first=first, second=second)
            await database.close()
    server.close()
    postgres_server.drop(url)


@asynccontextmanager
async def _running(folder: Path, settings: dict[str, str]) -> AsyncIterator[House]:
    async with kassandra(folder, **settings) as house:
        await house.logs("telegram_connected")
        yield house


async def test_an_update_that_both_get_acts_once(replicas: Replicas) -> None:
    anna = await replicas.sandbox.person("Анна")
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00")
    update = await replicas.sandbox.last_update()
    new = update | {"update_id": update["update_id"] + 1000}
    taken = await asyncio.gather(*(_push(house, new) for house in (replicas.first, replicas.second) * 3))
    assert taken == [200] * 6
    assert len(_answers(await anna.looks())) == 2


@pytest.mark.skipif("REPLICAS" not in os.environ, reason="half a minute: make crash")
async def test_what_a_killed_one_began_the_other_does(replicas: Replicas) -> None:
    anna = await replicas.sandbox.person("Анна")
    await anna.says("/balance")
    await anna.sees("Баланс: 10,00")
    await replicas.sandbox.fault("sendMessage", "502", times=0)
    await anna.says("/balance")
    await until(lambda: _asked(replicas.sandbox))
    replicas.first.process.kill()
    await replicas.sandbox.clear_faults()
    await until(lambda: _is_answered(anna, 2), seconds=40)
    assert len(_answers(await anna.looks())) == 2


@pytest.mark.slow
async def test_both_together_keep_telegrams_pace(replicas: Replicas) -> None:
    people = [await replicas.sandbox.person(f"Анна {number}") for number in range(NOTIFICATIONS)]
    await replicas.database.write(_announce, [person.id for person in people])
    await until(lambda: _sent(replicas.sandbox, NOTIFICATIONS))
    at = [call["at"] for call in await replicas.sandbox.log("sendMessage")]
    assert len(at) == NOTIFICATIONS
    assert max(sum(start <= each < start + 1 for each in at) for start in at) <= PACE + SLACK
    assert at[-1] - at[0] >= (NOTIFICATIONS - SLACK) / PACE


def _announce(session: Session, telegram_ids: list[int]) -> None:
    now = datetime.now(UTC)
    for telegram_id in telegram_ids:
        payload = {"amount": 100, "balance": 100, "reason": "a test"}
        user_id = add_user(session, telegram_id=telegram_id)
        key = f"test:{telegram_id}"
        enqueue(session, user_id=user_id, kind=OutboxKind.CREDITS_CHANGED, payload=payload, key=key, now=now)


async def _push(house: House, update: dict[str, Any]) -> int:  # Any: JSON
    headers = {"X-Telegram-Bot-Api-Secret-Token": SECRET}
    async with (
        aiohttp.ClientSession() as http,
        http.post(f"{house.url}/telegram/webhook", json=update, headers=headers) as answer,
    ):
        return answer.status


def _answers(messages: list[Any]) -> list[Any]:  # Any: as a person sees them
    return [message for message in messages if message.from_bot and "Баланс: 10,00" in message.text]


async def _is_answered(person: Person, times: int) -> bool:
    return len(_answers(await person.looks())) >= times


async def _asked(sandbox: Sandbox) -> bool:
    return any(call["ok"] is False for call in await sandbox.log("sendMessage"))


async def _sent(sandbox: Sandbox, count: int) -> bool:
    return len(await sandbox.log("sendMessage")) >= count
