"""Subscriptions in a shop whose books were put back from a copy."""

from datetime import timedelta

import pytest

from tests.support.backups import back_up
from tests.support.plans import PlanShop


@pytest.mark.parametrize("declines", [0, 1])
async def test_a_renewal_that_the_books_have_lost_is_not_charged_again(
    shop: PlanShop, database_url: str, declines: int
) -> None:
    """The provider remembers the key of a charge for a day, and the copy is older than that."""
    anna, plus = await shop.cashier.customer(telegram_id=501), await shop.sells()
    ends_at = (await shop.subscribes(anna, plus)).ends_at
    await shop.jumps_to(ends_at - timedelta(hours=24))
    put_back = back_up(database_url)
    shop.yookassa.declines.extend(["insufficient_funds"] * declines)
    await shop.lives(hours=40)
    charged = ["succeeded", *["canceled"] * declines, "succeeded"]
    assert shop.charged == charged
    put_back()
    shop.cashier.restart()
    await shop.lives(days=2, hours=12)
    assert shop.charged == charged
    assert [each.number for each in await shop.periods(anna)] == [1, 2]
    assert await shop.sent_back() == {}
    await shop.cashier.is_sound()
