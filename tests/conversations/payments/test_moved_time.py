"""A shop that lives by the sandbox's time, as the demo's does: what an hour, a Monday and ninety days bring."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from bot.app import App
from bot.demo.clock import SandboxClock, kept_ahead
from bot.demo.goods import DEMO_PACKAGES
from bot.demo.run import MONDAY
from db.tables.payments import PaymentStatus
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.users.actor import Actor
from tests.conversations.payments.tills import chooses, statuses
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.waiting import until

SOON = 20.0  # nobody watches a chat for longer
HOUR, DAY = 3600.0, 86_400.0


@asynccontextmanager
async def opened(sandbox: Sandbox, database_url: str, file: Path) -> AsyncIterator[Stage]:
    yookassa = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        database_url,
        yookassa_shop_id=yookassa.shop_id,
        yookassa_secret_key=yookassa.secret_key,
        yookassa_api_url=yookassa.api_url,
        weekly_bonus_cron=MONDAY,
    )
    clock = SandboxClock(f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}", file)
    async with App(settings, clock=clock).running() as app:
        app.supervisor.keep(lambda: clock.follow(app.run_jobs_now), name="clock")
        await yookassa.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/yookassa")
        yield Stage(sandbox=sandbox, app=app)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world() -> AsyncIterator[Sandbox]:
    """In a sandbox of its own: nobody else's time is moved."""
    async with running_sandbox() as url, new_world(url) as sandbox:
        yield sandbox


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(
    world: Sandbox, sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stage]:
    async with opened(world, sqlite_server.create(), tmp_path_factory.mktemp("demo") / "ahead") as stage:
        yield stage


async def pass_on(stage: Stage, *, seconds: float) -> None:
    """Until the shop knows."""
    then = stage.app.clock() + timedelta(seconds=seconds)

    async def knows() -> bool:
        return stage.app.clock() >= then

    await stage.sandbox.advance(seconds)
    await until(knows)


async def test_each_monday_brings_a_bonus(stage: Stage) -> None:
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    for person in (anna, john):
        await person.says("/start")
        await person.sees("10,00" if person is anna else "10.00")
    before = datetime.now(UTC)
    for _ in range(3):
        monday = datetime.fromisoformat((await stage.sandbox.make_it("monday"))["iso"])
        assert monday > before
        assert monday.isoweekday() == 1
        notification = await anna.sees("🎁 Бонус недели: 2,00 кредита.", within=SOON)
        assert f"{monday + timedelta(days=7):%d.%m.%Y}" in notification.text, "when it ends"
        assert datetime.fromtimestamp(notification.raw["date"], UTC).date() == monday.date()
        await john.sees("🎁 The weekly bonus is here: 2.00 credits.", within=SOON)
        await anna.says("/balance")
        account = (await anna.sees("+2,00 · Бонус недели")).text.split("\n")
        assert f"{monday:%d.%m.%Y}" in account[account.index("+2,00 · Бонус недели") + 1]
        await john.says("/bonus")
        assert f"{monday + timedelta(days=7):%Y-%m-%d} 00:00" in (await john.sees("🎁 Weekly bonus")).text
        before = monday


async def test_two_mondays_at_a_stroke(stage: Stage) -> None:
    """Whoever presses twice is on the second one, whatever the first one set going."""
    anna = await stage.person("Анна", "ru")
    await anna.says("/start")
    await anna.sees("10,00")
    await stage.sandbox.make_it("monday")
    monday = datetime.fromisoformat((await stage.sandbox.make_it("monday"))["iso"])
    notification = await anna.sees(f"Действует до {monday + timedelta(days=7):%d.%m.%Y}", within=SOON)
    assert "🎁 Бонус недели: 2,00 кредита." in notification.text


async def test_who_is_not_here_any_more_gets_none(stage: Stage) -> None:
    anna, john = await stage.person("Анна", "ru"), await stage.person("John", "en")
    await anna.says("/start")
    await anna.sees("10,00")
    await pass_on(stage, seconds=31 * DAY)
    await john.says("/start")
    await john.sees("10.00")
    await stage.sandbox.make_it("monday")
    await john.sees("🎁 The weekly bonus is here", within=SOON)
    await anna.never_sees("Бонус недели")


async def test_a_link_ends_after_an_hour(stage: Stage) -> None:
    anna = await stage.person("Анна", "ru")
    await chooses(anna)
    await pass_on(stage, seconds=HOUR)
    await anna.sees("Платёж не подтверждён в течение часа.", within=SOON)
    assert await statuses(stage, anna) == [PaymentStatus.CANCELED]


async def test_a_lost_notification_is_made_good_by_the_new_time(stage: Stage) -> None:
    """The reconciler looks at once, not when the machine's minute is over."""
    anna = await stage.person("Анна", "ru")
    await (await stage.sandbox.shop()).fault("lose")
    await chooses(anna)
    await stage.sandbox.advance(HOUR)
    await anna.sees("Платёж не подтверждён в течение часа.", within=SOON)


async def test_credits_of_a_package_end_after_ninety_days(stage: Stage) -> None:
    john = await stage.person("John", "en")
    await stage.app.services.packages.create(DEMO_PACKAGES[0], actor=Actor.system())
    await john.says("/topup")
    await john.presses("Starter")
    await john.pays("💳 Pay")
    await john.sees("✅ Paid: 450 ₽, 50.00 credits added.")
    end = (stage.app.clock() + timedelta(days=90)).astimezone(ZoneInfo("Europe/Moscow"))
    await john.says("/balance")
    await john.sees(f"50.00 credits: until {end:%-d %B %Y}")
    await pass_on(stage, seconds=88 * DAY)
    await john.sees(f"50.00 credits of your package can be used until {end:%Y-%m-%d}", within=SOON)
    await pass_on(stage, seconds=2 * DAY)
    await john.says("/balance")
    screen = await john.sees("−50.00 · Credits expired", within=SOON)
    assert "until" not in screen.text
    assert (await run_audit(stage.app.db)).exit_code == 0


async def test_what_the_next_demo_begins_with(stage: Stage) -> None:
    """Its sandbox is ahead by what is kept, and its shop from the first moment."""
    assert isinstance(stage.app.clock, SandboxClock)
    await pass_on(stage, seconds=DAY)
    now = await stage.sandbox.call("GET", "/clock")
    file = stage.app.clock.file
    assert kept_ahead(file) == now["offset"]
    restarted = SandboxClock("http://127.0.0.1:9/nobody", file)
    assert abs(restarted() - stage.app.clock()) < timedelta(seconds=1)
