"""What a provider is asked for."""

from typing import Final

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from db.base import table_of
from db.tables.users import User
from services.payments.mark import Mark, Paid
from services.payments.merchant import Merchant
from services.payments.providers.base import Buyer, NewPayment, Receipt
from services.payments.queries import PaymentView

_users = table_of(User)
_buyer = select(_users.c.telegram_id, _users.c.language).where(_users.c.id == bindparam("user"))
TITLE: Final = 32  # characters that an invoice's may have


def order_of(payment: PaymentView, buyer: Buyer, merchant: Merchant) -> NewPayment:
    """The same for every repeat."""
    mark = Mark(
        payment_id=payment.id,
        telegram_id=buyer.telegram_id,
        credits=payment.credits,
        valid_days=payment.valid_days,
        plan=None if payment.plan_id is None else str(payment.plan_id),
    )
    paid = Paid(account=merchant.shop_id, amount=payment.amount, test=payment.test)
    return NewPayment(
        id=payment.id,
        amount=payment.amount,
        description=payment.provider_text or payment.description,
        return_url=payment.return_url,
        receipt=receipt_for(payment, merchant),
        mark=merchant.signer.sign(mark, paid),
        buyer=buyer,
        title=cut_title(payment.provider_text or payment.description),
        deadline=payment.deadline_at,
        autopay=payment.consent is not None,
    )


def cut_title(text: str) -> str:
    """Of at most 32 characters."""
    return text if len(text) <= TITLE else f"{text[: TITLE - 1].rstrip()}…"


def receipt_for(payment: PaymentView, merchant: Merchant) -> Receipt | None:
    """Of the payment, and of refunds of it."""
    if not merchant.receipts or payment.receipt_email is None:
        return None
    return Receipt(email=payment.receipt_email, description=payment.description, vat_code=merchant.vat_code)


def buyer_of(session: Session, payment: PaymentView) -> Buyer:
    """As the provider has to know them."""
    user = session.connection().execute(_buyer, {"user": payment.user_id}).one()
    email = payment.receipt_email
    return Buyer(id=payment.user_id, telegram_id=user.telegram_id, email=email, language=user.language)
