"""A card that is kept at the sandbox's CloudPayments, charged by a whole shop as the months go by."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.app import App
from bot.demo.clock import SandboxClock
from db.base import table_of
from db.tables.outbox import OutboxMessage
from db.tables.payments import PaymentStatus
from db.tables.plans import MethodState, Subscription, SubscriptionStatus
from sandbox.client.cloudpayments import CloudPaymentsSite
from sandbox.client.sandbox import Sandbox
from sandbox.testing import new_world, running_sandbox
from services.billing.audit import run_audit
from services.identity.merging import look, merge_accounts
from services.payments.providers.base import ResultUnknown
from services.payments.service import Payments
from services.plans.checkout import PlanOrder
from services.plans.subscriptions import SubscriptionView
from services.plans.times import charge_at, warn_at
from tests.conversations.stage import shop_settings
from tests.support.databases import SqliteServer
from tests.support.plans import add_plan
from tests.support.shop import add_outsider, add_user
from tests.support.waiting import until

pytestmark = pytest.mark.asyncio(loop_scope="session")
PARTS = ("bot", "web")  # what the clock wakes the tests wake
ONCE, TWICE = [("Completed", 0)], [("Completed", 0)] * 2
DAY = timedelta(days=1)


@dataclass(slots=True, kw_only=True)
class Stand:
    sandbox: Sandbox
    site: CloudPaymentsSite
    app: App
    till: Payments
    plan_id: int

    async def subscriber(self, user_id: int | None = None) -> int:
        """Who has just paid the first period, and let the card be kept."""
        anna: int = await self.app.db.write(add_user) if user_id is None else user_id
        await self.pays_by_hand(anna)
        assert (await self.of(anna)).number == 1
        return anna

    async def begins(self, user_id: int) -> None:
        order = PlanOrder(
            user_id=user_id,
            plan_id=self.plan_id,
            email="anna@example.com",
            return_url="https://t.me/shop",
            consent=True,
            provider="cloudpayments",
        )
        checkout = self.app.services.plan_checkout
        assert checkout is not None
        await checkout.start(order)

    async def pays_by_hand(self, user_id: int) -> None:
        await self.begins(user_id)
        await self.site.pays()
        await self.settles()

    async def dearer(self) -> int:
        name = f"dear-{uuid4().hex[:8]}"
        return await self.app.db.write(lambda session: add_plan(session, name, kopecks=900_00))

    async def unlinks(self, user_id: int) -> None:
        method = (await self.of(user_id)).method
        assert method is not None
        await self.app.services.payment_methods.unlink(user_id, method.id)

    async def presses(self, user_id: int, plan_id: int) -> PaymentStatus:
        """The button of the card that was kept."""
        checkout = self.app.services.plan_checkout
        assert checkout is not None
        ways = await checkout.ways(user_id, plan_id)
        saved = next(each.saved for each in ways if each.provider == "cloudpayments")
        assert saved is not None
        order = PlanOrder(
            user_id=user_id,
            plan_id=plan_id,
            email="anna@example.com",
            return_url="https://t.me/shop",
            provider="cloudpayments",
            method_id=saved.id,
        )
        return (await checkout.start(order)).status

    async def of(self, user_id: int) -> SubscriptionView:
        found = await self.app.services.subscriptions.of(user_id)
        assert found is not None
        return found

    async def comes(self, moment: datetime) -> None:
        """The time, in the sandbox and in the shop, which does what is due then."""
        await self.sandbox.advance((moment - self.app.clock()).total_seconds())

        async def knows() -> bool:
            return self.app.clock() >= moment

        await until(knows)
        await self.settles()

    async def settles(self) -> None:
        """All that is due is done, and all that CloudPayments has to tell is told and looked into."""

        async def is_quiet() -> bool:
            return not await self.till.events.unhandled()

        while True:
            await self.site.webhooks()
            await until(is_quiet)
            if not await self.app.services.renewals.round():
                break
        await self.till.refunds.check_due(everything=True)

    async def is_renewal_time(self, user_id: int) -> None:
        """First its owner is warned: nothing is charged without that."""
        ends_at = (await self.of(user_id)).ends_at
        await self.comes(warn_at(ends_at))
        await self.comes(charge_at(ends_at))

    async def taken(self, user_id: int) -> list[tuple[str, int]]:
        """From this user's card, oldest first."""
        made = [each for each in await self.site.transactions() if each["AccountId"] == str(user_id)]
        return [(each["Status"], each["ReasonCode"]) for each in reversed(made)]

    async def told(self, user_id: int) -> list[str]:
        """What they were told of their subscription, in order."""
        rows = table_of(OutboxMessage)
        mine = select(rows.c.payload).where(rows.c.kind == "plan", rows.c.user_id == user_id).order_by(rows.c.id)
        return [each["fact"] for each in await self.app.db.read(lambda session: list(session.scalars(mine)))]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def stand(sqlite_server: SqliteServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stand]:
    """In a sandbox of its own: nobody else's time is moved."""
    async with running_sandbox() as url, new_world(url) as sandbox:
        site = await sandbox.cloudpayments()
        settings = shop_settings(
            sandbox,
            sqlite_server.create(),
            cloudpayments_public_id=site.public_id,
            cloudpayments_api_secret=site.api_secret,
            cloudpayments_api_url=site.api_url,
        )
        file = tmp_path_factory.mktemp("clock") / "ahead"
        clock = SandboxClock(f"{sandbox.base_url}/sandbox/api/{sandbox.bot_id}", file)
        async with App(settings, clock=clock, parts=PARTS).running() as app:
            app.supervisor.keep(lambda: clock.follow(app.run_jobs_now), name="clock")
            await site.change(webhook_url=f"http://127.0.0.1:{app.web_port}/webhooks/cloudpayments")
            till = app.services.payments
            assert till is not None
            plan_id = await app.db.write(lambda session: add_plan(session, kopecks=300_00))
            yield Stand(sandbox=sandbox, site=site, app=app, till=till, plan_id=plan_id)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def is_sound(stand: Stand) -> AsyncIterator[None]:
    yield
    assert (await run_audit(stand.app.db)).ok
    await stand.site.clear_faults()
    await stand.app.db.write(nobody_subscribes)  # the next test's faults are for its own people


def nobody_subscribes(session: Session) -> None:
    rows = table_of(Subscription)
    gone = {"status": SubscriptionStatus.CANCELED, "look_at": None}
    session.execute(update(rows).values(gone))


async def test_each_month_is_charged_once(stand: Stand) -> None:
    anna = await stand.subscriber()
    for number in (2, 3):
        await stand.is_renewal_time(anna)
        assert (await stand.of(anna)).number == number
    assert await stand.taken(anna) == [("Completed", 0)] * 3
    assert await stand.told(anna) == ["renewal_soon", "renewed"] * 2


@pytest.mark.parametrize("code", [5005, 5057, 6025])
async def test_refused_for_good_it_is_never_charged_again(stand: Stand, code: int) -> None:
    """By the bank, or because the token is another terminal's."""
    anna = await stand.subscriber()
    await stand.site.declines_charges(code)
    await stand.is_renewal_time(anna)
    refused = await stand.of(anna)
    assert refused.method is not None
    assert (refused.method.state, refused.auto_renew) == (MethodState.REFUSED, False)
    await stand.comes(refused.ends_at + 2 * DAY)
    assert await stand.taken(anna) == [*ONCE, ("Declined", code)]
    assert await stand.told(anna) == ["renewal_soon", "declined", "past_due"]


async def test_its_owner_has_to_act_and_pays_by_hand(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.site.declines_charges(5054)
    await stand.is_renewal_time(anna)
    await stand.comes((await stand.of(anna)).ends_at + DAY)
    assert await stand.taken(anna) == [*ONCE, ("Declined", 5054)], "one try"
    await stand.pays_by_hand(anna)
    assert (await stand.of(anna)).status is SubscriptionStatus.ACTIVE


async def test_without_money_it_is_tried_the_next_day(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.site.declines_charges(5051)
    await stand.is_renewal_time(anna)
    declined = stand.app.clock()
    await stand.comes(declined + timedelta(hours=23))
    assert await stand.taken(anna) == [*ONCE, ("Declined", 5051)]
    await stand.site.declines_charges(0)
    await stand.comes(declined + DAY)
    assert await stand.taken(anna) == [*ONCE, ("Declined", 5051), *ONCE]
    assert (await stand.of(anna)).number == 2


async def test_of_a_bank_that_does_not_answer_it_is_asked_twice_a_day(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.site.declines_charges(5091)
    await stand.is_renewal_time(anna)
    first = stand.app.clock()
    await stand.comes(first + timedelta(hours=4))
    await stand.comes(first + timedelta(hours=8))
    assert await stand.taken(anna) == [*ONCE, *[("Declined", 5091)] * 2]
    await stand.site.declines_charges(0)
    await stand.comes(first + timedelta(hours=29))
    assert (await stand.of(anna)).number == 2


async def test_a_token_that_is_gone_there(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.site.forgets_token()
    await stand.is_renewal_time(anna)
    method = (await stand.of(anna)).method
    assert method is not None
    assert method.state is MethodState.REFUSED
    assert await stand.taken(anna) == ONCE


async def test_a_card_that_was_taken_back_is_not_charged(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.unlinks(anna)
    await stand.is_renewal_time(anna)
    await stand.comes((await stand.of(anna)).ends_at)
    assert await stand.taken(anna) == ONCE


async def test_a_page_that_was_given_up_cannot_be_paid_any_more(stand: Stand) -> None:
    anna = await stand.subscriber()
    await stand.unlinks(anna)
    for _ in range(2):
        await stand.begins(anna)
    assert [each["Status"] for each in await stand.site.orders()][:3] == ["Created", "Cancelled", "Paid"]


@pytest.mark.parametrize("taken", [False, True])
async def test_taken_back_while_a_charge_has_no_answer(stand: Stand, *, taken: bool) -> None:
    """What was not taken is not taken any more; what was goes back."""
    anna = await stand.subscriber()
    await stand.site.fault("500_after" if taken else "500", "payments/tokens/charge")
    await stand.site.fault("lose", "pay")
    await stand.is_renewal_time(anna)
    await stand.unlinks(anna)
    await stand.till.settlement.check_due(everything=True)
    await stand.settles()
    assert (await stand.of(anna)).number == 1
    assert await stand.taken(anna) == ([*ONCE, *TWICE] if taken else ONCE), "paid, and its refund"
    assert ("money_back" in await stand.told(anna)) is taken


async def test_the_card_of_an_account_that_became_part_of_another(stand: Stand) -> None:
    """CloudPayments charges a token for the account alone with which it was made."""
    db, old = stand.app.db, await stand.app.db.write(add_outsider)
    await stand.subscriber(old)
    heir = await db.write(add_user)
    await db.write(merge_accounts, await db.read(look, old, heir), stand.app.clock())
    await stand.is_renewal_time(heir)
    assert (await stand.of(heir)).number == 2
    assert await stand.taken(old) == TWICE


async def test_a_dearer_plan_is_charged_from_the_card(stand: Stand) -> None:
    anna, dear = await stand.subscriber(), await stand.dearer()
    assert await stand.presses(anna, dear) is PaymentStatus.SUCCEEDED
    await stand.settles()
    assert (await stand.of(anna)).plan.id == dear
    await stand.is_renewal_time(anna)
    assert (await stand.of(anna)).number == 2
    assert await stand.taken(anna) == [("Completed", 0)] * 3


async def test_a_button_for_a_card_that_the_bank_refuses(stand: Stand) -> None:
    anna, dear = await stand.subscriber(), await stand.dearer()
    await stand.site.declines_charges(5005)
    assert await stand.presses(anna, dear) is PaymentStatus.CANCELED
    await stand.settles()
    now = await stand.of(anna)
    assert (now.plan.id, now.auto_renew) == (stand.plan_id, False)
    assert now.method is not None
    assert now.method.state is MethodState.REFUSED
    assert await stand.told(anna) == ["autopay_off"]


@pytest.mark.parametrize("taken", [False, True])
async def test_a_button_whose_charge_has_no_answer(stand: Stand, *, taken: bool) -> None:
    """It is found, or made with the same key; it is charged once."""
    anna, dear = await stand.subscriber(), await stand.dearer()
    await stand.site.fault("500_after" if taken else "500", "payments/tokens/charge")
    await stand.site.fault("lose", "pay")
    with pytest.raises(ResultUnknown):
        await stand.presses(anna, dear)
    await stand.till.settlement.check_due(everything=True)
    await stand.settles()
    assert (await stand.of(anna)).plan.id == dear
    assert await stand.taken(anna) == TWICE


async def test_the_card_of_another_account_is_charged_by_a_button(stand: Stand) -> None:
    """That became part of this one."""
    db, old, dear = stand.app.db, await stand.app.db.write(add_outsider), await stand.dearer()
    await stand.subscriber(old)
    heir = await db.write(add_user)
    await db.write(merge_accounts, await db.read(look, old, heir), stand.app.clock())
    assert await stand.presses(heir, dear) is PaymentStatus.SUCCEEDED
    assert await stand.taken(old) == TWICE
