"""What a customer's subscription is, and what they do with it."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.engine import Database
from db.tables.currencies import Currency
from db.tables.plans import MethodState, PeriodKind, SubscriptionStatus
from services.clock import Clock
from services.money import Money
from services.pages import Page, paginate
from services.payments.pricing import Pricing
from services.payments.queries import PaymentView, find_payment
from services.payments.refunds.paid_lots import held_of_period
from services.plans.allowances import AllowanceLeft, allowances_of, free_allowances
from services.plans.changes import ChangeQuote, quote_change, schedule
from services.plans.endings import cancel, resume
from services.plans.free import had_already
from services.plans.methods import MethodView, find_method
from services.plans.months import end_of_months
from services.plans.offers import agree
from services.plans.plans import PlanView, find_plan, free_plan
from services.plans.rows import is_free, is_paid_by_hand, live_of, period_of_payment, periods, running_period
from services.plans.times import charge_at
from services.plans.trials import may_try, start_trial
from services.users.departures import NO_KEY, PersonKey


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionView:
    """`id`: None of a free plan that was not needed yet. `plan` of the running period, `paid_ahead` where
    another one is paid for what follows it. `price` agreed for a period, None where it is free; `last_price` of the
    last plan. `number` of the last period that was opened; `starts_at` and `runs_until` of the running one, `ends_at`
    of all that is paid. `scheduled`: the plan of the next period, the same one where a new price was agreed.
    `next_charge`: what will be taken without asking, and when. `allowances`: of the running period, none while it is
    past due; `credits`: that it gave, in hundredths, of which `credits_left` are not spent."""

    id: UUID | None
    user_id: int
    plan: PlanView
    status: SubscriptionStatus
    price: Money | None
    provider: str | None
    method: MethodView | None
    starts_at: datetime
    runs_until: datetime
    ends_at: datetime
    auto_renew: bool
    cancel_at_period_end: bool
    scheduled: PlanView | None
    scheduled_price: Money | None
    next_charge: tuple[Money, datetime] | None
    decline_reason: str | None
    number: int
    allowances: tuple[AllowanceLeft, ...]
    credits: int = 0
    credits_left: int = 0
    paid_ahead: PlanView | None = None
    last_price: Money | None = None

    @property
    def last_plan(self) -> PlanView:
        """Of the last period that is paid."""
        return self.paid_ahead or self.plan

    @property
    def next_plan(self) -> PlanView:
        """Of the one that would be paid after all these."""
        return self.scheduled or self.last_plan

    @property
    def is_free(self) -> bool:
        return is_free(price=self.price, status=self.status)

    @property
    def is_paid_by_hand(self) -> bool:
        """The next period, by nothing but its owner's own hand."""
        auto, reason = self.auto_renew, self.decline_reason
        return not self.is_free and is_paid_by_hand(auto_renew=auto, status=self.status, decline_reason=reason)

    @property
    def can_cancel(self) -> bool:
        """Something would be charged, or is waited for."""
        waited_for = self.auto_renew or self.status is SubscriptionStatus.PAST_DUE
        return self.price is not None and waited_for

    @property
    def can_resume(self) -> bool:
        """It has ended its renewals, and what they were charged to is still there."""
        return self._could_go_on and self.method is not None and not self.method.by_provider

    @property
    def can_resume_in_telegram(self) -> bool:
        """The same where Telegram charges, and was told there to stop."""
        return self._could_go_on and self.method is not None and self.method.by_provider

    @property
    def _could_go_on(self) -> bool:
        method = self.method is not None and self.method.state is MethodState.ACTIVE
        paid = self.price is not None and self.status is SubscriptionStatus.ACTIVE
        return method and paid and not self.auto_renew

    @property
    def is_charged_there(self) -> bool:
        """A provider charges by itself. Once told to stop it is not told to go on."""
        return self.method is not None and self.method.by_provider and self.auto_renew

    @property
    def is_charged_here(self) -> bool:
        """The shop charges a saved method, without asking."""
        return self.method is not None and not self.method.by_provider and self.next_charge is not None

    @property
    def was_stopped(self) -> bool:
        """Who charged by itself was told to stop, and does not begin again by a word of the shop."""
        return self.method is not None and self.method.by_provider and not self.auto_renew

    @property
    def is_stopped_for_good(self) -> bool:
        """The same where that cannot be taken back, also not in Telegram."""
        paid = self.price is not None and self.status is SubscriptionStatus.ACTIVE
        return paid and self.was_stopped and not self.can_resume_in_telegram

    @property
    def offered_price(self) -> Money | None:
        """What new subscribers pay, where that is another price and nothing is chosen for the next period yet. Who
        charges by itself knows one price; who is not charged any more is asked to nothing but to pay less."""
        if self.paid_ahead is not None:
            return None
        if self.price is None or self.scheduled is not None or self.cancel_at_period_end or not self.plan.enabled:
            return None
        if self.method is not None and self.method.by_provider:
            return None
        now = self.plan.prices.get(Currency(self.price.currency))
        wanted = now is not None and (now.minor < self.price.minor or (self.auto_renew and now != self.price))
        return now if wanted else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodView:
    """`price`: what was paid; `closed_at`: when it ended before its time. `credits` in hundredths."""

    number: int
    plan: PlanView
    kind: PeriodKind
    starts_at: datetime
    ends_at: datetime
    closed_at: datetime | None
    payment_id: UUID | None
    price: Money | None
    credits: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanBought:
    """What a payment for a plan is for. `number` of the period; `period`: None until it is paid, and where the money
    bought nothing; `is_over`: that one; `by_itself`: nobody pressed a button for it."""

    plan: PlanView
    number: int
    period: PeriodView | None
    by_itself: bool
    is_over: bool = False


class Subscriptions:
    def __init__(self, db: Database, clock: Clock, pricing: Pricing, people: PersonKey = NO_KEY) -> None:
        """`people`: by which somebody is known who deleted their account."""
        self._db = db
        self._people = people
        self._clock = clock
        self._pricing = pricing

    async def of(self, user_id: int) -> SubscriptionView | None:
        """That which is live: paid, tried, past due, or the free one."""
        return await self._db.read(subscription_of, user_id, self._clock())

    async def periods(self, user_id: int, page: int = 0, size: int = 10) -> Page[PeriodView]:
        """Newest first, of all that this user subscribed to."""
        return await self._db.read(periods_of, user_id, page, size)

    async def bought_by(self, payment: PaymentView) -> PlanBought | None:
        """None where it is not for a plan."""
        return await self._db.read(bought_by, payment, self._clock())

    async def cancel(self, user_id: int) -> None:
        """Nothing is charged any more; what was paid stays. Raises `NoSubscription`."""
        await self._db.write(cancel, user_id, self._clock())

    async def resume(self, user_id: int) -> None:
        """Raises `NoSubscription`, `CannotResume`, `RenewedInTelegram`."""
        await self._db.write(resume, user_id, self._clock())

    async def quote_change(self, user_id: int, plan_id: int) -> ChangeQuote:
        """Raises `PlanGone`, `RefundUnderWay`, `RestUnpriced`."""
        return await self._db.read(quote_change, user_id, plan_id, self._clock(), self._pricing)

    async def schedule(self, user_id: int, plan_id: int, shown: Money | None = None) -> None:
        """A cheaper plan for the next period, at the price that was `shown`; the present one takes that back. Raises
        `NoSubscription`, `PlanGone`, `BeginsAtOnce`, `OtherPrice`, `RenewalUnderWay`."""
        await self._db.write(schedule, user_id, plan_id, self._clock(), shown)

    async def start_trial(self, user_id: int, plan_id: int) -> None:
        """Raises `PlanGone`, `TrialUsed`, `AlreadySubscribed`."""
        await self._db.write(start_trial, user_id, plan_id, self._clock(), self._people)

    async def may_try(self, user_id: int, plan: PlanView) -> bool:
        """Without paying, once."""
        return await self._db.read(may_try, user_id, plan, self._people)

    async def agree(self, user_id: int, price: Money | None = None) -> Money:
        """To the plan's present price: `price`, as it was shown. Raises `NoSubscription`, `PlanGone`, `OtherPrice`,
        `PriceStays`."""
        return await self._db.write(agree, user_id, self._clock(), price)


def subscription_of(session: Session, user_id: int, now: datetime) -> SubscriptionView | None:
    live = live_of(session, user_id)
    if live is None:
        return _unneeded(session, user_id, now)
    last, running = find_plan(session, live.plan_id), running_period(session, user_id, now)
    if running is None and is_free(price=live.price, status=live.status):
        return _unneeded(session, user_id, now)
    scheduled = None if live.scheduled_plan_id is None else find_plan(session, live.scheduled_plan_id)
    price, plan = _money(live.price, live.currency), last
    if running is not None and running.plan_id != last.id:
        plan = find_plan(session, running.plan_id)
    scheduled_price, method = _money(live.scheduled_price, live.currency), find_method(session, live.method_id)
    return SubscriptionView(
        id=live.id,
        user_id=user_id,
        plan=plan,
        status=SubscriptionStatus(live.status),
        price=price if running is None or plan is last else _price_of(session, running),
        provider=live.provider,
        method=method,
        starts_at=live.starts_at if running is None else running.starts_at,
        runs_until=live.ends_at if running is None else running.ends_at,
        ends_at=live.ends_at,
        auto_renew=live.auto_renew,
        cancel_at_period_end=live.cancel_at_period_end,
        scheduled=scheduled,
        scheduled_price=scheduled_price,
        next_charge=_next_charge(live, method, scheduled_price or price, now),
        decline_reason=live.decline_reason,
        number=live.number,
        allowances=() if running is None else allowances_of(session, running.id),
        credits=0 if running is None else running.credits,
        credits_left=held_of_period(session, running.id, now) if running is not None and running.credits else 0,
        paid_ahead=None if plan is last else last,
        last_price=price,
    )


def _price_of(session: Session, period: AnyRow) -> Money | None:
    payment = None if period.payment_id is None else find_payment(session, period.payment_id)
    return None if payment is None else payment.amount


def periods_of(session: Session, user_id: int, page: int, size: int) -> Page[PeriodView]:
    mine = select(periods).where(periods.c.user_id == user_id).order_by(periods.c.starts_at.desc(), periods.c.id.desc())
    found = paginate(session, mine, page, size)
    return found.holding([_period_view(session, row) for row in found.items])


def bought_by(session: Session, payment: PaymentView, now: datetime) -> PlanBought | None:
    if payment.plan_id is None:
        return None
    row = period_of_payment(session, payment.id)
    return PlanBought(
        plan=find_plan(session, payment.plan_id),
        number=(payment.period_number or 1) if row is None else row.number,
        period=None if row is None else _period_view(session, row),
        by_itself=payment.by_itself,
        is_over=row is not None and (row.closed_at is not None or row.ends_at <= now),
    )


def _period_view(session: Session, row: AnyRow) -> PeriodView:
    return PeriodView(
        number=row.number,
        plan=find_plan(session, row.plan_id),
        kind=PeriodKind(row.kind),
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        closed_at=row.closed_at,
        payment_id=row.payment_id,
        price=_price_of(session, row),
        credits=row.credits,
    )


def _unneeded(session: Session, user_id: int, now: datetime) -> SubscriptionView | None:
    """The free plan as it would begin now."""
    plan = free_plan(session)
    if plan is None:
        return None
    given = free_allowances(session, user_id, plan, now)
    ends_at = had_already(session, user_id, now) or end_of_months(now, plan.months, anchor_day=now.day)
    return SubscriptionView(
        id=None,
        user_id=user_id,
        plan=plan,
        status=SubscriptionStatus.ACTIVE,
        price=None,
        provider=None,
        method=None,
        starts_at=now,
        runs_until=ends_at,
        ends_at=ends_at,
        auto_renew=False,
        cancel_at_period_end=False,
        scheduled=None,
        scheduled_price=None,
        next_charge=None,
        decline_reason=None,
        number=0,
        allowances=given,
    )


def _money(minor: int | None, currency: str | None) -> Money | None:
    return None if minor is None or currency is None else Money(minor, Currency(currency))


def _next_charge(
    live: AnyRow, method: MethodView | None, price: Money | None, now: datetime
) -> tuple[Money, datetime] | None:
    if price is None or method is None or not live.auto_renew or live.cancel_at_period_end:
        return None
    if method.by_provider:
        return price, live.ends_at
    planned = charge_at(live.ends_at)
    return price, max(planned, live.look_at or planned, now)  # later where it was announced late, or declined
