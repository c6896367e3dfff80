"""Money that bought nothing goes back, whatever stands in its way."""

from typing import Any
from uuid import UUID, uuid4

import pytest

from db.base import table_of
from db.tables.payments import Refund
from services.money import rub
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest
from tests.support.faults import Fault
from tests.support.plans import PlanShop
from tests.support.ways.base import Way, open_till
from tests.support.ways.cloudpayments import CloudPaymentsWay
from tests.support.ways.yookassa import YooKassaWay


async def pays_two_pages(shop: PlanShop) -> PaymentView:
    """The second one, which bought nothing."""
    await shop.cashier.owner()
    anna, plus = await shop.cashier.customer(), await shop.sells()
    pages = [await shop.begins(anna, plus) for _ in range(2)]
    for page in pages:
        await shop.pays(page)
    return pages[1]


async def tries(shop: PlanShop) -> list[str]:
    """What became of each, oldest first."""
    rows = table_of(Refund)

    def read(session: Any) -> list[str]:
        return [row.status for row in session.execute(rows.select().order_by(rows.c.created_at))]

    return await shop.cashier.db.read(read)


def at_provider(shop: PlanShop, payment: PaymentView) -> int:
    """Kopecks."""
    return shop.yookassa.by_our_id(payment.id).refunded.minor


@pytest.mark.parametrize("silent_for", [2, pytest.param(40, marks=pytest.mark.slow)])  # a key is kept for a day
async def test_after_days_of_silence(shop: PlanShop, silent_for: int) -> None:
    """Its key is too old to be sent again: the provider's list shows that it was never made, and another one is."""
    second = await pays_two_pages(shop)
    shop.yookassa.faults.extend([Fault.LOST] * 2000)
    for _ in range(silent_for):
        await shop.lives(days=1)
    shop.yookassa.faults.clear()
    await shop.lives(days=2)
    await shop.lives(hours=1)
    assert at_provider(shop, second) == 30_000
    assert await tries(shop) == ["canceled", "succeeded"]
    assert await shop.cashier.problems() == ["money_back_failed"]
    await shop.cashier.is_sound()


async def test_what_the_provider_refuses_is_tried_later(shop: PlanShop) -> None:
    """Less and less often; owners hear of each."""
    shop.yookassa.refunds_wait = True
    second = await pays_two_pages(shop)
    await shop.lives(minutes=1)
    for _ in range(3):
        shop.yookassa.finish_refund(list(shop.yookassa.refunds)[-1], "canceled", "insufficient_funds")
        made = len(shop.yookassa.refunds)
        while len(shop.yookassa.refunds) == made:
            await shop.lives(hours=6)
    assert await tries(shop) == ["canceled", "canceled", "canceled", "pending"]
    shop.yookassa.finish_refund(list(shop.yookassa.refunds)[-1], "succeeded")
    await shop.cashier.notified()
    await shop.lives(days=10)
    assert at_provider(shop, second) == 30_000
    assert await tries(shop) == ["canceled", "canceled", "canceled", "succeeded"]
    assert await shop.cashier.problems() == ["money_back_failed"] * 3
    assert (await shop.facts()).count("money_back") == 1
    await shop.cashier.is_sound()


async def test_an_owner_was_quicker(shop: PlanShop) -> None:
    shop.yookassa.refunds_wait = True
    second = await pays_two_pages(shop)
    await shop.lives(minutes=1)
    (refund_id,) = shop.yookassa.refunds
    shop.yookassa.finish_refund(refund_id, "canceled", "insufficient_funds")
    await shop.lives(hours=2)
    shop.yookassa.refunds_wait = False
    await by_hand(shop, second.id)
    await shop.lives(days=10)
    assert at_provider(shop, second) == 30_000
    assert await tries(shop) == ["canceled", "succeeded"]
    await shop.cashier.is_sound()


@pytest.mark.parametrize("kind", [YooKassaWay, CloudPaymentsWay])
async def test_somebody_sent_it_at_the_providers_meanwhile(quick: PlanShop, kind: type[Way]) -> None:
    """There is nothing more to send, and nothing to tell owners of."""
    way = kind(clock=quick.clock)
    quick.cashier.till = open_till(quick.cashier, [way])
    way.joins(quick.cashier.till)
    await quick.cashier.owner()
    anna, plus = await quick.cashier.customer(), await quick.sells()
    for page in [await quick.begins(anna, plus) for _ in range(2)]:
        await way.pays(str(page.id))
    await way.tells()
    way.sends_back(way.tries()[1], part=1)
    await way.tells()
    await quick.cashier.is_sound()
    await quick.lives(days=10)
    assert [each.sent_back for each in way.tries()] == [0, 30_000]
    assert sorted(await tries(quick)) == ["canceled", "succeeded"]
    assert await quick.cashier.problems() == []
    await quick.cashier.is_sound()
    quick.cashier.till.close()


async def by_hand(shop: PlanShop, payment_id: UUID) -> None:
    actor = await shop.cashier.owner()
    wish = RefundRequest(id=uuid4(), payment_id=payment_id, amount=rub(30_000), actor=actor, confirmed=True)
    await shop.cashier.till.refunds.start(wish)
