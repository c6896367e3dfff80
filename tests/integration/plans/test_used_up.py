"""Who has used up what their plan gives reads when there is more, and which plan gives more."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.plans import AllowanceUnit
from db.tables.users import User
from services.models.offers import Offer, PlanLimit
from services.plans.allowances import take_for_prediction
from services.plans.free import open_free
from services.plans.months import end_of_months
from services.plans.paying import PlanCover
from tests.support.plans import PlanShop
from tests.support.shop import add_model, add_prediction
from tests.unit.handlers.form.samples import everything

REQUESTS = AllowanceUnit.REQUESTS
WINE = Offer(slug="wine", manifest=everything(slug="wine"), title={"en": "Wine"}, icon="🍷", price=5_00, position=1)


async def opens(shop: PlanShop) -> int:
    """Two a month are free; the plans that give more are not in the order of what they give. Her id."""
    await shop.cashier.db.write(add_model)
    await shop.sells("free", kopecks=None, allowances=[(REQUESTS, 2, [])])
    await shop.sells("pro", allowances=[(REQUESTS, 100, [])])
    await shop.sells("plus", allowances=[(REQUESTS, 30, ["wine"]), (REQUESTS, 20, [])])
    await shop.sells("digits", allowances=[(REQUESTS, 40, ["digit"])])
    await shop.sells("gone", enabled=False, allowances=[(REQUESTS, 3, [])])
    return await shop.cashier.customer()


async def seen(shop: PlanShop, user_id: int) -> Offer:
    return await PlanCover(shop.cashier.db, shop.clock).of(WINE, user_id)


async def predicts(shop: PlanShop, user_id: int) -> None:
    def predict(session: Session) -> UUID:
        open_free(session, user_id, shop.clock())
        prediction_id = add_prediction(session, user_id=user_id, price=0)
        assert take_for_prediction(session, user_id, "wine", prediction_id, shop.clock())
        return prediction_id

    await shop.cashier.db.write(predict)


async def test_the_plan_that_gives_a_little_more_is_told(shop: PlanShop) -> None:
    anna = await opens(shop)
    more_at = end_of_months(shop.clock(), 1, anchor_day=shop.clock().day)
    assert await seen(shop, anna) == replace(WINE, plan_lefts=(2,))
    await predicts(shop, anna)
    assert (await seen(shop, anna)).price_of(1) == 0
    await predicts(shop, anna)
    told = await seen(shop, anna)
    assert told.price_of(1) == WINE.price
    assert told.plan_limit == PlanLimit(
        unit=REQUESTS, amount=2, renews_at=more_at, next_title={"ru": "Plus", "en": "Plus"}, next_amount=50
    )
    shop.clock.now = more_at
    assert (await seen(shop, anna)).plan_left == 2


async def test_who_used_it_up_with_an_account_that_is_gone_reads_the_same(quick: PlanShop) -> None:
    anna = await opens(quick)
    until = quick.clock.advance(days=7)
    quick.clock.advance(days=-7)
    users = table_of(User)
    await quick.cashier.db.write(lambda session: session.execute(update(users).values(free_from=until)))
    limit = (await seen(quick, anna)).plan_limit
    assert limit is not None
    assert (limit.amount, limit.renews_at, limit.next_amount) == (2, until, 50)


async def test_nothing_gives_more_than_the_largest_plan(quick: PlanShop) -> None:
    anna = await opens(quick)
    most = await quick.sells("most", allowances=[(REQUESTS, 101, [])])
    await quick.subscribes(anna, most)
    assert (await seen(quick, anna)).plan_left == 101
    for _ in range(101):
        await predicts(quick, anna)
    limit = (await seen(quick, anna)).plan_limit
    assert limit is not None
    assert (limit.amount, limit.next_title) == (101, None)
