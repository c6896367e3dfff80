"""The whole shop is killed at random moments while its customers pay and buy: every rouble is credited once, every
prediction is answered once or paid back, every bonus comes once.

`MONEY_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing),
`CRASH_ON=postgresql` takes the other database."""

import asyncio
import json
import os
import random
import socket
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from bot.letters import IN_PLACE
from db.base import AnyRow, Base, table_of
from db.billing import BonusGrant, Transaction, TransactionKind
from db.engine import Database
from db.outbox import OutboxMessage, OutboxStatus
from db.payments import Payment, PaymentStatus
from db.predictions import Prediction, PredictionStatus
from db.users import User
from sandbox.client import Sandbox
from sandbox.person import Person
from sandbox.shop import Shop
from sandbox.testing import new_world, running_sandbox
from services.clock import system_clock
from services.users import Users, Visitor
from tests.crash.chatting import shops_around
from tests.support.waiting import until

KILLS = int(os.environ.get("MONEY_KILLS", "2"))
SEED = int(os.environ.get("CRASH_SEED", random.randrange(2**32)))
ROOT = Path(__file__).parents[2]
CUSTOMERS = 5
FINAL = {PredictionStatus.SUCCEEDED, PredictionStatus.FAILED, PredictionStatus.CANCELED}
WINDOWS = (
    ("slow", "payments.create"),
    ("slow", "payments.get"),
    ("cut_after", "payments.create"),
    ("hang_after", "payments.create"),
    ("500_after", "payments.create"),
    ("html", "payments.get"),
)
"""What keeps a call open between what the provider did and what the shop writes down."""
NOTICES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("lose", {}),
    ("repeat", {"copies": 3}),
    ("delay", {"seconds": 1.0}),
    ("reorder", {"seconds": 1.0}),
)


class Victim:
    """A shop's process, killed and started again; `errors` are the lines that it logged as such."""

    def __init__(self, environment: dict[str, str]) -> None:
        self._environment = environment
        self.errors: list[str] = []
        self._started = asyncio.Event()

    async def start(self) -> None:
        self._started.clear()
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.crash.shop",
            env=self._environment, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        self._reader = asyncio.get_running_loop().create_task(self._read())

    async def ready(self) -> None:
        """Once it has started. Raises AssertionError where it ended instead."""
        started = asyncio.get_running_loop().create_task(self._started.wait())
        await asyncio.wait({started, self._reader}, return_when=asyncio.FIRST_COMPLETED, timeout=30)
        started.cancel()
        assert self._started.is_set(), f"it did not start: {self.errors}"

    async def kill(self) -> None:
        with suppress(ProcessLookupError):  # it ended by itself: `errors` and `ready` tell
            self._process.kill()
        await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            try:
                entry = json.loads(line)
            except ValueError:  # cut off in the middle, or a traceback
                self.errors += [line.decode().rstrip()] if line.endswith(b"\n") else []
                continue
            if entry["event"] == "started":
                self._started.set()
            if entry["level"] in ("error", "critical"):
                self.errors.append(line.decode().rstrip())


@pytest.fixture
def shop_url(request: pytest.FixtureRequest) -> str:
    name = "postgres_server" if os.environ.get("CRASH_ON") == "postgresql" else "sqlite_server"
    url: str = request.getfixturevalue(name).create()
    return url


async def test_killed_shops_lose_no_money(shop_url: str) -> None:
    print(f"CRASH_SEED={SEED} MONEY_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    async with running_sandbox() as url, new_world(url) as sandbox, _open(shop_url) as database:
        port = _free_port()
        yookassa = await sandbox.shop(webhook_url=f"http://127.0.0.1:{port}/webhooks/yookassa")
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await _were_here_last_week(database, people)
        environment = _environment(sandbox, yookassa, shop_url, port)
        async with _victim(environment) as victim:
            async with _customers(people, yookassa, chance):
                for _ in range(KILLS):
                    await _at_some_moment(victim, yookassa, chance)
                    await victim.kill()
                    await victim.start()
                await victim.ready()
                await asyncio.sleep(0.5)
            await yookassa.clear_faults()
            await _settle(database, yookassa)
        await _check(database, yookassa, people)
        assert victim.errors == []
    assert await _audit(environment) == 0


@asynccontextmanager
async def _open(shop_url: str) -> AsyncIterator[Database]:
    database = Database(shop_url)
    try:
        yield database
    finally:
        await database.close()


@asynccontextmanager
async def _victim(environment: dict[str, str]) -> AsyncIterator[Victim]:
    victim = Victim(environment)
    await victim.start()
    try:
        yield victim
    finally:
        await victim.kill()


@asynccontextmanager
async def _customers(people: list[Person], yookassa: Shop, chance: random.Random) -> AsyncIterator[None]:
    loop = asyncio.get_running_loop()
    customers = [loop.create_task(shops_around(each, yookassa, chance)) for each in people]
    try:
        yield
    finally:
        for customer in customers:
            customer.cancel()
        await asyncio.gather(*customers, return_exceptions=True)


async def _were_here_last_week(database: Database, people: list[Person]) -> None:
    """So that they get this week's bonus."""
    users = Users(database, lambda: system_clock() - timedelta(days=8), welcome_credits=1000)
    for person in people:
        visitor = Visitor(telegram_id=person.id, username=None, first_name=person.name, language="ru")
        await users.enter(visitor)


async def _at_some_moment(victim: Victim, yookassa: Shop, chance: random.Random) -> None:
    """Any moment, its start included; or, more often, while a call to the provider is under way or just answered."""
    if chance.random() < 0.15:
        await asyncio.sleep(chance.uniform(0, 2))
        return
    await victim.ready()
    kind, more = chance.choice(NOTICES)
    await yookassa.fault(kind, "payment.succeeded", **more)
    await asyncio.sleep(chance.uniform(0.5, 2))
    if chance.random() < 0.3:
        return
    kind, call = chance.choice(WINDOWS)
    seen = len(await yookassa.log(call))
    await yookassa.fault(kind, call, seconds=0.5)
    with suppress(AssertionError):  # nobody paid just then
        await until(lambda: _called(yookassa, call, seen), seconds=2)
    await asyncio.sleep(chance.choice([0, 0.003, 0.01, 0.05, 0.3, 0.55]))


async def _called(yookassa: Shop, call: str, seen: int) -> bool:
    return len(await yookassa.log(call)) > seen


async def _settle(database: Database, yookassa: Shop) -> None:
    """Until nothing is under way. A chat gets a letter a second, and between two kills hardly any gets out."""
    left: list[str] = []

    async def settled() -> bool:
        left[:] = await _under_way(database, yookassa)
        return not left

    try:
        await until(settled, seconds=30 + 6 * KILLS)
    except AssertionError as error:
        raise AssertionError(f"{error}: {left}") from None


async def _under_way(database: Database, yookassa: Shop) -> list[str]:
    """Answers and letters that are not out, payments that are not known as the provider knows them, bonuses to come."""
    predictions = [row for row in await _rows(database, Prediction) if row.status not in FINAL]
    letters = [row for row in await _rows(database, OutboxMessage) if row.status == OutboxStatus.PENDING]
    theirs = {each["metadata"]["payment_id"]: each["status"] for each in await yookassa.payments(limit=10_000)}
    ours = {str(row.id): row.status for row in await _rows(database, Payment)}
    users, granted = await _rows(database, User), await _rows(database, BonusGrant)
    return [
        *(f"prediction {row.id} is {row.status}" for row in predictions),
        *(f"letter {row.key} waits after {row.attempts} attempts: {row.error}" for row in letters),
        *(f"payment {key} is {ours[key]}, there {theirs.get(key)}" for key in ours if ours[key] != theirs.get(key)),
        *(f"payment {key} is not known here" for key in theirs.keys() - ours.keys()),
        *(["bonuses"] if len(users) != len(granted) else []),
    ]


async def _check(database: Database, yookassa: Shop, people: list[Person]) -> None:
    paid = Counter(
        UUID(each["metadata"]["payment_id"])
        for each in await yookassa.payments(limit=10_000)
        if each["status"] == "succeeded"
    )
    assert set(paid.values()) <= {1}, "the provider was made to take a payment twice"
    lines = await _rows(database, Transaction)
    assert Counter(line.payment_id for line in lines if line.kind == TransactionKind.TOPUP) == paid
    payments = {row.id: row for row in await _rows(database, Payment)}
    assert {key for key, row in payments.items() if row.status == PaymentStatus.SUCCEEDED} == set(paid)
    bonuses = Counter(line.user_id for line in lines if line.kind == TransactionKind.BONUS)
    users = {row.id: row.telegram_id for row in await _rows(database, User)}
    assert bonuses == Counter(users.keys())
    chats = {person.id: await person.looks() for person in people}
    letters = {row.key: row for row in await _rows(database, OutboxMessage)}
    for prediction in await _rows(database, Prediction):
        marks = [
            (message.id, message.text)
            for message in chats[users[prediction.user_id]]
            if any(prediction.id.hex in (button.data or "") for row in message.rows for button in row)
        ]
        letter = letters[f"prediction:{prediction.id}"]
        late = letter.sent_at - prediction.created_at > IN_PLACE  # then it may come twice: decision 3
        assert 1 <= len(marks) <= 1 + late, f"{marks} show {prediction}, told by {letter}"
    for telegram_id, chat in chats.items():
        told = sum(message.text.startswith("✅ Оплачено") for message in chat)
        bought = [row for row in payments.values() if users[row.user_id] == telegram_id and row.id in paid]
        assert told == len(bought), f"told of {told} of {bought}: {[(each.id, each.text) for each in chat]}"
    print(f"{len(payments)} payments, {len(paid)} of them paid; {len(lines)} lines")  # noqa: T201 - as above


async def _rows(database: Database, mapped: type[Base]) -> list[AnyRow]:
    query = select(table_of(mapped))
    return await database.read(lambda session: list(session.execute(query)))


async def _audit(environment: dict[str, str]) -> int | None:
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", "audit", env=environment, cwd=ROOT)
    return await process.wait()


def _environment(sandbox: Sandbox, yookassa: Shop, shop_url: str, port: int) -> dict[str, str]:
    assert sandbox.token is not None
    given: dict[str, Any] = {
        "BOT_TOKEN": sandbox.token,
        "TELEGRAM_API_URL": sandbox.base_url,
        "DATABASE_URL": shop_url,
        "WEB_PORT": port,
        "YOOKASSA_SHOP_ID": yookassa.shop_id,
        "YOOKASSA_SECRET_KEY": yookassa.secret_key,
        "YOOKASSA_API_URL": yookassa.api_url,
        "WEEKLY_BONUS_CRON": "0 0 * * mon",
        "LOG_FORMAT": "json",
        "OWNER_IDS": "",
    }
    return os.environ | {name: str(value) for name, value in given.items()}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
