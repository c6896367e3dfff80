"""The whole shop is killed between Telegram's last question, the payment in Stars and what it buys, and while Telegram
charges for plans once more: every Star that was taken is credited or pays for a period once, is kept as a stray, or
went back.

`STARS_KILLS` makes it longer, `CRASH_SEED` repeats what chance did (as far as a machine repeats its timing),
`CRASH_ON=postgresql` takes the other database."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from threading import Event
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from db.engine import Database
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from tests.crash.ending import audit_exit_code
from tests.crash.opening import environment_of, open_database, were_here_last_week
from tests.crash.paying_stars import PLAN_COSTS, StarCustomers
from tests.crash.stars_ending import check_stars, stars_settled, taken_by
from tests.crash.victim import Victim, running_victim
from tests.crash.workers import SEED
from tests.support.plans import add_plan
from tests.support.ports import free_port
from tests.support.stores import quick_store
from tests.support.waiting import until

KILLS = int(os.environ.get("STARS_KILLS", "1"))
CUSTOMERS = 5
NEWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("lose", "payment", {}),
    ("repeat", "payment", {"copies": 3}),
    ("late", "payment", {"seconds": 3.0}),
    ("repeat", "pre_checkout", {"copies": 2}),
    ("lose", "refund", {}),
    ("late", "refund", {"seconds": 3.0}),
)
ANSWERS = ("slow", "cut", "cut_after", "late", "500")
"""What befalls the answer to the last question."""
WAITED = "notification_not_settled"  # told, and nobody could write that down
JUMPED = "clock_jumped"  # by a month, and Telegram did not tell its own time at once
MOMENTS = (0, 0.01, 0.03, 0.1, 0.3, 1.0)  # seconds after they press Pay, or after the first has paid


async def test_killed_shops_lose_no_stars(shop_url: str, tmp_path: Path) -> None:
    print(f"CRASH_SEED={SEED} STARS_KILLS={KILLS}")  # noqa: T201 - shown when it fails
    chance = random.Random(SEED)
    async with running_sandbox() as url, new_world(url) as sandbox, open_database(shop_url) as database:
        people = [await sandbox.person(f"Анна {number}") for number in range(CUSTOMERS)]
        await were_here_last_week(database, people)
        await database.write(lambda session: add_plan(session, kopecks=None, stars=PLAN_COSTS, credits=1000))
        environment = environment_of(sandbox, await sandbox.shop(), shop_url, free_port())
        environment |= {"MODELS_DIR": str(quick_store()), "PAYMENT_METHODS": "stars", "STARS_PRICE": "0.13"}
        customers = StarCustomers(sandbox, database, people, chance)
        clock = f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}", str(tmp_path / "ahead")
        async with running_victim(environment, *clock) as victim:
            await victim.ready()
            await customers.come()
            for _ in range(KILLS):
                await victim.ready()
                await _killed_while_they_pay(victim, sandbox, database, customers, chance)
                await customers.some_go_back()
                await victim.ready()
                await stars_settled(database, sandbox, seconds=90)  # Telegram keeps its news for a day, not for a month
                await _killed_while_telegram_charges(victim, sandbox, database, customers, chance)
            await sandbox.clear_faults()
            await sandbox.stars.clear_faults()
            await stars_settled(database, sandbox, seconds=60 + 6 * KILLS)
        await check_stars(database, sandbox, customers.all)
        assert [line for line in victim.errors if WAITED not in line and JUMPED not in line] == []
    assert await audit_exit_code(environment) == 0


async def _killed_while_they_pay(
    victim: Victim, sandbox: Sandbox, database: Database, customers: StarCustomers, chance: random.Random
) -> None:
    """With its answers to the last question on their way, while it writes down what was paid, or with all that open;
    and started again."""
    invoices = await customers.begin()
    await _news_go_wrong(sandbox, chance)
    if chance.random() < 0.5:
        await sandbox.fault("answerPreCheckoutQuery", chance.choice(ANSWERS), seconds=0.2, times=2)
    known = set(await taken_by(sandbox))
    paying = asyncio.get_running_loop().create_task(customers.pay(invoices))
    if chance.random() < 0.7:
        await _first_taken(sandbox, known)
    await _killed(victim, database, chance)
    await paying


async def _killed_while_telegram_charges(
    victim: Victim, sandbox: Sandbox, database: Database, customers: StarCustomers, chance: random.Random
) -> None:
    """With what it tells of that on the way, or while it writes down the next periods."""
    await _news_go_wrong(sandbox, chance)
    await customers.a_month_goes_by()
    await _killed(victim, database, chance)


async def _news_go_wrong(sandbox: Sandbox, chance: random.Random) -> None:
    kind, on, more = chance.choice(NEWS)
    await sandbox.stars.fault(kind, on, **more)


async def _killed(victim: Victim, database: Database, chance: random.Random) -> None:
    async with _busy(database) if chance.random() < 0.5 else _idle():
        await asyncio.sleep(chance.choice(MOMENTS))
        await victim.kill()
    await victim.start()


async def _first_taken(sandbox: Sandbox, known: set[str]) -> None:
    async def new() -> bool:
        return set(await taken_by(sandbox)) > known

    with suppress(AssertionError):  # all of them paid by links that are over
        await until(new, seconds=20)


@asynccontextmanager
async def _busy(database: Database) -> AsyncIterator[None]:
    """Nobody can write down just then that anything was paid."""
    free = Event()
    holding = asyncio.get_running_loop().create_task(database.write(_hold, free))
    try:
        yield
    finally:
        free.set()
        await holding


@asynccontextmanager
async def _idle() -> AsyncIterator[None]:
    yield


def _hold(session: Session, free: Event) -> None:
    """What has to be written waits. SQLite has one writer, and it is this one."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("LOCK TABLE payments, stray_payments, transactions IN EXCLUSIVE MODE"))
    free.wait(timeout=10)
