"""Payments of another of the provider's shops than the settings name: no key that we have can ask for them."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, or_, select, union_all
from sqlalchemy.orm import Session

from db.tables.payments import RefundStatus
from services.notifications.kinds.payments import PaymentTrouble
from services.notifications.owners import tell_owners
from services.payments.alerts import PaymentProblem
from services.payments.changes import OPEN
from services.payments.queries import PaymentView, payment_view, payments, refunds

SHOWN = 20


def askable(shops: Mapping[str, str]) -> ColumnElement[bool]:
    """With a key of ours (`shops`: the shop's id at each provider); what no shop has heard of yet is nobody's."""
    theirs = payments.c.provider_shop_id
    ours = [(payments.c.provider == name) & (theirs.is_(None) | (theirs == shop)) for name, shop in shops.items()]
    return or_(*ours, payments.c.provider_payment_id.is_(None))


def unfinished_of_other_shops(session: Session, shops: Mapping[str, str]) -> list[PaymentView]:
    """Oldest first: those that are not paid as far as we know, and those with a refund under way."""
    waiting = select(payments.c.id).where(payments.c.status.in_(OPEN), payments.c.next_check_at.is_not(None))
    going_back = select(refunds.c.payment_id).where(
        refunds.c.status == RefundStatus.PENDING, refunds.c.next_check_at.is_not(None)
    )
    unfinished = payments.c.id.in_(union_all(waiting, going_back))  # both find their few rows by an index
    query = select(payments).where(unfinished, ~askable(shops))
    return [payment_view(row) for row in session.execute(query.order_by(payments.c.created_at, payments.c.id))]


def tell_of_other_shops(session: Session, shops: Mapping[str, str], owners: Sequence[int], now: datetime) -> None:
    """The owners, once."""
    found = unfinished_of_other_shops(session, shops)
    if not found:
        return
    lines = [_line(payment) for payment in found[:SHOWN]]
    if len(found) > SHOWN:
        lines.append(f"+ {len(found) - SHOWN}")
    detail = "\n".join(["", *lines])
    trouble = PaymentTrouble(problem=PaymentProblem.OTHER_SHOP, about=str(found[-1].id), detail=detail)
    tell_owners(session, owners, trouble, now=now)


def _line(payment: PaymentView) -> str:
    facts = (
        f"{payment.created_at:%Y-%m-%d %H:%M} UTC",
        str(payment.amount),
        f"#{payment.user_id}",
        f"{payment.provider_shop_id}",
        f"{payment.provider_payment_id}",
    )
    return "• " + " · ".join(facts)
