"""The whole shop is killed between the charge of what a subscriber saved and the period that it pays: each charge is
one period, or went back.

`RENEWAL_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing),
`CRASH_ON=postgresql` takes the other database."""

import asyncio
import os
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from db.engine import Database
from db.tables.outbox import OutboxMessage, OutboxStatus
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus
from db.tables.plans import SubscriptionPeriod
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from tests.crash.ending import audit_exit_code
from tests.crash.opening import environment_of, open_database, were_here_last_week
from tests.crash.renewing import (
    ProviderInWorld,
    fall_due,
    give_emails,
    looks_at_a_dearer_plan,
    subscribes,
    world_provider,
)
from tests.crash.victim import Victim, running_victim
from tests.crash.workers import SEED, rows_of
from tests.support.plans import add_plan
from tests.support.ports import free_port
from tests.support.stores import quick_store
from tests.support.waiting import until

KILLS = int(os.environ.get("RENEWAL_KILLS", "1"))
SUBSCRIBERS = 4
ON_THE_WAY = ("slow", "cut", "cut_after", "hang_after", "500_after", "html_after")
MOMENTS = (0, 0.003, 0.01, 0.05, 0.3, 0.6)  # seconds after the first charge
WAITED = "notification_not_settled"  # told, and the time went on before that was written down
OPEN = (PaymentStatus.PENDING, PaymentStatus.WAITING_FOR_CAPTURE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribed:
    """A shop that will be killed, and those who subscribe there."""

    sandbox: Sandbox
    database: Database
    provider: ProviderInWorld
    victim: Victim
    people: list[Person]
    chance: random.Random


@asynccontextmanager
async def _subscribed(shop_url: str, name: str, tmp_path: Path) -> AsyncIterator[Subscribed]:
    """In the end all is where it belongs, and the audit holds."""
    print(f"CRASH_SEED={SEED} RENEWAL_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    port = free_port()
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        provider = await world_provider(sandbox, name, port)
        people = [await sandbox.person(f"Анна {number}") for number in range(SUBSCRIBERS)]
        await were_here_last_week(database, people)
        await database.write(give_emails)
        await database.write(lambda session: add_plan(session, credits=1000))
        await database.write(lambda session: add_plan(session, "pro", kopecks=90_000, position=200))
        environment = environment_of(sandbox, await sandbox.shop(), shop_url, port)
        environment |= provider.settings | {"MODELS_DIR": str(quick_store())}
        clock = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}", str(tmp_path / "ahead")
        async with running_victim(environment, *clock) as victim:
            await victim.ready()
            await asyncio.gather(*(subscribes(each) for each in people))
            yield Subscribed(
                sandbox=sandbox,
                database=database,
                provider=provider,
                victim=victim,
                people=people,
                chance=random.Random(SEED),
            )
            await provider.client.clear_faults()
            await provider.all_pay()
            await _settled(database, provider, seconds=60 + 6 * KILLS)
        await _check(database, provider)
        assert [line for line in victim.errors if WAITED not in line] == []
    assert await audit_exit_code(environment) == 0


@pytest.mark.parametrize("name", ["yookassa", pytest.param("cloudpayments", marks=pytest.mark.slow)])
async def test_killed_shops_charge_each_period_once(shop_url: str, name: str, tmp_path: Path) -> None:
    async with _subscribed(shop_url, name, tmp_path) as shop:
        for _ in range(KILLS):
            await shop.victim.ready()
            await fall_due(shop.sandbox, shop.database)
            await _killed_while_it_charges(shop.victim, shop.provider, shop.chance)


@pytest.mark.parametrize("name", ["yookassa", pytest.param("cloudpayments", marks=pytest.mark.slow)])
async def test_killed_shops_charge_once_what_a_button_asks_for(shop_url: str, name: str, tmp_path: Path) -> None:
    async with _subscribed(shop_url, name, tmp_path) as shop:
        await asyncio.gather(*(looks_at_a_dearer_plan(each) for each in shop.people))
        presses = asyncio.gather(*(each.presses("💳 Списать с") for each in shop.people), return_exceptions=True)
        await _killed_while_it_charges(shop.victim, shop.provider, shop.chance)
        await presses
        await shop.victim.ready()


async def _killed_while_it_charges(victim: Victim, provider: ProviderInWorld, chance: random.Random) -> None:
    """And perhaps once more while the next process finds out what became of that."""
    await provider.client.clear_faults()
    await provider.all_pay()
    if chance.random() < 0.3:
        await provider.one_declines(chance)
    seen = len(await provider.client.log(provider.call))
    for _ in range(chance.randrange(3)):
        await provider.client.fault(chance.choice(ON_THE_WAY), provider.call, seconds=0.5)
    with suppress(AssertionError):  # whose next charge is later
        await until(lambda: provider.charged(seen), seconds=15)
    await asyncio.sleep(chance.choice(MOMENTS))
    await victim.kill()
    await victim.start()
    if chance.random() < 0.4:
        await victim.ready()
        await asyncio.sleep(chance.uniform(0, 3))
        await victim.kill()
        await victim.start()


async def _settled(database: Database, provider: ProviderInWorld, *, seconds: float) -> None:
    left: list[str] = []

    async def settled() -> bool:
        left[:] = await _under_way(database, provider)
        return not left

    try:
        await until(settled, seconds=seconds)
    except AssertionError as error:
        raise AssertionError(f"{error}: {left}") from None


async def _under_way(database: Database, provider: ProviderInWorld) -> list[str]:
    payments = {row.id: row for row in await rows_of(database, Payment)}
    taken = await provider.taken()
    return [
        *(f"payment {row.id} is {row.status}" for row in payments.values() if row.status in OPEN),
        *(f"payment {key} is paid there" for key in taken if payments[key].status != PaymentStatus.SUCCEEDED),
        *(f"refund {row.id}" for row in await rows_of(database, Refund) if row.status == RefundStatus.PENDING),
        *(row.key for row in await rows_of(database, OutboxMessage) if row.status == OutboxStatus.PENDING),
    ]


async def _check(database: Database, provider: ProviderInWorld) -> None:
    taken = await provider.taken()
    assert set(taken.values()) == {1}, "the provider was made to take a payment twice"
    payments = {row.id: row for row in await rows_of(database, Payment)}
    assert {key for key, row in payments.items() if row.status == PaymentStatus.SUCCEEDED} == set(taken)
    renewals = Counter((row.subscription_id, row.period_number) for key, row in payments.items() if key in taken)
    assert {count for (subscription, _), count in renewals.items() if subscription is not None} <= {1}
    periods = Counter(row.payment_id for row in await rows_of(database, SubscriptionPeriod))
    back = Counter(row.payment_id for row in await rows_of(database, Refund))
    assert periods + back == taken, "a charge is neither a period nor went back"
    assert await provider.sent_back() == sum(payments[key].amount_kopecks for key in back)
    assert len(taken) > SUBSCRIBERS, "nobody was charged again"
    print(f"{len(taken)} charges: {len(periods)} periods, {len(back)} went back")  # noqa: T201 - as above
