"""`kassandra doctor` looks at a shop before the sandbox's YooKassa."""

import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from bot.doctor.examine import examine, judge_clock, proxy_fix
from bot.doctor.findings import Finding, State
from bot.doctor.models import judge_memory, models
from sandbox.client.sandbox import Sandbox
from services.clock import system_clock
from tests.conversations.stage import shop_settings
from tests.support.clock import START


@pytest.mark.slow
async def test_the_doctor(sandbox: Sandbox, sqlite_url: str) -> None:
    shop = await sandbox.shop()
    settings = shop_settings(
        sandbox,
        sqlite_url,
        yookassa_shop_id=shop.shop_id,
        yookassa_secret_key=shop.secret_key,
        yookassa_api_url=shop.api_url,
    )

    async def findings(**changes: object) -> dict[str, Finding]:
        changed = settings.model_copy(update=changes)
        found = [finding async for finding in examine(changed, system_clock)]
        return {finding.name: finding for finding in sorted(found, key=lambda each: each.state is State.FAILED)}

    sound = await findings()
    assert {finding.state for finding in sound.values()} == {State.OK}, sound
    await shop.change(receipts_required=True)
    assert (await findings())["receipts"].state is State.FAILED
    assert (await findings(yookassa_vat_code=1))["receipts"].state is State.OK
    assert (await findings(yookassa_shop_id="1"))["yookassa"].state is State.FAILED
    await shop.fault("500", "me")
    assert "does not answer" in (await findings())["yookassa"].text
    closed = await findings(yookassa_shop_id=None, yookassa_secret_key=None)
    assert closed["yookassa"].state is State.WARNING
    far = await findings(database_url="sqlite+aiosqlite:////nowhere/at/all.db")
    assert far["database"].state is State.FAILED
    with sqlite3.connect(sqlite_url.partition("///")[2]) as tables:
        tables.execute("UPDATE alembic_version SET version_num = '0099'")
    newer = await findings()
    assert "newer version" in newer["database"].text
    assert newer["clock"], "the rest is looked at all the same"
    for finding in far.values():
        assert finding.state is State.OK or finding.fix


def test_a_shop_of_uploads_alone_sells_something(tmp_path: Path, sandbox: Sandbox, sqlite_url: str) -> None:
    settings = shop_settings(sandbox, sqlite_url, models_dir=tmp_path)
    assert models(settings)[0].state is State.FAILED
    sold = models(settings, ["rent"])[0]
    assert (sold.state, sold.text) == (State.OK, "rent")


def test_the_doctors_clock() -> None:
    assert judge_clock(START, START).state is State.OK
    assert judge_clock(START, START + timedelta(seconds=5)).state is State.OK
    assert judge_clock(START, START + timedelta(minutes=5)).text == "300 s behind of Telegram's"


def test_what_the_doctor_says_of_a_proxy() -> None:
    """407 is its answer, not a part of its address."""
    assert "user and password" in proxy_fix(
        "TELEGRAM_PROXY", "http://127.0.0.1:1080: 407 Proxy Authentication Required"
    )
    assert "it may go there" in proxy_fix("TELEGRAM_PROXY", "http://127.0.0.1:40761: 403 Forbidden")


def test_the_doctors_look_at_memory() -> None:
    fits = judge_memory([300_000_000, 2_000_000], 1_000_000_000)
    assert (fits.state, fits.text) == (State.OK, "the models take about 302 MB of 1,000 MB")
    twice = judge_memory([400_000_000, 2_000_000], 1_000_000_000)  # 200 MB for the shop, and 400 MB while it is read
    assert twice.state is State.WARNING
    assert "twice" in twice.text
    assert judge_memory([], 1_000_000_000).state is State.OK
    assert judge_memory([300_000_000], None).text == "the models take about 300 MB"
