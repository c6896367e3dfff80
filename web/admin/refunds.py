"""Money sent back: what for, how much, what it takes from the customer, and then done once."""

from typing import Annotated
from uuid import uuid5

from fastapi import APIRouter, Form
from pydantic import BaseModel
from starlette.responses import Response

from i18n.payments import part_of, what_refund_takes
from i18n.people import name_of
from services.errors import ShopError
from services.money import Money
from services.payments.pricing import PaymentsOff
from services.payments.providers.base import ProviderError, Refused
from services.payments.queries import PaymentView
from services.payments.refunds.begin import (
    AlreadyRefunded,
    RefundNeedsConfirmation,
    RefundQuote,
    RefundRequest,
    parse_refund,
)
from services.users.manage import MAX_REASON, check_reason
from web.admin.kit import Acts, StaffMember, confirmation, go, is_nonce, panel
from web.admin.payments import payment_of, payment_page, quote_of
from web.kit.refusals import refusal_of

router = APIRouter(prefix="/admin/payments/{number}/refund")


class RefundForm(BaseModel):
    """`confirmed`: also where credits are spent already."""

    amount: str = ""
    reason: str = ""
    confirmed: str = ""
    nonce: str = ""


@router.get("")
async def ask_amount(who: Acts, number: str) -> Response:
    payment = await payment_of(who, number)
    quote = await _quote(who, payment)
    return _form(who, payment, quote, RefundForm(amount=quote.rest.text))


@router.post("")
async def refund(who: Acts, number: str, typed: Annotated[RefundForm, Form()]) -> Response:
    payment = await payment_of(who, number)
    if is_nonce(typed.nonce):
        return await _send_back(who, payment, typed)
    quote = await _quote(who, payment)
    errors = {}
    try:
        amount = parse_refund(typed.amount, quote)
    except ShopError as error:
        errors["amount"] = who.tr.error(error)
    try:
        check_reason(typed.reason)
    except ShopError as error:
        errors["reason"] = who.tr.error(error)
    return _form(who, payment, quote, typed, errors) if errors else await _confirm(who, payment, amount, typed)


async def _send_back(who: StaffMember, payment: PaymentView, typed: RefundForm) -> Response:
    """Every repeat of one confirmation bears the same id, so that it is one refund."""
    if who.site.services.payments is None:
        raise PaymentsOff
    wish = RefundRequest(
        id=uuid5(payment.id, f"{who.user.id}:{typed.nonce}"),
        payment_id=payment.id,
        amount=Money.of_text(typed.amount, payment.amount.currency),
        actor=who.actor,
        reason=check_reason(typed.reason),
        confirmed=bool(typed.confirmed),
    )
    try:
        made = await who.site.services.payments.refunds.start(wish)
    except RefundNeedsConfirmation as problem:
        again = typed.model_copy(update={"confirmed": "yes"})
        return await _confirm(who, payment, wish.amount, again, problem=who.tr.error(problem))
    except Refused as problem:
        return await payment_page(who, payment, problem=problem.detail or problem.code, status=502)
    except ProviderError as problem:  # our row of it stands, and the reconciler goes on where that helps
        return await payment_page(who, payment, problem=who.tr.error(problem), status=refusal_of(problem).status)
    return go(f"/admin/payments/{payment.id}", done=f"refund-{made.status}")


async def _quote(who: StaffMember, payment: PaymentView) -> RefundQuote:
    """Raises `PaymentsOff`, `NotRefundable`, `AlreadyRefunded`."""
    payments = who.site.services.payments
    if payments is None:
        raise PaymentsOff
    quote = await quote_of(who, payment.id) or await payments.refunds.quote(payment.id)
    if not quote.rest.minor:
        raise AlreadyRefunded(payment_id=payment.id)
    return quote


async def _confirm(
    who: StaffMember, payment: PaymentView, amount: Money, typed: RefundForm, *, problem: str = ""
) -> Response:
    tr = who.tr
    bought = await who.site.services.subscriptions.bought_by(payment)
    customer = (await who.site.services.user_management.lines([payment.user_id]))[payment.user_id]
    lines = [
        tr.html("Send <b>{amount}</b> back to {name}?", amount=tr.money(amount), name=name_of(customer, tr)),
        part_of(payment, bought, tr),
        what_refund_takes(bought, tr, whole=amount == (await _quote(who, payment)).rest),
        tr.html("Reason: {reason}", reason=typed.reason),
    ]
    whole = tr.gettext("↩️ Refund {amount}", amount=tr.money(amount))
    return confirmation(
        who,
        title=tr.gettext("Send money back?"),
        lines=lines,
        yes=tr.gettext("↩️ Refund all the same") if problem else whole,
        action=f"/admin/payments/{payment.id}/refund",
        back=f"/admin/payments/{payment.id}",
        fields={"amount": amount.text, "reason": typed.reason, "confirmed": typed.confirmed},
        danger=True,
        problem=problem,
    )


def _form(
    who: StaffMember, payment: PaymentView, quote: RefundQuote, typed: RefundForm, errors: dict[str, str] | None = None
) -> Response:
    shown = {"payment": payment, "quote": quote, "typed": typed, "most": MAX_REASON, "errors": errors or {}}
    return panel(who, "payments/refund.html", status=422 if errors else 200, **shown)
