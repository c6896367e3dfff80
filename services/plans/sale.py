"""What a payment for a plan would be for: a plan that begins when it is paid, or the next period of what its buyer
has."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.plans import SubscriptionStatus
from services.money import Money
from services.payments.context import ProviderAccount
from services.payments.pricing import MAX_STARS, CurrencyNotTaken
from services.payments.providers.base import Autopay
from services.payments.queries import PaymentView
from services.plans.changes import BeginsLater, begins_at_once
from services.plans.next_payment import open_page
from services.plans.plans import PlanGone, PlanView, find_plan, plan_on_sale
from services.plans.replacing import RefundUnderWay, check_rest, is_being_refunded
from services.plans.rows import is_free, is_paid_by_hand, live_of
from services.plans.trials import AlreadySubscribed


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSale:
    """`renews` that subscription, or begins one. `page`: at which the same period can be paid."""

    plan: PlanView
    price: Money
    renews: AnyRow | None
    page: PaymentView | None = None

    def is_ahead(self, now: datetime) -> bool:
        """The period is paid before it begins."""
        return self.renews is not None and self.renews.ends_at > now


def sale_of(session: Session, user_id: int, plan_id: int, account: ProviderAccount, now: datetime) -> PlanSale:
    """By that way of paying. Raises what stands in the way, as `PlanCheckout.start`."""
    live, currency = live_of(session, user_id), account.merchant.currency
    if live is None or is_free(price=live.price, status=live.status):
        plan = plan_on_sale(session, plan_id)
    elif plan_id == (live.scheduled_plan_id or live.plan_id) and _may_pay(live):
        return _next_period(session, live, account, now)
    else:
        plan = plan_on_sale(session, plan_id)
        if plan.id == live.plan_id and live.status == SubscriptionStatus.ACTIVE:
            raise AlreadySubscribed(user_id=user_id)
        if not begins_at_once(session, live, plan):
            raise BeginsLater(plan_id=plan.id)
        if is_being_refunded(session, live.id, now):
            raise RefundUnderWay(user_id=user_id)
        check_rest(session, live.id, account.merchant.pricing, now)
    if plan.is_free:
        raise PlanGone(plan_id=plan.id)
    if (price := plan.prices.get(currency)) is None:
        raise CurrencyNotTaken(plan_id=plan.id)
    return PlanSale(plan=plan, price=price, renews=None)


def _may_pay(live: AnyRow) -> bool:
    return is_paid_by_hand(auto_renew=live.auto_renew, status=live.status, decline_reason=live.decline_reason)


def _next_period(session: Session, live: AnyRow, account: ProviderAccount, now: datetime) -> PlanSale:
    """At the price that was agreed, where this provider takes its currency."""
    if live.starts_at > now:
        raise AlreadySubscribed(user_id=live.user_id)  # the next one is paid
    page = open_page(session, live)
    plan, currency = find_plan(session, live.scheduled_plan_id or live.plan_id), account.merchant.currency
    agreed = live.scheduled_price if live.scheduled_plan_id is not None else live.price
    if agreed is not None and live.currency == currency:
        return PlanSale(plan=plan, price=Money(agreed, currency), renews=live, page=page)
    if (price := plan.prices.get(currency)) is None:
        raise CurrencyNotTaken(plan_id=plan.id)
    return PlanSale(plan=plan, price=price, renews=live, page=page)


def keeps(account: ProviderAccount, sale: PlanSale, now: datetime) -> bool:
    """Whether this way of paying can be charged again for it. Telegram knows months of 30 days alone, which begin when
    they are paid: not where a next period is paid ahead."""
    match account.provider.autopay:
        case Autopay.NO:
            return False
        case Autopay.BY_PROVIDER:
            return sale.plan.months == 1 and sale.price.minor <= MAX_STARS and not sale.is_ahead(now)
    return True
