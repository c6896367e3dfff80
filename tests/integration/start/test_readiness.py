"""`/readyz` says what is broken: a disk that takes nothing, Redis, jobs and loops that stand still, a webhook that
nobody hears."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import generate_latest

from bot import probes
from bot.app import App
from bot.incidents import IncidentNotices
from bot.probes import can_write, jobs_elsewhere, tasks_of
from bot.scheduler import LastRuns, every, make_scheduler
from bot.supervisor import Supervisor
from bot.webhook_watch import WebhookWatch
from db.engine import Database
from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from handlers.dispatcher import ALLOWED_UPDATES
from handlers.telegram import reach
from handlers.telegram.client import make_bot
from sandbox.client.sandbox import Sandbox
from services import heartbeats
from services.coordination.memory import MemoryCoordination
from services.heartbeats import last_done, note
from services.notifications.outbox import enqueue
from tests.conversations.stage import OWNER_ID, shop_settings
from tests.support.clock import FakeClock
from tests.support.disks import full_disk
from tests.support.ports import free_port
from tests.support.proxy import proxy_to
from tests.support.redis import find_redis
from tests.support.waiting import until

URL = "https://bot.example.com/telegram/webhook"


class Stopwatch:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def sandbox(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(probes, "FRESH_SECONDS", 0.0)
    return sandbox


@pytest.fixture
async def scheduler() -> AsyncIterator[AsyncIOScheduler]:
    scheduler = make_scheduler("UTC")
    yield scheduler
    if scheduler.running:
        scheduler.shutdown(wait=False)


async def test_a_disk_that_takes_nothing_still_reads(sandbox: Sandbox, sqlite_url: str) -> None:
    async with App(shop_settings(sandbox, sqlite_url)).running() as app:
        await app.chat.connection.made.wait()
        sound = (await app.health.readiness()).parts
        assert set(sound.values()) == {"ok"}, sound
        with full_disk():
            broken = (await app.health.readiness()).parts
        assert broken["database"] not in {"ok", ""}
        assert broken["telegram"] == "ok"
        assert (await app.health.readiness()).parts["database"] == "ok"


async def test_a_probe_is_asked_once_in_a_while(database: Database, clock: FakeClock) -> None:
    probe = can_write(database, clock)
    assert [await probe() for _ in range(3)] == ["ok"] * 3
    await database.close()
    assert await probe() == "ok", "five seconds old at most"


async def test_redis(sandbox: Sandbox, sqlite_url: str) -> None:
    async with proxy_to("127.0.0.1", 6379) as proxy:
        url = f"redis://127.0.0.1:{proxy.port}/{find_redis().rpartition('/')[2]}"
        async with App(shop_settings(sandbox, sqlite_url, redis_url=url)).running() as app:
            assert (await app.health.readiness()).parts["redis"] == "ok"
            proxy.cut()
            assert "Redis does not answer" in (await app.health.readiness()).parts["redis"]
            proxy.mend()
            assert (await app.health.readiness()).parts["redis"] == "ok"


async def test_jobs_that_stand_still_are_named(scheduler: AsyncIOScheduler) -> None:
    """One that fails, one that hangs, one whose database is away; not the one that is done."""
    time, done = Stopwatch(), asyncio.Event()

    async def works() -> None:
        done.set()

    async def fails() -> None:
        raise RuntimeError("a bug")

    async def waits() -> None:
        raise DatabaseUnavailable("away")

    runs = LastRuns(scheduler, time)
    for work in (works, fails, waits, asyncio.Event().wait):
        every(scheduler, work, name=work.__name__, seconds=60)
    scheduler.start()
    time.seconds = 300.0
    assert runs.standing_still() == {}
    time.seconds = 301.0
    for job in scheduler.get_jobs():
        job.modify(next_run_time=datetime.now(scheduler.timezone))
    await done.wait()
    await until(lambda: _holds(runs.take_new() == {"works"}))
    assert set(runs.standing_still()) == {"fails", "waits", "wait"}


async def _holds(fact: bool) -> bool:
    return fact


async def test_jobs_of_another_process_are_seen_in_the_database(database: Database, clock: FakeClock) -> None:
    probe = jobs_elsewhere(database, clock)
    await database.write(note, {"reconcile", "expire_lots", "remind"}, clock())
    assert set(await database.read(last_done)) == {"reconcile", "expire_lots", "remind"}
    clock.now += timedelta(minutes=20)
    await database.write(note, {"expire_lots"}, clock())
    assert heartbeats.late(await database.read(last_done), clock()) == {"reconcile": timedelta(minutes=20)}
    assert await probe() == "standing still: reconcile for 0:20:00"
    fresh = jobs_elsewhere(database, clock)
    assert await fresh() == "ok", "a process that starts together with its scheduler gives it time"


async def test_a_scheduler_that_never_comes_is_missed(database: Database, clock: FakeClock) -> None:
    probe = jobs_elsewhere(database, clock)
    clock.now += timedelta(minutes=20)
    assert await probe() == "standing still: expire_lots for 0:20:00"


async def test_a_scheduler_alone_leaves_its_signs_of_life(
    sandbox: Sandbox, database_url: str, database: Database, clock: FakeClock
) -> None:
    """Nobody asks a process without a port for /readyz. What the settings switched off since is not missed."""
    await database.write(note, {"weekly_bonus_catch_up"}, clock())
    settings = shop_settings(sandbox, database_url, weekly_bonus_credits=0)
    async with App(settings, parts={"scheduler"}).running() as app:

        async def noted() -> bool:
            app.run_jobs_now()
            jobs = await database.read(last_done)
            return "expire_lots" in jobs and "weekly_bonus_catch_up" not in jobs

        await until(noted)


async def test_loops_and_what_crashes() -> None:
    supervisor, now = Supervisor(), asyncio.get_running_loop().time()
    probe = tasks_of(supervisor, {"worker": lambda: now - 300, "delivery": lambda: now, "none": lambda: None})
    assert await probe() == "standing still: worker for 0:05:00"

    async def crash() -> None:
        raise RuntimeError("a bug")

    supervisor.keep(crash, name="progress")
    await until(lambda: _holds(bool(supervisor.down)))
    assert await probe() == "crashed, to be started again: progress"
    await supervisor.close()


async def test_a_webhook_that_nobody_hears(sandbox: Sandbox) -> None:
    time, mended = Stopwatch(), asyncio.Event()
    assert sandbox.token is not None
    bot = make_bot(sandbox.token, sandbox.base_url)

    async def mend() -> None:
        mended.set()

    watch = WebhookWatch(bot, URL, mend, time)
    try:
        await watch.look()
        assert watch.state == f"Telegram sends updates to nobody, not to {URL}"
        await bot.set_webhook("http://127.0.0.1:1/telegram/webhook")
        await (await sandbox.person("Анна")).says("/start")
        watch = WebhookWatch(bot, "http://127.0.0.1:1/telegram/webhook", mend, time)
        await watch.look()
        assert watch.state == "ok"
        time.seconds = 600.0
        await watch.look()
        assert watch.state.startswith("Telegram has 1 updates waiting, and none came for 10 min")
        watch.hear()
        assert watch.state == "ok"
        assert not mended.is_set()
    finally:
        await bot.session.close()


async def test_a_webhook_with_an_older_secret_is_set_anew(sandbox: Sandbox, sqlite_url: str) -> None:
    """Telegram does not tell which secret it has; nothing that it could not hand over is lost."""
    port = free_port()
    settings = shop_settings(
        sandbox,
        sqlite_url,
        telegram_mode="webhook",
        telegram_webhook_secret="the-new-one",
        public_url=f"http://127.0.0.1:{port}",
        web_port=port,
    )
    async with App(settings).running() as app:
        await app.chat.connection.made.wait()
        await app.bot.set_webhook(settings.webhook_url, secret_token="older", allowed_updates=ALLOWED_UPDATES)
        anna = await sandbox.person("Анна")
        await anna.says("/start")

        async def turned_away() -> bool:
            return "403" in ((await app.bot.get_webhook_info()).last_error_message or "")

        await until(turned_away)
        assert app.http is not None
        await app.http.webhook_watch.look()
        await anna.sees("Здравствуйте")


@pytest.mark.slow
async def test_messages_that_telegram_does_not_take(
    sandbox: Sandbox, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Updates come, nothing can be sent: it is said, and the owner hears when it is over."""
    monkeypatch.setattr(reach, "LATELY_SECONDS", 0.0)
    clock = FakeClock(now=datetime.now(UTC))  # Telegram's
    olga = await sandbox.person("Ольга", id=OWNER_ID)
    async with App(shop_settings(sandbox, sqlite_url), clock=clock).running() as app:
        watch = IncidentNotices(
            app.bot,
            (OWNER_ID,),
            app.health.readiness,
            users=app.services.users,
            catalogues=app.catalogues,
            clock=clock,
            coordination=MemoryCoordination(),
        )
        await olga.says("/start")
        await olga.sees("YOOKASSA_SHOP_ID")
        user = await app.services.users.find(OWNER_ID)
        assert user is not None
        await sandbox.fault("sendMessage", "502", times=0)
        for number in range(2):
            payload, key = {"slug": "digit", "problem": f"broken {number}"}, f"notification:{number}"
            await app.db.write(
                enqueue, user_id=user.id, kind=OutboxKind.MODEL_PROBLEM, payload=payload, key=key, now=clock()
            )

        async def messages() -> str:
            return (await app.health.readiness()).parts["messages"]

        clock.advance(seconds=1)
        await until(app.services.outbox.kept_back)
        assert await messages() == "ok", "it may pass"
        clock.advance(minutes=4)
        assert await messages() == "cannot be sent since 4 minutes: 2 wait"
        await watch.look()
        clock.advance(minutes=5)
        await app.health.refresh()
        numbers = generate_latest(app.health.registry).decode()
        assert "kassandra_outbox_length 2.0" in numbers
        assert "kassandra_outbox_age_seconds 541.0" in numbers
        await sandbox.clear_faults()
        await olga.sees("broken 1")
        assert await messages() == "ok"
        await watch.look()
        clock.advance(minutes=2)
        await watch.look()
        await olga.sees("не принимал ни одного сообщения")
