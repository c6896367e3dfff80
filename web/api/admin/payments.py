"""`/admin/payments`: those of all."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query
from pydantic import BaseModel, Field

from db.tables.payments import PaymentStatus
from services.money import Money as Sum
from services.payments.queries import PaymentNotFound, PaymentView
from web.api.admin.staff import LOOKS, Looks
from web.api.describing import refuses
from web.api.lists import Cursor, Limit, Listed, listed, read_uuid
from web.api.money import Money, money_told
from web.api.routes import make_router

router = make_router("admin")


class AdminPayment(BaseModel):
    """Anybody's payment."""

    id: UUID
    user_id: int
    status: PaymentStatus
    provider: str
    provider_payment_id: str | None
    package_id: int | None
    price: Money
    refunded: int = Field(description="In the same units.")
    credits: int
    test: bool
    cancel_reason: str | None
    created_at: datetime
    paid_at: datetime | None


@router.get(
    "/admin/payments",
    operation_id="adminListPayments",
    summary="Payments of all",
    responses=refuses(*LOOKS, PaymentNotFound),
)
async def list_payments(
    admin: Looks,
    limit: Limit = 20,
    cursor: Cursor = None,
    status: Annotated[PaymentStatus | None, Query(description="In one state alone.")] = None,
    user_id: Annotated[int | None, Query(ge=1, le=2**53, description="Of one customer alone.")] = None,
) -> Listed[AdminPayment]:
    queries = admin.who.site.services.payment_queries
    found = await queries.after(user_id, read_uuid(cursor), limit, status=status)
    back = await queries.sent_back(found.items)
    last = found.items[-1].id if found.items else None
    return listed([_payment(each, back.get(each.id)) for each in found.items], has_more=found.has_more, last=last)


@router.get(
    "/admin/payments/{payment_id}",
    operation_id="adminGetPayment",
    summary="Somebody's payment",
    responses=refuses(*LOOKS, PaymentNotFound),
)
async def get_payment(admin: Looks, payment_id: UUID) -> AdminPayment:
    queries = admin.who.site.services.payment_queries
    payment = await queries.get(payment_id)
    return _payment(payment, (await queries.sent_back([payment])).get(payment_id))


def _payment(payment: PaymentView, back: Sum | None) -> AdminPayment:
    return AdminPayment(
        id=payment.id,
        user_id=payment.user_id,
        status=payment.status,
        provider=payment.provider,
        provider_payment_id=payment.provider_payment_id,
        package_id=payment.package_id,
        price=money_told(payment.amount),
        refunded=0 if back is None else back.minor,
        credits=payment.credits,
        test=payment.test,
        cancel_reason=payment.cancel_reason,
        created_at=payment.created_at,
        paid_at=payment.paid_at,
    )
