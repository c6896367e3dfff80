"""What owners are told: once each, whenever they can be reached."""

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Self

import pytest
from sqlalchemy import select

from db.base import JsonObject, table_of
from db.engine import Database
from db.tables.outbox import OutboxKind, OutboxMessage
from services.money import rub
from services.notifications.kinds.news import News
from services.notifications.owners import forget_news, tell_owners, tell_what_waited
from services.users.accounts import Users, Visitor
from tests.support.clock import FakeClock
from tests.support.tills import OWNER, open_cashier

OLGA, OLEG = 77, 78


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble(News):
    kind = OutboxKind.MODEL_PROBLEM
    text: str
    name: str = ""

    @property
    def key(self) -> str:
        return self.name

    def dump(self) -> JsonObject:
        return {"text": self.text}

    @classmethod
    def load(cls, payload: JsonObject) -> Self:
        return cls(text=payload["text"])


class House:
    """A shop of two owners; a process over the database is as good as the next."""

    def __init__(self, db: Database, clock: FakeClock) -> None:
        self.db, self.clock = db, clock
        self.users = Users(db, clock, welcome_credits=0)

    async def tell(self, text: str, key: str) -> None:
        await self.db.write(tell_owners, (OLGA, OLEG), Trouble(text=text, name=key), now=self.clock())

    async def comes(self, telegram_id: int) -> bool:
        await self.users.enter(Visitor(telegram_id=telegram_id, username=None, first_name="O", language="ru"))
        return await tell_what_waited(self.db, telegram_id, self.clock())

    async def told(self, telegram_id: int) -> list[str]:
        user = await self.users.find(telegram_id)
        if user is None:
            return []
        outbox = table_of(OutboxMessage)
        query = select(outbox.c.payload).where(outbox.c.user_id == user.id).order_by(outbox.c.id)
        return [payload["text"] for payload in await self.db.read(lambda s: list(s.scalars(query)))]


@pytest.fixture
def house(database: Database, clock: FakeClock) -> House:
    return House(database, clock)


async def test_who_was_not_here_is_told_on_coming_and_once(house: House) -> None:
    await house.comes(OLGA)
    for _ in range(2):
        await house.tell("a payment", key="payment")
    house.clock.advance(hours=1)
    assert (await house.told(OLGA), await house.told(OLEG)) == (["a payment"], [])
    assert await house.comes(OLEG)
    await house.tell("a payment", key="payment")
    assert not await house.comes(OLEG)
    assert not await house.comes(OLGA)
    assert (await house.told(OLGA), await house.told(OLEG)) == (["a payment"], ["a payment"])


async def test_a_process_that_died_before_it_told(house: House, database_url: str) -> None:
    """The owner came, and what waited was not handed over: their next message does it."""
    await house.tell("a payment", key="payment")
    await house.users.enter(Visitor(telegram_id=OLEG, username=None, first_name="O", language="ru"))
    next_one = House(Database(database_url), house.clock)
    assert await next_one.comes(OLEG)
    assert await next_one.told(OLEG) == ["a payment"]
    await next_one.db.close()


async def test_who_blocked_the_bot_is_told_on_coming_back(house: House) -> None:
    await house.comes(OLGA)
    await house.users.mark_blocked(OLGA, blocked=True)
    await house.tell("a payment", key="payment")
    assert await house.told(OLGA) == []
    assert await house.comes(OLGA)
    assert await house.told(OLGA) == ["a payment"]


async def test_a_trouble_of_every_day_is_told_once_and_what_is_over_not_at_all(house: House) -> None:
    for day in range(3):
        await house.tell("the key is wrong", key=f"key:{day}")
        await house.tell("a model is broken", key=f"model:{day}")
        await house.tell("a payment", key=f"payment:{day % 2}")
        house.clock.now += timedelta(days=1)
    await house.db.write(forget_news, "model:")
    assert await house.comes(OLEG)
    assert await house.told(OLEG) == ["the key is wrong", "a payment"]
    await house.tell("the key is wrong", key="key:2")
    assert len(await house.told(OLEG)) == 2, "of that day they have heard"


async def test_a_payment_that_is_not_what_it_should_be(database: Database, clock: FakeClock) -> None:
    """Found while no owner has ever opened the bot."""
    cashier = open_cashier(database, clock)
    payment = await cashier.begins(await cashier.customer())
    remote = cashier.yookassa.by_our_id(payment.id)
    cashier.yookassa.pay(remote.id)
    cashier.yookassa.payments[remote.id] = replace(cashier.yookassa.by_our_id(payment.id), amount=rub(100))
    await cashier.till.settlement.ask(payment.id)
    assert await cashier.problems() == []
    clock.advance(hours=1)
    assert await House(database, clock).comes(OWNER)
    assert await cashier.problems() == ["payment_mismatch"]
