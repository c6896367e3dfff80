"""The shop's settings, whose shop it is, and the sandbox's time."""

import asyncio
import time
from datetime import datetime, timedelta

import pytest

from sandbox.client.sandbox import Sandbox, SandboxError, Shop
from sandbox.control.clock import seconds_until
from sandbox.settings import DEFAULT_TOKEN
from sandbox.testing import new_world, sandbox_process
from tests.integration.sandbox_yookassa.conftest import DAY, Api, created
from tests.integration.servers import START

PAGE_BOT = int(DEFAULT_TOKEN.partition(":")[0])


async def test_the_shop_of_the_page(base_url: str) -> None:
    async with Sandbox(base_url, PAGE_BOT) as page:
        view = await page.call("GET", "/shop")
    assert (view["shop_id"], view["secret_key"], view["test"]) == ("100500", "test_sandbox-key", True)
    assert (view["webhook_url"], view["receipts_required"]) == (None, False)


async def test_each_world_has_its_shop(api: Api, base_url: str, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api)
    async with new_world(base_url) as other:
        others = await other.shop()
        assert others.shop_id == str(other.bot_id) != shop.shop_id
        assert await others.payments() == []
        with pytest.raises(SandboxError, match="no payment"):
            await others.pays(payment["id"])
        with pytest.raises(SandboxError, match="another world's shop"):
            await others.change(shop_id=shop.shop_id)
        with pytest.raises(SandboxError, match="no payment last"):
            await others.pays()
    assert (await api("GET", "me", auth=(others.shop_id, others.secret_key)))[0] == 401, "gone with its world"


async def test_settings_can_be_changed(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    old = (shop.shop_id, shop.secret_key)
    await shop.change(shop_id="777", secret_key="live_key", test=False, webhook_url="http://127.0.0.1:9/x")
    assert (await api("GET", "me", auth=old))[0] == 401
    payment = await created(api)
    assert (payment["test"], payment["recipient"]["account_id"]) == (False, "777")
    await shop.change(webhook_url=None)
    assert (await sandbox.call("GET", "/shop"))["webhook_url"] is None
    for wrong in ({"shop_id": "a"}, {"webhook_url": "ftp://x"}, {"colour": "red"}):
        with pytest.raises(SandboxError):
            await shop.change(**wrong)


async def test_leaving_changes_nothing(api: Api, sandbox: Sandbox, shop: Shop) -> None:
    payment = await created(api)
    left = await sandbox.call("POST", f"/shop/payments/{payment['id']}/leave")
    assert left["status"] == "pending"
    assert (await shop.expires())["cancellation_details"]["reason"] == "expired_on_confirmation"
    with pytest.raises(SandboxError, match="canceled"):
        await shop.expires()


async def test_the_time_can_be_asked_for_and_moved_to_a_day(sandbox: Sandbox) -> None:
    clock = await sandbox.call("GET", "/clock")
    assert clock == {"now": START, "offset": 0, "iso": "2026-09-21T14:13:20+00:00", "weekday": "monday"}
    tuesday = await sandbox.make_it("tuesday")
    assert (tuesday["iso"], tuesday["weekday"]) == ("2026-09-22T12:00:00+00:00", "tuesday")
    monday = await sandbox.make_it("monday")
    assert monday["iso"] == "2026-09-28T12:00:00+00:00"
    assert (await sandbox.make_it("monday"))["iso"] == "2026-10-05T12:00:00+00:00", "the next one"
    await sandbox.call("POST", "/clock", body={"advance": 60})
    assert (await sandbox.call("GET", "/clock"))["iso"] == "2026-10-05T12:01:00+00:00"
    for wrong in ({}, {"advance": 1, "weekday": "monday"}, {"weekday": "someday"}, {"advance": -1}):
        with pytest.raises(SandboxError):
            await sandbox.call("POST", "/clock", body=wrong)


@pytest.mark.parametrize(
    ("now", "monday"),
    [
        ("2026-11-21T14:00:00", "2026-11-23T12:00:00"),
        ("2026-11-22T23:59:59", "2026-11-23T12:00:00"),
        ("2026-11-23T00:00:00", "2026-11-30T12:00:00"),
        ("2026-11-23T12:00:00", "2026-11-30T12:00:00"),
        ("2026-12-31T09:00:00", "2027-01-04T12:00:00"),
    ],
)
def test_the_next_monday_is_never_today(now: str, monday: str) -> None:
    """Whoever makes it Monday on a Monday morning wants the bonus that this one has had already."""
    then = datetime.fromisoformat(f"{now}+00:00")
    moved = timedelta(seconds=seconds_until("monday", then.timestamp()))
    assert then + moved == datetime.fromisoformat(f"{monday}+00:00")


async def test_who_knows_the_time_hears_when_it_was_moved(sandbox: Sandbox) -> None:
    async with asyncio.TaskGroup() as group:
        waiting = group.create_task(sandbox.call("GET", "/clock", query={"known": 0, "wait": 60}))
        await sandbox.call("GET", "/clock")
        assert not waiting.done()
        await sandbox.advance(90)
    assert waiting.result()["offset"] == 90
    late = await sandbox.call("GET", "/clock", query={"known": 0, "wait": 60})
    assert late["offset"] == 90, "told at once"


async def test_a_sandbox_may_begin_ahead() -> None:
    async with sandbox_process("--ahead", "86400") as url, new_world(url) as sandbox:
        clock = await sandbox.call("GET", "/clock")
        assert clock["offset"] == DAY
        assert clock["now"] == pytest.approx(time.time() + DAY, abs=60)
