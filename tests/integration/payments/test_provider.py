"""The SDK against the sandbox's YooKassa over HTTP: what goes wrong has a name."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from sandbox.client.sandbox import Sandbox
from services.money import rub
from services.payments.providers.base import AmountRefused, NotAuthorized, NotFound, Refused, ResultUnknown, ShopRefused
from services.payments.providers.yookassa.answers import payment_of, readable
from tests.integration.payments.stand import order, provider


async def test_a_payment_over_http(sandbox: Sandbox) -> None:
    shop = await sandbox.shop(receipts_required=True)
    async with provider(shop) as yookassa:
        wanted = order(19_99, receipt=True)
        made = await yookassa.create(wanted)
        assert (made.status, made.amount.minor, made.shop_id) == ("pending", 19_99, shop.shop_id)
        assert made.our_id == str(wanted.id)
        assert made.confirmation_url is not None
        assert await yookassa.create(wanted) == made
        [call, _] = await shop.log("payments.create")
        assert "unknown" not in call
        assert call["body"]["receipt"]["items"] == [
            {
                "description": "Кредиты",
                "quantity": 1,
                "measure": "piece",
                "amount": {"value": "19.99", "currency": "RUB"},
                "vat_code": 1,
                "payment_subject": "service",
                "payment_mode": "full_payment",
            }
        ]
        with pytest.raises(Refused):
            await yookassa.create(replace(wanted, amount=rub(20_00)))
        with pytest.raises(Refused):
            await yookassa.create(order())  # this shop must send receipts
        with pytest.raises(NotFound):
            await yookassa.get("2d000000-000f-5000-9000-000000000000")
        facts = await yookassa.about()
        assert (facts.shop_id, facts.enabled, facts.receipts) == (shop.shop_id, True, True)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("500", ResultUnknown),
        ("500_after", ResultUnknown),
        ("html", ResultUnknown),
        ("html_after", ResultUnknown),
        ("429", ResultUnknown),
        ("cut", ResultUnknown),
        ("cut_after", ResultUnknown),
        ("hang", ResultUnknown),
        ("hang_after", ResultUnknown),
        ("broken", ResultUnknown),
        ("401", NotAuthorized),
        ("403", NotAuthorized),
    ],
)
async def test_what_goes_wrong_has_a_name_and_the_same_key_mends_it(
    sandbox: Sandbox, kind: str, error: type[Exception]
) -> None:
    shop = await sandbox.shop()
    async with provider(shop) as yookassa:
        wanted = order()
        await shop.fault(kind, "payments.create")
        with pytest.raises(error) as raised:
            await yookassa.create(wanted)
        assert shop.secret_key not in str(raised.value)
        assert (await yookassa.create(wanted)).our_id == str(wanted.id)
        assert len(await shop.payments()) == 1


async def test_nobody_listens(sandbox: Sandbox) -> None:
    shop = await sandbox.shop()
    async with provider(shop, api_url="http://127.0.0.1:9/v3") as yookassa:
        with pytest.raises(ResultUnknown):
            await yookassa.get("2d000000-000f-5000-9000-000000000000")


async def test_a_slow_yookassa_does_not_stop_the_shop(sandbox: Sandbox) -> None:
    """Twenty calls wait in a pool of threads; the event loop is free meanwhile."""
    shop = await sandbox.shop()
    async with provider(shop) as yookassa:
        await shop.fault("hang", "payments.get", times=0)
        ticks = 0
        calls = asyncio.gather(*(yookassa.get("x") for _ in range(20)), return_exceptions=True)
        while not calls.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert all(isinstance(result, ResultUnknown) for result in calls.result())
        assert ticks > 50


async def test_refusals_tell_where_their_reason_lies(sandbox: Sandbox) -> None:
    shop = await sandbox.shop(receipts_required=True)
    async with provider(shop) as yookassa:
        with pytest.raises(ShopRefused, match="Receipt is missing or illegal"):
            await yookassa.create(order())
        for kopecks in (50, 700_001_00):
            with pytest.raises(AmountRefused):
                await yookassa.create(order(kopecks))
        made = await yookassa.create(order(receipt=True))
        with pytest.raises(Refused) as refused:
            await yookassa.capture(made.id, key=uuid4())
        assert type(refused.value) is Refused  # nobody's fault: it is not paid yet


async def test_the_list_page_by_page(sandbox: Sandbox) -> None:
    """Newest first; a mark and the times come with each."""
    shop = await sandbox.shop()
    began = datetime.now(UTC) - timedelta(minutes=1)
    async with provider(shop, read_seconds=5.0) as yookassa:
        orders = [replace(order(), mark={"kassandra_shop": str(number)}) for number in range(103)]
        for each in orders:
            await yookassa.create(each)
        await shop.pays()
        pages = [page async for page in yookassa.payments_since(began)]
        assert [len(page) for page in pages] == [100, 3]
        listed = [remote for page in pages for remote in page]
        assert [remote.our_id for remote in listed] == [str(each.id) for each in reversed(orders)]
        assert [remote.mark["kassandra_shop"] for remote in listed[:2]] == ["102", "101"]
        assert listed[0].paid_at is not None
        assert listed[0].created_at is not None
        assert began < listed[0].created_at <= listed[0].paid_at
        assert [page async for page in yookassa.payments_since(datetime.now(UTC) + timedelta(hours=1))] == [[]]
        refund = await shop.refunds_in_cabinet(listed[0].id, amount="100.00")
        for found in (yookassa.refunds_since(began), yookassa.refunds_of(listed[0].id)):
            assert [each.id for page in [page async for page in found] for each in page] == [refund["id"]]


async def test_moments_are_sent_in_utc(sandbox: Sandbox) -> None:
    """Whatever the shop's zone has been: a hundred years ago Moscow was 2 h 31 min 19 s ahead."""
    shop = await sandbox.shop()
    async with provider(shop, read_seconds=5.0) as yookassa:
        for since in (datetime(1900, 1, 1, tzinfo=ZoneInfo("Europe/Moscow")), datetime(2026, 11, 20, tzinfo=UTC)):
            assert [page async for page in yookassa.payments_since(since, since + timedelta(days=1))] == [[]]
            assert [page async for page in yookassa.refunds_since(since)] == [[]]
    asked = [call["body"]["created_at.gte"] for call in await shop.log() if call["call"].endswith(".list")]
    assert asked == [*["1899-12-31T21:29:43.000Z"] * 2, *["2026-11-20T00:00:00.000Z"] * 2]


def test_one_payment_that_cannot_be_read_does_not_hide_the_others() -> None:
    whole: dict[str, object] = {
        "id": "1",
        "status": "succeeded",
        "amount": {"value": "1.00", "currency": "RUB"},
        "test": True,
    }
    broken: list[dict[str, object]] = [
        {**whole, "test": "yes"},
        {**whole, "amount": None},
        {"id": "2"},
        {**whole, "metadata": 7},
    ]
    odd = {**whole, "created_at": "never", "captured_at": 7, "metadata": {"payment_id": 17}}
    found = readable([*broken, whole, odd], payment_of)
    assert [(remote.id, remote.created_at, remote.our_id) for remote in found] == [("1", None, None)] * 2
