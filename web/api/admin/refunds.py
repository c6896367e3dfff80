"""`/admin/payments/…/refunds`: money that goes back."""

from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

import structlog
from fastapi import Response
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from db.tables.payments import RefundStatus
from services.money import Money as Sum
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError, ResultUnknown
from services.payments.queries import PaymentNotFound, RefundView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    NotRefundable,
    RefundNeedsConfirmation,
    RefundRequest,
    RefundTooLarge,
)
from services.users.manage import BadReason, check_reason
from web.api.admin.staff import ACTS, Acts, Reason
from web.api.describing import Responses, refuses
from web.api.money import Money, money_told
from web.api.routes import SaleKey, make_router

log = structlog.get_logger()
router = make_router("admin")


class RefundOrder(BaseModel):
    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "Asked for it"}]})

    amount: int | None = Field(
        default=None, strict=True, ge=1, le=2**53, description="In kopecks, or whole Stars; null: all that is left."
    )
    reason: Reason
    confirmed: bool = Field(default=False, strict=True, description="Also where the credits are spent already.")


class AdminRefund(BaseModel):
    id: UUID
    payment_id: UUID
    status: RefundStatus
    amount: Money
    credits_taken: int
    credits_uncollected: int = Field(description="Owed, because they were spent.")
    cancel_reason: str | None
    created_at: datetime


WAITS: Final[Responses] = {202: {"model": AdminRefund, "description": "Whoever takes the money has yet to say"}}


@router.post(
    "/admin/payments/{payment_id}/refunds",
    operation_id="adminRefundPayment",
    summary="Send money back",
    status_code=201,
    response_model=AdminRefund,
    responses={
        **WAITS,
        **refuses(
            *ACTS,
            PaymentNotFound,
            NotRefundable,
            AlreadyRefunded,
            RefundNeedsConfirmation,
            RefundTooLarge,
            BadReason,
            ProviderError,
            PaymentsOff,
        ),
    },
)
async def refund_payment(admin: Acts, payment_id: UUID, order: RefundOrder, key: SaleKey) -> Response:
    """The credits of that part are taken back. 202 where it is under way: the shop goes on with it by itself."""
    services = admin.who.site.services
    if services.payments is None:
        raise PaymentsOff()
    payment, reason = await services.payment_queries.get(payment_id), check_reason(order.reason)
    refund_id = uuid5(payment_id, f"{admin.who.user.id}:{key}")
    refund = await services.payment_queries.refund(refund_id)
    if refund is None:
        rest = (await services.payments.refunds.quote(payment_id)).rest
        amount = rest if order.amount is None else Sum(order.amount, payment.amount.currency)
    else:
        amount = refund.amount
    wish = RefundRequest(
        id=refund_id,
        payment_id=payment_id,
        amount=amount,
        actor=admin.actor,
        reason=reason,
        confirmed=order.confirmed,
    )
    try:
        refund = await services.payments.refunds.start(wish)
    except ResultUnknown as error:
        log.warning("refund_waits_for_provider", refund_id=str(refund_id), code=error.code)
        refund = await services.payment_queries.refund(refund_id)
        assert refund is not None  # it stands before anybody is called
    return JSONResponse(jsonable_encoder(_refund(refund)), 202 if refund.status is RefundStatus.PENDING else 201)


def _refund(refund: RefundView) -> AdminRefund:
    return AdminRefund(
        id=refund.id,
        payment_id=refund.payment_id,
        status=refund.status,
        amount=money_told(refund.amount),
        credits_taken=refund.credits_taken,
        credits_uncollected=refund.credits_uncollected,
        cancel_reason=refund.cancel_reason,
        created_at=refund.created_at,
    )
