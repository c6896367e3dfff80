"""A plan paid in Stars: Telegram charges for it every thirty days, and the shop follows."""

from collections.abc import AsyncIterator

import pytest_asyncio

from bot.app import App
from sandbox.client.person import Person
from sandbox.testing import new_token, new_world, running_sandbox
from services.plans.checkout import PlanOrder
from services.plans.subscriptions import SubscriptionView
from tests.conversations.stage import Stage, shop_settings
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan
from tests.support.waiting import until

MONTH = 30 * 24 * 3600


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stage(sqlite_server: SqliteServer) -> AsyncIterator[Stage]:
    """In a sandbox of its own, whose time goes by months."""
    more = {"stars_price": "0.13", "payment_methods": "stars", "weekly_bonus_credits": 0}
    async with (
        running_sandbox() as url,
        new_world(url, token=new_token()) as sandbox,
        App(shop_settings(sandbox, sqlite_server.create(), **more)).running() as app,
    ):
        yield Stage(sandbox=sandbox, app=app)


async def subscribes(stage: Stage, person: Person, name: str) -> SubscriptionView:
    """To a new plan of 300 Stars."""
    await person.says("/start")
    await person.sees("Здравствуйте")
    plan_id = await stage.app.db.write(lambda session: add_plan(session, name, kopecks=None, stars=300))
    checkout = stage.app.services.plan_checkout
    assert checkout is not None
    user_id = await stage.user_id(person)
    order = PlanOrder(user_id=user_id, plan_id=plan_id, email=None, return_url="", consent=True, provider="stars")
    payment = await checkout.start(order)
    assert payment.confirmation_url is not None
    assert (await person.wallet.pays(payment.confirmation_url)).state == "paid"
    return await reaches(stage, person, number=1)


async def reaches(stage: Stage, person: Person, *, number: int) -> SubscriptionView:
    """That period."""
    user_id = await stage.user_id(person)

    async def found() -> bool:
        return any(each.number == number for each in [await stage.app.services.subscriptions.of(user_id)] if each)

    await until(found)
    subscription = await stage.app.services.subscriptions.of(user_id)
    assert subscription is not None
    return subscription


async def test_each_month_is_a_period_of_its_own(stage: Stage, anna: Person) -> None:
    first = await subscribes(stage, anna, "plus")
    assert (first.provider, first.auto_renew) == ("stars", True)
    await stage.sandbox.advance(MONTH)
    second = await reaches(stage, anna, number=2)
    assert first.next_charge is not None
    assert first.next_charge[1] == first.ends_at  # not before, as a card is
    assert (second.ends_at - first.ends_at).total_seconds() == MONTH
    await stage.sandbox.stars.fault("repeat", "payment", copies=2)
    await stage.sandbox.advance(MONTH)
    third = await reaches(stage, anna, number=3)
    assert (third.ends_at - second.ends_at).total_seconds() == MONTH
    assert await anna.wallet.balance() == 5_000 - 3 * 300


async def test_who_takes_the_way_of_paying_back_is_charged_no_more(stage: Stage) -> None:
    john = await stage.person("Джон", "ru")
    subscription = await subscribes(stage, john, "pro")
    assert subscription.method is not None
    await stage.app.services.payment_methods.unlink(subscription.user_id, subscription.method.id)

    async def is_told() -> bool:
        await stage.app.services.renewals.round()
        return [each["by_bot"] for each in await john.wallet.subscriptions()] == [True]

    await until(is_told)
    await stage.sandbox.advance(MONTH)
    assert await john.wallet.balance() == 4_700
