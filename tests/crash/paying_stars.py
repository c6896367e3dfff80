"""Customers of the crash test who pay in Stars, some for a plan; Telegram, which charges that each month, and sometimes
gives back."""

import asyncio
import random
from contextlib import suppress

from aiohttp import ClientError

from db.engine import Database
from db.tables.payments import Payment
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox, SandboxError
from tests.crash.workers import rows_of

RICH = 1_000_000
AMOUNTS = (50, 100, 200)
PLAN_COSTS = 300
MISSED = (AssertionError, SandboxError, ClientError)  # nobody answered in time, or it is paid


class StarCustomers:
    def __init__(self, sandbox: Sandbox, database: Database, people: list[Person], chance: random.Random) -> None:
        self._sandbox = sandbox
        self._database = database
        self._people = people
        self._chance = chance
        self._subscribers: list[Person] = []

    async def come(self) -> None:
        for person in self._people:
            await _comes(person)
        await (await self._subscribes())[0].wallet.pays(f"⭐ {PLAN_COSTS}")

    @property
    def all(self) -> list[Person]:
        return self._people + self._subscribers

    async def begin(self) -> list[tuple[Person, str]]:
        """An invoice for each, and one of the plan for somebody new: who, and the button that pays."""
        return await asyncio.gather(self._subscribes(), *(self._begins(person) for person in self._people))

    async def _subscribes(self) -> tuple[Person, str]:
        person = await self._sandbox.person(f"Нина {len(self._subscribers)}")
        self._subscribers.append(person)
        await _comes(person)
        await person.says("/plans")
        await person.presses("Plus")
        await person.presses("🔁 Подписаться")
        await person.sees_button(f"⭐ {PLAN_COSTS}")
        return person, f"⭐ {PLAN_COSTS}"

    async def _begins(self, person: Person) -> tuple[Person, str]:
        stars = self._chance.choice(AMOUNTS)
        await person.says(f"/topup {stars}")
        await person.sees_button(f"⭐ {stars}")
        return person, f"⭐ {stars}"

    async def pay(self, invoices: list[tuple[Person, str]]) -> None:
        """All at once, most of them in the chat, some by links: their own twice, an old one, another's."""
        links = [row.confirmation_url for row in await rows_of(self._database, Payment) if row.confirmation_url]
        await asyncio.gather(*(self._pays(person, button, links) for person, button in invoices))

    async def _pays(self, person: Person, button: str, links: list[str]) -> None:
        way = self._chance.random()
        with suppress(*MISSED):
            if way < 0.6:
                await person.wallet.pays(button)
            elif way < 0.9:
                newest = links[-self._chance.randint(1, len(self._people))]
                await asyncio.gather(*(person.wallet.pays(newest) for _ in range(2)), return_exceptions=True)
            else:
                await person.wallet.pays(self._chance.choice(links))

    async def a_month_goes_by(self) -> None:
        """Telegram charges all who subscribed."""
        due = [each["until"] for each in await self._sandbox.stars.subscriptions() if each["state"] == "active"]
        now: float = (await self._sandbox.call("GET", "/clock"))["now"]
        await self._sandbox.advance(max(0.0, *due, now) - now + 1)

    async def some_go_back(self) -> None:
        """By Telegram's support, or by whoever sold the Stars; whoever subscribed first goes on."""
        for charge in await self._sandbox.stars.charges():
            goes_on = charge["payer_id"] == self._subscribers[0].id
            if not goes_on and not charge["returned"] and self._chance.random() < 0.1:
                stars = self._sandbox.stars
                await self._chance.choice([stars.refunds, stars.charges_back])(charge["id"])


async def _comes(person: Person) -> None:
    await person.wallet.has(RICH)
    await person.says("/start")
