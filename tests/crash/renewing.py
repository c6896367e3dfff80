"""Subscribers of the crash test, and the provider that charges what they saved: the same steps for each provider."""

import random
from abc import ABC, abstractmethod
from collections import Counter
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.engine import Database
from db.tables.plans import LIVE, Subscription
from db.tables.users import User
from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from services.plans.times import charge_at, warn_at
from tests.crash.workers import rows_of
from tests.support.waiting import until

LITTLE = timedelta(minutes=1)


class ProviderInWorld(ABC):
    """`call`: that charges what was saved."""

    call: str

    def __init__(self, client: Any) -> None:  # Any: a shop or a site, by the leaf
        self.client = client

    @property
    @abstractmethod
    def settings(self) -> dict[str, str]: ...

    @abstractmethod
    async def taken(self) -> Counter[UUID]:
        """How many times money was taken for each of our payments."""

    @abstractmethod
    async def sent_back(self) -> int:
        """In all, kopecks."""

    @abstractmethod
    async def one_declines(self, chance: random.Random) -> None: ...

    @abstractmethod
    async def all_pay(self) -> None: ...

    async def charged(self, after: int) -> bool:
        return len(await self.client.log(self.call)) > after


class YooKassaInWorld(ProviderInWorld):
    client: Shop
    call = "payments.create"

    @property
    def settings(self) -> dict[str, str]:
        return {"PAYMENT_METHODS": "yookassa"}

    async def taken(self) -> Counter[UUID]:
        made = await self.client.payments(limit=10_000)
        return Counter(UUID(each["metadata"]["payment_id"]) for each in made if each["status"] == "succeeded")

    async def sent_back(self) -> int:
        back = await self.client.refunds(limit=10_000)
        return sum(_kopecks(each["amount"]["value"]) for each in back if each["status"] == "succeeded")

    async def one_declines(self, chance: random.Random) -> None:
        methods = [each["id"] for each in await self.client.methods() if each["saved"]]
        await self.client.declines_charges("insufficient_funds", chance.choice(methods))

    async def all_pay(self) -> None:
        for each in await self.client.methods():
            await self.client.declines_charges(None, each["id"])


class CloudPaymentsInWorld(ProviderInWorld):
    client: CloudPaymentsSite
    call = "payments/tokens/charge"

    @property
    def settings(self) -> dict[str, str]:
        return {
            "PAYMENT_METHODS": "cloudpayments",
            "CLOUDPAYMENTS_PUBLIC_ID": self.client.public_id,
            "CLOUDPAYMENTS_API_SECRET": self.client.api_secret,
            "CLOUDPAYMENTS_API_URL": self.client.api_url,
        }

    async def taken(self) -> Counter[UUID]:
        made = [each for each in await self.client.transactions() if each["Type"] == 0]
        return Counter(UUID(each["InvoiceId"]) for each in made if each["Status"] == "Completed")

    async def sent_back(self) -> int:
        back = [each for each in await self.client.transactions() if each["Type"] == 1]
        return sum(_kopecks(each["Amount"]) for each in back if each["Status"] == "Completed")

    async def one_declines(self, chance: random.Random) -> None:
        tokens = [each["token"] for each in await self.client.tokens()]
        await self.client.declines_charges(5051, chance.choice(tokens))

    async def all_pay(self) -> None:
        for each in await self.client.tokens():
            await self.client.declines_charges(0, each["token"])


async def world_provider(sandbox: Sandbox, name: str, port: int) -> ProviderInWorld:
    hook = f"http://127.0.0.1:{port}/webhooks/{name}"
    if name == "cloudpayments":
        return CloudPaymentsInWorld(await sandbox.cloudpayments(webhook_url=hook))
    return YooKassaInWorld(await sandbox.shop(webhook_url=hook))


async def subscribes(person: Person) -> None:
    await person.says("/plans")
    await person.presses("Plus · 300")
    await person.presses("🔁 Подписаться")
    await person.pays("💳 Оплатить")
    await person.sees("✅ Оплачено")


async def looks_at_a_dearer_plan(person: Person) -> None:
    await person.says("/plans")
    await person.presses("Pro · 900")
    await person.sees("без страницы оплаты")


def give_emails(session: Session) -> None:
    """One provider wants them for receipts."""
    session.execute(update(table_of(User)).values(email="anna@example.com"))


async def live(database: Database) -> list[AnyRow]:
    return [row for row in await rows_of(database, Subscription) if row.status in LIVE]


async def fall_due(sandbox: Sandbox, database: Database) -> None:
    """The time goes on to the next warning, and from there to the next charge."""
    rows = await live(database)
    assert rows, "nobody subscribes any more"
    ends = min(row.ends_at for row in rows)
    await _time_comes(sandbox, warn_at(ends))

    async def warned() -> bool:
        return all(row.warned_of == row.ends_at or row.ends_at > ends + LITTLE for row in await live(database))

    await until(warned, seconds=60)
    await _time_comes(sandbox, charge_at(ends))


async def _time_comes(sandbox: Sandbox, moment: datetime) -> None:
    now: float = (await sandbox.call("GET", "/clock"))["now"]
    await sandbox.advance(max(0.0, (moment + LITTLE).timestamp() - now))


def _kopecks(value: object) -> int:
    whole, _, part = str(value).partition(".")
    return int(whole) * 100 + int(part.ljust(2, "0"))
