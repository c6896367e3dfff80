"""Telegram's last question before it takes Stars: whether this person may pay this invoice now. A link works for ever
and a message can be forwarded, so that all of it is looked at anew."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.payments import PaymentStatus
from db.tables.users import User
from services.errors import N_, ShopError
from services.money import Money
from services.payments.fulfilment import Fulfilments, NotSold
from services.payments.pricing import Pricing
from services.payments.providers.stars.gateway import NAME
from services.payments.queries import PaymentView, find_payment, parse_id

_users = table_of(User)


class InvoiceUnknown(ShopError):
    message = N_("The shop does not know this invoice. Nothing was charged.")


class InvoiceOfAnother(ShopError):
    message = N_("This invoice is another person's. Please begin your own in the bot: /topup. Nothing was charged.")


class InvoicePaid(ShopError):
    message = N_("This invoice is paid already. Nothing was charged again.")


class InvoiceOver(ShopError):
    message = N_("The time to pay this invoice is over. Please begin a new one in the bot. Nothing was charged.")


class InvoiceChanged(ShopError):
    """What it sells is not sold any more, or not for this price."""

    message = N_(
        "What this invoice is for is not sold at this price any more. Please choose anew. Nothing was charged."
    )


class InvoiceOvertaken(ShopError):
    """Its money would only go back."""

    message = N_("Your plan is not what it was when this invoice was made. Please choose anew. Nothing was charged.")


_REFUSALS: Final = {
    NotSold.CHANGED: InvoiceChanged,
    NotSold.PAID: InvoicePaid,
    NotSold.OVERTAKEN: InvoiceOvertaken,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class PreCheckout:
    """`payer_id`: a Telegram id; `payload`: of the invoice."""

    payload: str
    payer_id: int
    amount: Money


def may_pay(session: Session, asked: PreCheckout, pricing: Pricing, now: datetime, *, fulfilments: Fulfilments) -> None:
    """Reads only. Raises what stands in the way."""
    payment_id = parse_id(asked.payload)
    payment = None if payment_id is None else find_payment(session, payment_id)
    if payment is None or payment.provider != NAME:
        raise InvoiceUnknown(payload=asked.payload[:64])
    if _telegram_id(session, payment) != asked.payer_id:
        raise InvoiceOfAnother(payment_id=payment.id)
    if payment.status is PaymentStatus.SUCCEEDED:
        raise InvoicePaid(payment_id=payment.id)
    if not payment.is_open or (payment.deadline_at is not None and now > payment.deadline_at):
        raise InvoiceOver(payment_id=payment.id)
    if asked.amount != payment.amount:
        raise InvoiceChanged(payment_id=payment.id, asked=str(asked.amount))
    if (why := fulfilments.of(payment).why_not_sold(session, payment, pricing, now)) is not None:
        raise _REFUSALS[why](payment_id=payment.id, why=why)


def _telegram_id(session: Session, payment: PaymentView) -> int | None:
    return session.scalar(select(_users.c.telegram_id).where(_users.c.id == payment.user_id))
