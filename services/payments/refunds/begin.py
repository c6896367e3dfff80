"""Beginning a refund: what may go back, and our row of it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert
from sqlalchemy.orm import Session

from db.tables.currencies import Currency
from db.tables.payments import PaymentStatus, RefundStatus
from db.tables.users import AuditAction
from services.audit_log.record import AuditRecord, record
from services.billing.credits import format_credits
from services.errors import N_, ShopError
from services.money import Money, parse_money
from services.payments.payment_row import first_check
from services.payments.pricing import CurrencyNotTaken
from services.payments.queries import (
    PaymentNotFound,
    PaymentView,
    RefundView,
    find_payment,
    find_refund,
    refunds,
    refunds_of,
)
from services.payments.refunds.paid_lots import has_period, held_of_payment, returned_of
from services.users.actor import Actor
from services.users.roles import Staff


class NotRefundable(ShopError):
    message = N_("Only a payment that succeeded can be refunded.")


class TakenElsewhere(NotRefundable):
    message = N_(
        "This payment was taken by another account, {shop}, than the settings name. It can be refunded in that "
        "account's cabinet."
    )


class AlreadyRefunded(ShopError):
    message = N_("This payment is already refunded in full.")


class StarsGoBackWhole(ShopError):
    message = N_("Telegram sends Stars back as a whole only: all of the payment or nothing.")


class RefundTooLarge(ShopError):
    message = N_("At most {rest} of this payment can still be refunded.")

    def __init__(self, *, rest: Money) -> None:
        self.rest = rest
        super().__init__(rest=rest)


class RefundNeedsConfirmation(ShopError):
    """The customer has already spent credits that this refund should take back."""

    message = N_("{held} of the {due} credits to take back are left: the rest is already spent. Refund all the same?")

    def __init__(self, *, due: int, held: int) -> None:
        self.due = due
        self.held = held
        super().__init__(due=format_credits(due), held=format_credits(held))


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundRequest:
    """`id` is the same for every repeat of one decision; `confirmed`: also where credits are spent already."""

    id: UUID
    payment_id: UUID
    amount: Money
    actor: Actor
    reason: str | None = None
    confirmed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundQuote:
    """What can be sent back: at most `rest`; up to `covered` the payment's credits are still there."""

    rest: Money
    covered: Money


def parse_refund(text: str, quote: RefundQuote) -> Money:
    """What an admin typed, in the payment's currency. Raises `AmountOutOfBounds`."""
    return parse_money(text, low=quote.rest.of(1), high=quote.rest)


def parse_refund_and_reason(text: str, quote: RefundQuote) -> tuple[Money, str]:
    """As typed in one line: a sum, if it begins with one (else all that is left), and the reason, which may be empty.
    Raises `AmountOutOfBounds`."""
    first, _, others = text.strip().partition(" ")
    if not first[:1].isdecimal():
        return quote.rest, text.strip()
    return parse_refund(first, quote), others.strip()


def credits_due(payment: PaymentView, *, before: int, amount: int, free: int = 0) -> int:
    """Credits that go with `amount` when `before` was sent back already (minor units): whatever the parts, together
    they are exactly what the payment brought. `free`: so much of its beginning brought none of them."""
    whole = payment.amount.minor

    def upto(minor: int) -> int:
        return payment.credits * max(0, min(minor, whole) - free) // max(1, whole - free)

    return upto(before + amount) - upto(before)


def due_of(session: Session, payment: PaymentView, *, before: int, amount: int) -> int:
    """The same of the credits that it really brought."""
    got, free = _brought(session, payment)
    return credits_due(got, before=before, amount=amount, free=free)


def _brought(session: Session, payment: PaymentView) -> tuple[PaymentView, int]:
    """Money for a plan may have bought no period, or one whose rest became credits: those of what was not sent back by
    then. So much, the second number, had been."""
    if payment.plan_id is None:
        return payment, 0
    if (returned := returned_of(session, payment.id)) is not None:
        earlier = (each for each in refunds_of(session, payment.id) if each.created_at < returned.at)
        gone = sum(each.amount.minor for each in earlier if each.status is not RefundStatus.CANCELED)
        return replace(payment, credits=returned.credits), gone
    return (payment if has_period(session, payment.id) else replace(payment, credits=0)), 0


def begin(
    session: Session, wish: RefundRequest, staff: Staff, now: datetime, *, shops: Mapping[str, str]
) -> tuple[RefundView, bool]:
    """The refund, and whether it is new."""
    staff.require(session, wish.actor)
    payment = find_payment(session, wish.payment_id, lock=True)
    if payment is None:
        raise PaymentNotFound(payment_id=wish.payment_id)
    if (known := find_refund(session, wish.id)) is not None:
        return known, False
    rest, before, held = _state(session, payment, now, shops)
    money = payment.amount.of
    if wish.amount.currency != payment.amount.currency:
        raise CurrencyNotTaken(given=wish.amount.currency)
    if wish.amount.currency == Currency.XTR and 0 < wish.amount.minor < payment.amount.minor:
        raise StarsGoBackWhole(payment_id=payment.id)
    if rest == 0:
        raise AlreadyRefunded(payment_id=payment.id)
    if not 0 < wish.amount.minor <= rest:
        raise RefundTooLarge(rest=money(rest))
    due = due_of(session, payment, before=before, amount=wish.amount.minor)
    if held < due and not wish.confirmed:
        raise RefundNeedsConfirmation(due=due, held=held)
    record(
        session,
        AuditRecord(
            actor=wish.actor,
            action=AuditAction.PAYMENT_REFUND,
            target_user_id=payment.user_id,
            subject=str(payment.id),
            before={"refunded": money(before).text},
            after={
                "refunded": money(before + wish.amount.minor).text,
                "amount": wish.amount.text,
                "refund_id": str(wish.id),
                **({} if wish.amount.currency == Currency.RUB else {"currency": wish.amount.currency}),
            },
            reason=wish.reason,
        ),
        now,
    )
    made = insert_refund(session, wish.id, payment, wish.amount, now, actor=wish.actor.user_id, reason=wish.reason)
    return made, True


def quote(session: Session, payment_id: UUID, now: datetime, *, shops: Mapping[str, str]) -> RefundQuote:
    """Raises `PaymentNotFound`, `NotRefundable`."""
    payment = find_payment(session, payment_id)
    if payment is None:
        raise PaymentNotFound(payment_id=payment_id)
    rest, before, held = _state(session, payment, now, shops)
    (got, none), money = _brought(session, payment), payment.amount.of
    if not got.credits:
        return RefundQuote(rest=money(rest), covered=money(rest))
    reach = credits_due(got, before=0, amount=before, free=none) + held  # the most that may go in all
    most = none + ((reach + 1) * (payment.amount.minor - none) - 1) // got.credits
    return RefundQuote(rest=money(rest), covered=money(max(0, min(rest, most - before))))


def insert_refund(
    session: Session, refund_id: UUID, payment: PaymentView, amount: Money, now: datetime, **more: Any
) -> RefundView:
    row = {
        "id": refund_id,
        "payment_id": payment.id,
        "status": RefundStatus.PENDING,
        "amount_kopecks": amount.minor,
        "currency": amount.currency,
        "credits_taken": 0,
        "credits_uncollected": 0,
        "actor_user_id": more.get("actor"),
        "reason": more.get("reason"),
        "provider_refund_id": more.get("provider_refund_id"),
        "next_check_at": first_check(now),
        "created_at": now,
        "updated_at": now,
    }
    session.execute(insert(refunds), row)
    return known_refund(session, refund_id)


def known_refund(session: Session, refund_id: UUID) -> RefundView:
    refund = find_refund(session, refund_id)
    assert refund is not None  # rows are never deleted
    return refund


def _state(session: Session, payment: PaymentView, now: datetime, shops: Mapping[str, str]) -> tuple[int, int, int]:
    """Minor units that can still go back; those that went or are on their way; credits that nobody has claimed yet in
    what the payment brought."""
    if payment.status is not PaymentStatus.SUCCEEDED or payment.provider_payment_id is None:
        raise NotRefundable(payment_id=payment.id)
    if payment.provider not in shops or payment.provider_shop_id not in (None, shops[payment.provider]):
        raise TakenElsewhere(shop=payment.provider_shop_id or payment.provider)
    rows = refunds_of(session, payment.id)
    gone, under_way = total(rows, RefundStatus.SUCCEEDED), total(rows, RefundStatus.PENDING)
    left = held_of_payment(session, payment.id, now)
    free = max(0, left - due_of(session, payment, before=gone, amount=under_way))
    return max(0, payment.amount.minor - gone - under_way), gone + under_way, free


def total(rows: list[RefundView], status: RefundStatus) -> int:
    return sum(refund.amount.minor for refund in rows if refund.status is status)
