"""A period ends before its end, and what of it comes back as credits where another plan takes its place."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from db.base import AnyRow
from db.tables.billing import TransactionKind
from db.tables.currencies import Currency
from db.tables.payments import RefundStatus
from services.billing import ledger
from services.errors import N_, ShopError
from services.money import Money
from services.payments.pricing import Pricing
from services.payments.queries import find_payment, refunded_of, refunds
from services.payments.refunds.paid_lots import held_of_period, lots_of_period
from services.plans.allowances import allowances_of
from services.plans.rows import periods


class RefundUnderWay(ShopError):
    """Nobody can tell yet what is left of the plan."""

    message = N_(
        "Money for your present plan is being sent back right now. Please choose another plan when that has ended."
    )


class RestUnpriced(ShopError):
    """No price says how many credits it would be."""

    message = N_(
        "What is left of your present plan cannot come back as credits: the shop has no price any more for what it was "
        "paid in. You can choose another plan when the present one ends."
    )


def check_rest(session: Session, subscription_id: UUID, pricing: Pricing, now: datetime) -> None:
    """Raises `RestUnpriced`."""
    for period in unfinished_periods(session, subscription_id, now):
        payment = None if period.payment_id is None else find_payment(session, period.payment_id)
        if payment is not None and pricing.get(Currency(payment.amount.currency)) is None:
            raise RestUnpriced(payment_id=payment.id)


def is_being_refunded(session: Session, subscription_id: UUID, now: datetime) -> bool:
    """Whether money for what is left of it may be on its way back: it could still be refused, and its part of the
    period would have come back neither so nor as credits."""
    paid = [each.payment_id for each in unfinished_periods(session, subscription_id, now)]
    going = refunds.c.payment_id.in_(paid) & (refunds.c.status == RefundStatus.PENDING)
    return session.scalar(select(refunds.c.id).where(going).limit(1)) is not None


def unfinished_periods(session: Session, subscription_id: UUID, now: datetime) -> Sequence[AnyRow]:
    """The running one and those that are paid ahead. They change behind their user's lock."""
    alive = or_(periods.c.closed_at.is_(None), periods.c.closed_at > periods.c.starts_at)
    here = (periods.c.subscription_id == subscription_id) & (periods.c.ends_at > now) & alive
    return session.execute(select(periods).where(here).order_by(periods.c.number)).all()


def close_period(session: Session, period: AnyRow, now: datetime, *, key: str) -> None:
    """Its allowances and the rest of its credits end with it. One that has not begun keeps its dates, and counts for
    nothing."""
    ends = {"closed_at": now} | ({"ends_at": now} if period.starts_at < now else {})
    session.execute(update(periods).where(periods.c.id == period.id, periods.c.ends_at > now).values(ends))
    lots = lots_of_period(session, period.id, now) if period.credits else None
    if lots is not None:
        ledger.take_back(
            session,
            user_id=lots.user_id,
            amount=period.credits,
            key=f"{key}:{period.id}",
            now=now,
            lot_ids=lots.ids,
            partly=True,
        )


def replace_periods(session: Session, subscription: AnyRow, pricing: Pricing, now: datetime) -> int:
    """All that is left of a subscription ends now; what its owner has not used of it comes back as credits. Hundredths
    of them."""
    returned = 0
    for period in unfinished_periods(session, subscription.id, now):
        back = worth(session, period, pricing, now)
        close_period(session, period, now, key="period_closed")
        if back:
            ledger.grant(
                session,
                user_id=subscription.user_id,
                amount=back,
                kind=TransactionKind.PERIOD_RETURN,
                key=f"period_return:{period.id}",
                now=now,
                period_id=period.id,
            )
        returned += back
    return returned


def worth(session: Session, period: AnyRow, pricing: Pricing, now: datetime) -> int:
    """Hundredths of a credit that what is left of a paid period is worth: by time, or by what is left of whichever of
    its credits and allowances is used most."""
    payment = None if period.payment_id is None else find_payment(session, period.payment_id)
    if payment is None:
        return 0
    price = pricing.get(Currency(payment.amount.currency))
    rest = payment.amount.minor - refunded_of(session, payment.id)
    if price is None or rest <= 0:
        return 0
    return int(price.credits_for(Money(rest, payment.amount.currency)) * _left(session, period, now))


def _left(session: Session, period: AnyRow, now: datetime) -> Fraction:
    begun = max(now, period.starts_at)
    left, whole = (
        each // timedelta(microseconds=1) for each in (period.ends_at - begun, period.ends_at - period.starts_at)
    )
    shares = [Fraction(left, whole)]
    if period.credits:
        shares.append(Fraction(held_of_period(session, period.id, now), period.credits))
    shares += [Fraction(each.left, each.amount) for each in allowances_of(session, period.id)]
    return max(Fraction(0), min(shares))
