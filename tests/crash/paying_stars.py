"""Customers of the crash test who pay in Stars; Telegram, which sometimes gives back."""

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
MISSED = (AssertionError, SandboxError, ClientError)  # nobody answered in time, or it is paid


class StarCustomers:
    def __init__(self, sandbox: Sandbox, database: Database, people: list[Person], chance: random.Random) -> None:
        self._sandbox = sandbox
        self._database = database
        self._people = people
        self._chance = chance

    async def come(self) -> None:
        for person in self._people:
            await person.wallet.has(RICH)
            await person.says("/start")

    async def begin(self) -> list[tuple[Person, str]]:
        """An invoice for each: who, and the button that pays."""
        return await asyncio.gather(*(self._begins(person) for person in self._people))

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

    async def some_go_back(self) -> None:
        """By Telegram's support, or by whoever sold the Stars."""
        for charge in await self._sandbox.stars.charges():
            if not charge["returned"] and self._chance.random() < 0.1:
                stars = self._sandbox.stars
                await self._chance.choice([stars.refunds, stars.charges_back])(charge["id"])
