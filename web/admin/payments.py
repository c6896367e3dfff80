"""Payments: the list, one of them, and asking the provider again."""

from collections.abc import Sequence
from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from starlette.responses import Response

from db.tables.payments import PaymentStatus
from i18n.payments import PAYMENT_MARKS, REFUND_MARKS, STATUSES, provider_words
from i18n.plans import bought_period, plan_title
from services.digits import whole_number
from services.payments.providers.reasons import payment_reason, refund_reason
from services.payments.providers.titles import provider_title
from services.payments.queries import PaymentFilter, PaymentNotFound, PaymentView, parse_id
from services.payments.refunds.begin import NotRefundable, RefundQuote
from services.users.search import MAX_ID
from web.admin.kit import Acts, Looks, StaffMember, go, panel
from web.admin.notices import notice
from web.admin.periods import first_moment, moment_after

router = APIRouter(prefix="/admin/payments")
ON_PAGE: Final = 50
MAX_PAGE: Final = 1_000_000


class PaymentQuery(BaseModel):
    """As the form of the list sends it. `number`: of one payment, the shop's or the provider's."""

    number: str = Field("", max_length=100)
    status: str = ""
    provider: str = ""
    user: str = ""
    since: str = ""
    until: str = ""
    page: str = ""


@router.get("")
async def show_payments(who: Looks, asked: Annotated[PaymentQuery, Query()]) -> Response:
    queries, problem = who.site.services.payment_queries, ""
    if asked.number.strip():
        payment = await queries.find(asked.number)
        if payment is not None:
            return go(f"/admin/payments/{payment.id}")
        problem = who.tr.error(PaymentNotFound())
    wanted = PaymentFilter(
        status=PaymentStatus(asked.status) if asked.status in tuple(PaymentStatus) else None,
        provider=asked.provider or None,
        user_id=whole_number(asked.user, most=MAX_ID),
        since=first_moment(asked.since, who.tr),
        until=moment_after(asked.until, who.tr),
    )
    found = await queries.found(wanted, whole_number(asked.page, most=MAX_PAGE) or 0, ON_PAGE)
    kept = urlencode({name: value for name, value in asked if value and name not in {"page", "number"}})
    return panel(
        who,
        "payments/list.html",
        found=found,
        asked=asked,
        problem=problem,
        here=f"/admin/payments?{kept}{'&' if kept else ''}page=",
        customers=await who.site.services.user_management.lines(each.user_id for each in found.items),
        sent_back=await queries.sent_back(found.items),
        plans={each.id: plan_title(each, who.tr) for each in await who.site.services.plans.all()},
        statuses=[(each.value, who.tr.gettext(said)) for each, said in STATUSES.items()],
        providers=_providers(who),
        states=STATUSES,
        marks=PAYMENT_MARKS,
    )


@router.get("/{number}")
async def show_payment(who: Looks, number: str, done: str = "") -> Response:
    return await payment_page(who, await payment_of(who, number), done=done)


@router.post("/{number}/ask")
async def ask_provider(who: Acts, number: str) -> Response:
    payment = await payment_of(who, number)
    await who.site.services.payment_management.ask(payment.id, actor=who.actor)
    return go(f"/admin/payments/{payment.id}", done="asked")


async def payment_page(
    who: StaffMember, payment: PaymentView, *, done: str = "", problem: str = "", status: int = 200
) -> Response:
    refunds = await who.site.services.payment_queries.refunds(payment.id)
    bought = await who.site.services.subscriptions.bought_by(payment)
    return panel(
        who,
        "payments/card.html",
        status=status,
        payment=payment,
        refunds=refunds,
        quote=await quote_of(who, payment.id),
        plan="" if bought is None else plan_title(bought.plan, who.tr),
        period="" if bought is None else bought_period(bought, who.tr),
        customer=(await who.site.services.user_management.lines([payment.user_id]))[payment.user_id],
        provider=provider_words(payment, who.tr),
        why=who.tr.gettext(payment_reason(payment.cancel_reason)),
        refund_reasons=[who.tr.gettext(refund_reason(each.cancel_reason)) for each in refunds],
        states=STATUSES,
        marks=PAYMENT_MARKS,
        refund_marks=REFUND_MARKS,
        done=notice(done, who.tr),
        problem=problem,
    )


async def payment_of(who: StaffMember, number: str) -> PaymentView:
    """Raises `PaymentNotFound`, also for what is no number."""
    payment_id = parse_id(number)
    if payment_id is None:
        raise PaymentNotFound(payment_id=number[:64])
    return await who.site.services.payment_queries.get(payment_id)


async def quote_of(who: StaffMember, payment_id: UUID) -> RefundQuote | None:
    """None where nothing can be sent back."""
    payments = who.site.services.payments
    if payments is None:
        return None
    try:
        quote = await payments.refunds.quote(payment_id)
    except NotRefundable:
        return None
    return quote if quote.rest.minor else None


def _providers(who: StaffMember) -> Sequence[tuple[str, str]]:
    payments = who.site.services.payments
    names = [] if payments is None else [each.merchant.provider for each in payments.accounts]
    return [(name, who.tr.gettext(provider_title(name))) for name in names]
