"""The end of a process whose provider is silent: it comes in seconds, and nothing is lost with it."""

import asyncio
import json
import os
import socket
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from bot.app import App
from bot.scheduler import every, make_scheduler
from db.tables.payments import PaymentStatus
from sandbox.client.person import Person
from sandbox.client.sandbox import Sandbox
from sandbox.client.shop import Shop
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.payments.providers.base import ResultUnknown
from services.payments.providers.threads import Threads
from services.payments.providers.yookassa.provider import THREADS, YooKassa
from tests.conversations.stage import shop_settings
from tests.integration.payments.stand import PARTS
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]
PATIENCE = 12.0  # five seconds for what is under way, and a busy machine


@pytest.mark.slow
async def test_a_silent_provider_does_not_hold_up_the_end(sqlite_url: str) -> None:
    async with running_sandbox() as url, new_world(url) as sandbox:
        yookassa = await sandbox.shop()
        anna, boris = await sandbox.person("Анна"), await sandbox.person("Борис")
        async with _process(sandbox, yookassa, sqlite_url) as process:
            await _chooses(anna)
            await anna.sees_button("💳 Оплатить 300 ₽")
            await yookassa.fault("hang", "payments.get", seconds=120, times=0)
            await yookassa.pays()
            await yookassa.webhooks(wait=1)  # acknowledged, and now being looked into
            await until(lambda: yookassa.log("payments.get"))
            await yookassa.fault("hang_after", "payments.create", seconds=120)
            await _chooses(boris)
            await boris.sees("⏳ Готовлю платёж")
            await until(lambda: _calls(yookassa, "payments.create", 2))
            loop = asyncio.get_running_loop()
            asked = loop.time()
            process.terminate()
            assert await process.wait() == 0
            assert loop.time() - asked < PATIENCE
        await yookassa.clear_faults()
        await _goes_on(sandbox, yookassa, sqlite_url, anna, boris)


async def _goes_on(sandbox: Sandbox, yookassa: Shop, url: str, anna: Person, boris: Person) -> None:
    """In another process the reconciler finds what both were about."""
    async with App(_settings(sandbox, yookassa, url), parts=PARTS).running() as app:
        assert app.services.payments is not None
        await app.services.payments.reconciler.round(everything=True)
        await anna.sees("✅ Оплачено: 300 ₽")
        await boris.sees_button("💳 Оплатить 300 ₽")
        payments = (await app.services.payment_queries.latest()).items
        assert [each.status for each in payments] == [PaymentStatus.PENDING, PaymentStatus.SUCCEEDED]
        assert len(await yookassa.payments()) == 2
        assert (await run_audit(app.db)).ok


async def test_who_waits_for_a_thread_waits_no_longer_than_for_an_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        yookassa = YooKassa(
            shop_id="1", secret_key="test_x", api_url=f"http://127.0.0.1:{silent.getsockname()[1]}/v3", read_seconds=30
        )
        yookassa._patience = 0.3
        calls = [yookassa.get("x") for _ in range(THREADS * 3)]
        answers = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 10)
        assert [getattr(answer, "code", answer) for answer in answers] == ["no_answer_in_time"] * len(calls)
        assert all(isinstance(answer, ResultUnknown) for answer in answers)
        yookassa.close()


async def test_what_nobody_waits_for_any_more_is_not_begun() -> None:
    threads, gate, begun = Threads(1, name="test"), threading.Event(), []
    try:
        first = asyncio.get_running_loop().create_task(threads.run(gate.wait))
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(threads.run(lambda: begun.append("second")), 0.05)
        gate.set()
        assert await first
        assert await threads.run(lambda: "third") == "third"
        with pytest.raises(ZeroDivisionError):
            await threads.run(lambda: 1 // 0)
        assert begun == []
    finally:
        threads.close()


async def test_a_job_that_the_end_cancels_is_no_error() -> None:
    """Else each stop during a round would be told as a crash."""
    scheduler = make_scheduler("UTC")
    every(scheduler, asyncio.Event().wait, name="waits", seconds=60)
    job = asyncio.get_running_loop().create_task(scheduler.get_job("waits").func())
    await asyncio.sleep(0)
    job.cancel()
    assert await job is False, "it was not done"


@pytest.mark.parametrize("times", [1, 2])
async def test_a_closed_till_says_so(times: int) -> None:
    yookassa = YooKassa(shop_id="1", secret_key="test_x", api_url="http://127.0.0.1:9/v3")
    for _ in range(times):
        yookassa.close()
    with pytest.raises(RuntimeError):
        await yookassa.get("x")


async def _chooses(person: Person) -> None:
    await person.says("/topup")
    await person.sees("1 кредит стоит")
    await person.presses("300 ₽ →")


async def _calls(yookassa: Shop, operation: str, count: int) -> bool:
    return len(await yookassa.log(operation)) >= count


def _settings(sandbox: Sandbox, yookassa: Shop, url: str) -> Any:  # Any: as shop_settings gives them
    return shop_settings(
        sandbox,
        url,
        yookassa_shop_id=yookassa.shop_id,
        yookassa_secret_key=yookassa.secret_key,
        yookassa_api_url=yookassa.api_url,
    )


@asynccontextmanager
async def _process(sandbox: Sandbox, yookassa: Shop, url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """`kassandra run`, which YooKassa can reach."""
    environment = os.environ | {
        "BOT_TOKEN": sandbox.token or "",
        "TELEGRAM_API_URL": sandbox.base_url,
        "DATABASE_URL": url,
        "WEB_PORT": "0",
        "YOOKASSA_SHOP_ID": yookassa.shop_id,
        "YOOKASSA_SECRET_KEY": yookassa.secret_key,
        "YOOKASSA_API_URL": yookassa.api_url,
        "WEEKLY_BONUS_CREDITS": "0",
        "LOG_FORMAT": "json",
    }
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "bot", "run"), env=environment, cwd=ROOT, stderr=asyncio.subprocess.PIPE
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(60):
            started = await _entry(process.stderr, "started")
        await yookassa.change(webhook_url=f"http://127.0.0.1:{started['web_port']}/webhooks/yookassa")
        reading = asyncio.get_running_loop().create_task(process.stderr.read())  # else the pipe fills up
        yield process
        await reading
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _entry(stream: asyncio.StreamReader, event: str) -> dict[str, Any]:  # Any: JSON
    lines = []
    async for line in stream:
        lines.append(line.decode())
        if lines[-1].startswith("{"):
            entry: dict[str, Any] = json.loads(line)
            if entry["event"] == event:
                return entry
    raise AssertionError(f"the process ended before it logged {event!r}:\n{''.join(lines)}")
