"""Subscriptions under anything that can happen, in any order, by each way of paying and by several at once, on a clock
that is moved by hand: after each step the audit holds, nobody is charged against their will or twice for one period,
and in the end money is a period or has gone back. `PLAN_EXAMPLES=300` runs it longer."""

import asyncio
import os
from collections import defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule
from sqlalchemy import update
from sqlalchemy.orm import Session

from db.base import AnyRow, table_of
from db.tables.payments import Payment, PaymentStatus, Refund, RefundStatus, StrayPayment
from db.tables.plans import (
    LIVE,
    AllowanceUnit,
    MethodState,
    PaymentMethod,
    Plan,
    PlanPrice,
    Subscription,
    SubscriptionPeriod,
)
from services.billing import ledger
from services.money import Money
from services.payments.providers.base import Decline
from services.payments.queries import PaymentView
from services.payments.refunds.begin import RefundRequest
from services.payments.service import Payments
from services.plans.allowances import give_back, take_for_prediction
from services.plans.by_provider import FAILED
from services.plans.changes import BeginsAtOnce, BeginsLater
from services.plans.endings import CannotResume, NoSubscription
from services.plans.free import open_free
from services.plans.methods import MethodGone
from services.plans.next_payment import RenewalUnderWay
from services.plans.offers import PriceStays
from services.plans.plans import PlanGone
from services.plans.replacing import RefundUnderWay
from services.plans.rows import terms_to_come
from services.plans.trials import AlreadySubscribed, TrialUsed
from tests.support.databases import PostgresServer, SqliteServer
from tests.support.faults import Fault
from tests.support.histories import NO_REFUND, History, live, on_databases
from tests.support.plans import PlanShop, next_due
from tests.support.shop import add_model, add_prediction
from tests.support.tills import checkout_of, renewals_of
from tests.support.ways.base import Try, Way, open_till
from tests.support.ways.cloudpayments import CloudPaymentsWay
from tests.support.ways.stars import StarsWay
from tests.support.ways.yookassa import YooKassaWay

prices = table_of(PlanPrice)
EXAMPLES = int(os.environ.get("PLAN_EXAMPLES", "20"))
STEPS = 40
ANNA = 501
T = TypeVar("T")
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

WAYS = st.sampled_from([(0,), (1,), (2,), (0, 2), (1, 2), (0, 1, 2)])
"""What the shop offers."""
WHICH = st.integers(0, 5)
DECLINES = st.lists(st.sampled_from(Decline), max_size=3)
PLANS = st.sampled_from(["lite", "plus", "pro", "year"])
FAULTS = st.sampled_from([Fault.LOST, Fault.LOST_ANSWER, Fault.KEY, Fault.CRASH, Fault.CRASH_AFTER])
STARTS = st.sampled_from(
    [
        datetime(2026, 11, 16, 9, tzinfo=UTC),
        datetime(2027, 1, 31, 23, 59, tzinfo=UTC),
        datetime(2027, 3, 27, 22, 30, tzinfo=UTC),  # before the change to summer time
        datetime(2028, 2, 29, 12, tzinfo=UTC),
    ]
)
NOT_SOLD = (AlreadySubscribed, BeginsLater, RefundUnderWay, RenewalUnderWay)
GIVEN: list[tuple[AllowanceUnit, int, list[str]]] = [(AllowanceUnit.REQUESTS, 3, [])]
ON_SALE: dict[str, dict[str, Any]] = {  # Any: the columns' values
    "lite": {"kopecks": 10_000, "stars": 70, "allowances": GIVEN},
    "plus": {"kopecks": 30_000, "stars": 200, "credits": 50_00, "allowances": GIVEN},
    "pro": {"kopecks": 90_000, "stars": 600, "credits": 200_00},
    "year": {"kopecks": 300_000, "stars": 2_000, "credits": 100_00, "months": 12, "allowances": GIVEN},
}


class SubscriptionHistory(History):
    """One customer, four plans and a free one; two processes of the shop over one database."""

    def __init__(self, server: SqliteServer | PostgresServer) -> None:
        super().__init__(server)
        self.shop = PlanShop(cashier=self.cashier)
        self.ways: list[Way] = []
        self.tills: list[Payments] = []
        self.predictions: list[UUID] = []
        self.unwanted: set[str] = set()
        """Saved methods that are not to be charged: taken back, refused for good, of what was cancelled or replaced."""
        self.tokens: set[str] = set()
        self.seen: dict[str, int] = defaultdict(int)
        """Tries of each way that were looked at."""
        self.periods_seen: set[int] = set()
        self.to_go_back: set[str] = set()
        """Charges that a provider made by itself before it was told to stop."""

    @initialize(start=STARTS, offered=WAYS, plan=PLANS)
    def open(self, start: datetime, offered: tuple[int, ...], plan: str) -> None:
        """Most of what can happen happens to who has a plan."""
        self.clock.now = start
        every = [
            YooKassaWay(clock=self.clock),
            CloudPaymentsWay(clock=self.clock),
            StarsWay(clock=self.clock, person=ANNA),
        ]
        self.ways = [every[each] for each in offered]
        self.restart()
        self.write(add_model)
        self.anna = self.run(self.cashier.customer(telegram_id=ANNA))
        self.plans = {name: self.run(self.shop.sells(name, **terms)) for name, terms in ON_SALE.items()}
        self.run(self.shop.sells("free", kopecks=None, allowances=[(AllowanceUnit.REQUESTS, 1, [])]))
        self.trial = self.run(self.shop.sells("trial", kopecks=20_000, trial_days=7, credits=5_00))
        self.attempt(self.shop_round())
        self.buys(plan, 0, consent=True, pages=1, pays=1, told=True)

    def restart(self) -> None:
        """Two workers over the same database; the first one hears what providers tell."""
        self.close()
        self.tills = [open_till(self.cashier, self.ways) for _ in range(2)]
        self.cashier.till = self.tills[0]
        for way in self.ways:
            way.joins(self.tills[0])

    def close(self) -> None:
        for till in self.tills:
            till.close()

    def write(self, work: Callable[..., T], *given: Any, **more: Any) -> T:  # Any: what it takes
        return self.run(self.db.write(work, *given, **more))

    def way(self, which: int) -> Way:
        return self.ways[which % len(self.ways)]

    # What the customer does.

    @rule(
        plan=PLANS,
        which=WHICH,
        consent=st.sampled_from([True, True, False]),
        pages=st.integers(1, 2),
        pays=st.integers(0, 2),
        told=st.booleans(),
    )
    def buys(self, plan: str, which: int, *, consent: bool, pages: int, pays: int, told: bool) -> None:
        """On one page or two, of which some are paid."""
        way = self.way(which)
        begun = [self.attempt(self.begins(plan, way, consent=consent), *NOT_SOLD) for _ in range(pages)]
        for payment in [each for each in begun if each is not None][:pays]:
            self.pays(way, str(payment.id))
            if told:
                self.attempt(way.tells())

    @precondition(lambda self: self.subscription() is None)
    @rule(plan=PLANS, which=WHICH)
    def begins_again(self, plan: str, which: int) -> None:
        self.buys(plan, which, consent=True, pages=1, pays=1, told=True)

    async def begins(self, plan: str, way: Way, *, consent: bool) -> PaymentView:
        return await self.shop.begins(self.anna, self.plans[plan], consent=consent, provider=way.name)

    @rule(plan=PLANS, which=WHICH, told=st.booleans())
    def presses_for_a_saved_card(self, plan: str, which: int, *, told: bool) -> None:
        """It is charged at once."""
        way = self.way(which)
        self.attempt(self.charges(plan, way), *NOT_SOLD, MethodGone)
        if told:
            self.attempt(way.tells())

    async def charges(self, plan: str, way: Way) -> None:
        ways = await checkout_of(self.tills[0]).ways(self.anna, self.plans[plan])
        saved = next((each.saved for each in ways if each.provider == way.name), None)
        if saved is not None:
            await self.shop.begins(self.anna, self.plans[plan], provider=way.name, method_id=saved.id)

    @rule(which=WHICH, page=WHICH)
    def pays_an_old_page(self, which: int, page: int) -> None:
        """Whatever page is still open, also one that was given up."""
        way = self.way(which)
        if pages := way.pages():
            self.pays(way, pages[page % len(pages)])

    def pays(self, way: Way, our_id: str) -> None:
        before = len(way.tries())
        self.attempt(way.pays(our_id))
        if len(way.tries()) > before:
            payment = next(row for row in self.rows(Payment) if str(row.id) == our_id)
            if payment.consent is not None:
                self.unwanted -= self.names_of(way.tries()[-1].id)

    @rule(seconds=st.sampled_from([-60, -1, 0, 60]), which=WHICH, plan=PLANS)
    def chooses_in_the_last_minute(self, seconds: int, which: int, plan: str) -> None:
        row = self.subscription()
        if row is not None and row.price is not None and row.ends_at < self.clock() + 40 * DAY:
            self.comes(max(self.clock(), row.ends_at + timedelta(seconds=seconds)), is_open=False)
            self.buys(plan, which, consent=True, pages=1, pays=1, told=True)

    @rule(what=st.sampled_from(["cancels", "thinks_better_of_it", "takes_her_cards_back", "ends_it_in_telegram"]))
    def decides(self, what: str) -> None:
        getattr(self, what)()

    def cancels(self) -> None:
        async def cancel() -> bool:
            await self.shop.subscriptions.cancel(self.anna)
            return True

        if self.attempt(cancel(), NoSubscription):
            self.unwanted |= self.tokens

    def thinks_better_of_it(self) -> None:
        async def resume() -> bool:
            await self.shop.subscriptions.resume(self.anna)
            return True

        row = self.subscription()
        if self.attempt(resume(), NoSubscription, CannotResume) and row is not None:
            self.unwanted -= {each.token for each in self.rows(PaymentMethod) if each.id == row.method_id}

    def takes_her_cards_back(self) -> None:
        for method in self.run(self.shop.methods.of(self.anna)):
            token = next(each.token for each in self.rows(PaymentMethod) if each.id == method.id)
            self.run(self.shop.methods.unlink(self.anna, method.id))
            self.unwanted.add(token)

    def ends_it_in_telegram(self) -> None:
        """Or begins it again there."""
        for way in self.ways:
            if isinstance(way, StarsWay):
                before = {key for key in way.months if way.runs(key)}
                way.ends(0)
                self.unwanted -= {key for key in way.months if way.runs(key)} - before

    @rule(plan=PLANS)
    def chooses_for_later(self, plan: str) -> None:
        later = self.shop.subscriptions.schedule(self.anna, self.plans[plan])
        self.attempt(later, NoSubscription, BeginsAtOnce, PlanGone, RenewalUnderWay)

    @rule(plan=PLANS, percent=st.sampled_from([50, 90, 110]))
    def a_price_changes(self, plan: str, percent: int) -> None:
        """And she agrees to it where she may."""

        def change(session: Session) -> None:
            here = prices.c.plan_id == self.plans[plan]
            session.execute(update(prices).where(here).values(amount=prices.c.amount * percent // 100))

        self.write(change)
        self.attempt(self.shop.subscriptions.agree(self.anna), NoSubscription, PlanGone, PriceStays)

    @rule(tries=st.booleans())
    def predicts(self, tries: bool) -> None:
        if tries:
            trial = self.shop.subscriptions.start_trial(self.anna, self.trial)
            self.attempt(trial, TrialUsed, AlreadySubscribed)

        def predict(session: Session) -> UUID | None:
            open_free(session, self.anna, self.clock())
            prediction_id = add_prediction(session, user_id=self.anna, price=0)
            taken = take_for_prediction(session, self.anna, "wine", prediction_id, self.clock())
            return prediction_id if taken else None

        if (prediction_id := self.write(predict)) is not None:
            self.predictions.append(prediction_id)

    @precondition(lambda self: self.predictions)
    @rule(which=st.integers(0, 50))
    def it_fails(self, which: int) -> None:
        prediction_id = self.predictions[which % len(self.predictions)]
        self.write(lambda session: give_back(session, prediction_id=prediction_id))

    # What time brings.

    @rule(hours=st.sampled_from([1, 5, 13, 25, 24 * 7, 24 * 30, 24 * 31]), told=st.sampled_from([True, True, False]))
    def time_passes(self, hours: int, told: bool) -> None:
        self.comes(self.clock() + hours * HOUR, told=told)

    @precondition(lambda self: self.subscription() is not None)
    @rule(hours=st.sampled_from([-13, -11, -1, 1, 1, 14, 80]), told=st.sampled_from([True, True, False]))
    def the_period_ends(self, hours: int, told: bool) -> None:
        """Or will soon."""
        if (row := self.subscription()) is not None and row.price is not None:
            self.comes(row.ends_at + hours * HOUR, told=told)

    @rule(days=st.sampled_from([1, 4, 40, 100]))
    def the_shop_sleeps(self, days: int) -> None:
        self.comes(self.clock() + days * DAY, is_open=False)
        self.attempt(self.shop_round())

    @rule(which=WHICH, days=st.integers(1, 3), hears=st.booleans(), at_the_end=st.booleans())
    def a_provider_is_silent(self, which: int, days: int, *, hears: bool, at_the_end: bool) -> None:
        """`hears`: it does what it is asked for all the same."""
        way, row = self.way(which), self.subscription()
        if at_the_end and row is not None and row.price is not None:
            self.comes(row.ends_at - 13 * HOUR)
        if hears:
            way.faults.extend([Fault.LOST_ANSWER] * 1000)
        else:
            way.is_away(True)
        self.comes(self.clock() + days * DAY, told=False)
        way.is_away(False)
        way.faults.clear()

    def comes(self, moment: datetime, *, is_open: bool = True, told: bool = True) -> None:
        """Providers do what it is time for, and the shop, if `is_open`, whenever there is something to do. `told`:
        of what happens there at once; else the shop finds it in the provider's list."""
        waits = False
        while self.clock() < moment:
            due = [each for each in (way.next_moment() for way in self.ways) if each is not None]
            if is_open and (look := self.run(self.db.read(next_due))) is not None:
                due.append(max(look, self.clock() + MINUTE))
            if waits:
                due.append(self.clock() + HOUR)
            self.clock.now = max(self.clock(), min([moment, *due]))
            waits = True in [way.wakes() for way in self.ways]
            if is_open:
                self.attempt(self.hour(told=told))

    async def hour(self, *, told: bool) -> None:
        for way in self.ways if told else ():
            await way.tells()
        await self.shop_round()

    async def shop_round(self, which: int = 0) -> None:
        till = self.tills[which]
        await renewals_of(till).round()
        await till.reconciler.round()
        await self.db.write(ledger.expire, now=self.clock())

    @rule()
    def two_workers(self) -> None:
        async def both() -> None:
            await asyncio.gather(self.shop_round(0), self.shop_round(1))

        self.attempt(both())

    # What happens at providers and on the way.

    @rule(which=WHICH, declines=DECLINES)
    def charges_will_be_declined(self, which: int, declines: list[Decline]) -> None:
        self.way(which).will_decline(declines)

    @rule(which=WHICH, faults=st.lists(FAULTS, min_size=1, max_size=3))
    def something_goes_wrong(self, which: int, faults: list[Fault]) -> None:
        self.way(which).faults.extend(faults)

    @rule(which=WHICH, what=st.sampled_from(["news comes before the answer", "the bank takes its time"]))
    def another_mood(self, which: int, what: str) -> None:
        """Of the provider, or its former one again."""
        way = self.way(which)
        if what == "news comes before the answer":
            way.is_hasty = not way.is_hasty
        elif isinstance(way, YooKassaWay):
            way.takes_its_time()

    @rule(which=WHICH, told=st.booleans())
    def is_told(self, which: int, told: bool) -> None:
        """Or the news is lost."""
        way = self.way(which)
        if told:
            self.attempt(way.tells())
        else:
            way.forgets_to_tell()

    @rule(which=WHICH, place=WHICH, part=st.sampled_from([2, 1]))
    def money_goes_back_by_itself(self, which: int, place: int, part: int) -> None:
        way = self.way(which)
        if taken := [each for each in way.tries() if each.is_taken and each.sent_back < each.amount]:
            way.sends_back(taken[place % len(taken)], part=part)

    @rule(which=WHICH, part=st.sampled_from([2, 1]))
    def is_refunded(self, which: int, part: int) -> None:
        if paid := [each for each in self.rows(Payment) if each.status == PaymentStatus.SUCCEEDED]:
            payment = paid[which % len(paid)]
            amount = Money(payment.amount_kopecks // (1 if payment.currency == "XTR" else part), payment.currency)
            self.attempt(self.refund(payment.id, amount), *NO_REFUND)

    async def refund(self, payment_id: UUID, amount: Money) -> None:
        actor = await self.cashier.owner()
        wish = RefundRequest(id=uuid4(), payment_id=payment_id, amount=amount, actor=actor, confirmed=True)
        await self.cashier.till.refunds.start(wish)

    # What holds whatever happens.

    @invariant()
    def nobody_is_charged_against_their_will(self) -> None:
        """A provider who charges by itself may do so until it is told; that money goes back. She may press a button
        for what is not to be charged by itself."""
        pressed = {str(row.id) for row in self.rows(Payment) if row.method_id is not None and row.consent is not None}
        for way in self.ways:
            tries = way.tries()
            for each in tries[self.seen[way.name] :]:
                if each.token in self.unwanted and way.charges_itself:
                    self.to_go_back.add(each.id)
                elif each.our_id not in pressed:
                    assert each.token not in self.unwanted, f"{each} was charged against her will"
                if each.refused and each.token is not None:
                    self.unwanted.add(each.token)
            self.seen[way.name] = len(tries)
        self.learn_her_will()

    def learn_her_will(self) -> None:
        """What she paid for with her consent may be charged; what she replaced without one may not."""
        payments = {row.id: row for row in self.rows(Payment)}
        self.tokens |= {row.token for row in self.rows(PaymentMethod) if row.token is not None}
        new = [row for row in self.rows(SubscriptionPeriod) if row.id not in self.periods_seen and row.payment_id]
        self.periods_seen |= {row.id for row in new}
        kept: set[str] = set()  # with what was heard of after it
        for period in sorted(new, key=lambda row: row.id, reverse=True):
            payment = payments[period.payment_id]
            if payment.consent is not None and payment.method_id is not None:
                agreed = {each.token for each in self.rows(PaymentMethod) if each.id == payment.method_id} - {None}
                kept |= agreed
                self.unwanted -= agreed
            elif payment.consent is not None:
                kept |= self.names_of(payment.charge_id or payment.provider_payment_id)
            elif period.number == 1:
                self.unwanted |= self.tokens - kept

    @invariant()
    def what_will_be_charged_was_agreed(self) -> None:
        row = self.subscription()
        if row is None or row.price is None or not row.auto_renew:
            return
        method = next((each for each in self.rows(PaymentMethod) if each.id == row.method_id), None)
        if method is not None and method.state == MethodState.ACTIVE and not method.by_provider:
            plan_id, price = terms_to_come(row)
            months = next(plan.months for plan in self.rows(Plan) if plan.id == plan_id)
            said = [method.consent[name] for name in ("amount", "currency", "months")]
            assert said == [price, row.currency, months], f"{row} is not what {method.consent} says"

    @invariant()
    def a_period_is_charged_once(self) -> None:
        """And not tried more often than twice a day."""
        ours = {str(row.id): row for row in self.rows(Payment)}
        charges: dict[tuple[str, UUID, int], list[Try]] = defaultdict(list)
        for way in [each for each in self.ways if not each.charges_itself]:
            for each in [each for each in way.tries() if each.token is not None]:
                row = ours[each.our_id]
                if row.subscription_id is None:
                    continue  # a plan that begins when its button is pressed
                charges[way.name, row.subscription_id, row.period_number].append(each)
        for made in charges.values():
            assert sum(each.is_taken for each in made) <= 1, f"charged twice: {made}"
            assert all(third.at - first.at >= DAY for first, third in zip(made, made[2:], strict=False)), made

    @invariant()
    def nobody_has_what_was_not_paid(self) -> None:
        taken = {(way.name, each.id): each for way in self.ways for each in way.tries() if each.is_taken}
        for row in self.rows(Payment):
            if row.status == PaymentStatus.SUCCEEDED:
                money = taken.get((row.provider, row.charge_id)) or taken[row.provider, row.provider_payment_id]
                assert money.amount == row.amount_kopecks, row

    def come_to_rest(self) -> None:
        """Money that could not go back is tried again after a week at the latest."""
        if not self.ways:
            return
        for way in self.ways:
            way.calms_down()
        self.run(self.hour(told=True))
        self.comes(self.clock() + 8 * DAY)
        self.run(self.cashier.till.reconciler.round(everything=True))
        self.comes(self.clock() + 2 * HOUR)
        self.nobody_is_charged_against_their_will()
        for way in self.ways:
            self.money_is_a_period_or_went_back(way)
        self.telegram_charges_for_what_there_is()

    def money_is_a_period_or_went_back(self, way: Way) -> None:
        paid = [row for row in self.rows(Payment) if row.status == PaymentStatus.SUCCEEDED and row.provider == way.name]
        ours = {row.charge_id or row.provider_payment_id: row for row in paid}
        strays = {row.charge_id for row in self.rows(StrayPayment)}
        served = {row.payment_id for row in self.rows(SubscriptionPeriod)}
        refunds = self.rows(Refund)
        assert not [each for each in refunds if each.status == RefundStatus.PENDING]
        for each in [each for each in way.tries() if each.is_taken]:
            if (row := ours.get(each.id)) is None:
                assert each.id in strays or each.sent_back == each.amount, f"{each} was taken for nothing"
                continue
            assert row.id in served or each.sent_back == each.amount, f"{each} was taken for nothing"
            done = [one for one in refunds if one.payment_id == row.id and one.status == RefundStatus.SUCCEEDED]
            assert sum(one.amount_kopecks for one in done) == each.sent_back, each
            assert each.id not in self.to_go_back or each.sent_back == each.amount, f"{each} was not wanted"

    def telegram_charges_for_what_there_is(self) -> None:
        assert not [row for row in self.rows(PaymentMethod) if row.state == MethodState.UNLINKING]
        row = self.subscription()
        mine = {row.method_id for row in [row] if row is not None and (row.auto_renew or row.decline_reason == FAILED)}
        charged = {each.token for each in self.rows(PaymentMethod) if each.id in mine}
        for way in self.ways:
            if isinstance(way, StarsWay):
                assert {key for key in way.months if way.runs(key)} <= charged

    def subscription(self) -> AnyRow | None:
        return next((row for row in self.rows(Subscription) if row.status in LIVE), None)

    def names_of(self, charge_id: str) -> set[str]:
        """That the provider may have given to what she paid with."""
        return {charge_id, f"method-{charge_id}", f"card-of-{self.anna}"}


@on_databases(EXAMPLES, few=3)
def test_whatever_happens(server: SqliteServer | PostgresServer, examples: int) -> None:
    live(SubscriptionHistory, server, examples=examples, steps=STEPS)
