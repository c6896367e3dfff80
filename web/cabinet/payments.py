"""A customer's payments: the page of one, which goes on by itself until the credits are there; and all of them."""

from typing import Annotated, Final
from urllib.parse import urlencode
from uuid import UUID

import structlog
from fastapi import APIRouter, Query
from starlette.responses import JSONResponse, RedirectResponse, Response

from db.tables.payments import PaymentStatus
from i18n import news
from i18n.payments import provider_words
from i18n.plans import gives, plan_paid, plan_title
from i18n.top_up import payment_fate, payment_mark, term_words
from i18n.translator import Html, Translator
from services.errors import N_
from services.payments.providers.base import ProviderError
from services.payments.queries import PaymentNotFound, PaymentView, parse_id
from services.plans.plans import PlanView
from web.kit.pages import page
from web.kit.places import own_place
from web.kit.viewer import Customer, Me

log = structlog.get_logger()
router = APIRouter(prefix="/payments")
ON_PAGE: Final = 20
NOT_YET: Final = N_("Not paid yet. If you have just paid, give it a minute: this page changes by itself.")
NO_ANSWER: Final = N_("The payment service does not answer right now. We keep asking: nothing is lost.")
SAID: Final = {"not-yet": NOT_YET, "no-answer": NO_ANSWER}
"""What came of a wish to look again, by the word that stands in the address."""


@router.get("")
async def show_payments(me: Me, number: Annotated[int, Query(alias="page", ge=0, le=100_000)] = 0) -> Response:
    queries = me.site.services.payment_queries
    shown = await queries.of_user(me.user.id, number, ON_PAGE)
    return page(
        me,
        "cabinet/payments.html",
        payments=shown,
        sent_back=await queries.sent_back(shown.items),
        payment_fate=payment_fate,
        payment_mark=payment_mark,
    )


@router.get("/{hex_id}")
async def show_payment(
    me: Me, hex_id: str, place: Annotated[str, Query(alias="next")] = "", said: str = ""
) -> Response:
    payment = await _looked_at(me, hex_id)
    paid = payment.status is PaymentStatus.SUCCEEDED
    user = await me.site.services.users.get(me.user.id)  # with what was paid just now
    sent_back = (await me.site.services.payment_queries.sent_back([payment])).get(payment.id)
    plan = None if payment.plan_id is None else await me.site.services.plans.get(payment.plan_id)
    return page(
        me,
        "cabinet/payment.html",
        payment=payment,
        paid=paid,
        plan="" if plan is None else plan_title(plan, me.tr),
        gives=() if plan is None else gives(plan, me.titles),
        news=_news(payment, plan, user.balance, me.tr) if paid else (),
        sent_back=sent_back,
        fate=payment_fate(payment, sent_back, me.tr),
        term=term_words(payment, me.tr),
        provider=provider_words(payment, me.tr),
        going_on=own_place(place, otherwise=""),
        said=me.tr.gettext(SAID[said]) if payment.is_open and said in SAID else "",
        state=_state(payment),
        user=user,
    )


@router.get("/{hex_id}/state")
async def tell_state(me: Me, hex_id: str) -> Response:
    """For the page's script: a word that is another one when there is something new."""
    state = _state(await _looked_at(me, hex_id))
    return JSONResponse({"state": state}, headers={"cache-control": "no-store"})


@router.post("/{hex_id}/check")
async def check(me: Me, hex_id: str, place: Annotated[str, Query(alias="next")] = "") -> Response:
    """Asks who takes the money, at once."""
    payment = await _own(me, hex_id)
    said = "not-yet"
    if payment.is_open and me.site.services.payments is not None and await _may_ask(me, payment):
        try:
            await me.site.services.payments.settlement.ask(payment.id, user_id=me.user.id)
        except ProviderError as error:
            log.warning("payment_not_asked", payment_id=str(payment.id), code=error.code)
            said = "no-answer"
    going_on = own_place(place, otherwise="")
    query = urlencode({"said": said} | ({"next": going_on} if going_on else {}))
    return RedirectResponse(f"/payments/{payment.id}?{query}", status_code=303)


async def _looked_at(me: Customer, hex_id: str) -> PaymentView:
    """As it stands; who takes the money is asked now and then, for its notification may be lost."""
    payments = me.site.services.payments
    if payments is None:
        return await _own(me, hex_id)
    return await payments.settlement.look(_id_of(hex_id), user_id=me.user.id)


async def _may_ask(me: Customer, payment: PaymentView) -> bool:
    return await me.site.services.coordination.allow(f"payment-asked:{payment.id.hex}", times=1, seconds=2)


async def _own(me: Customer, hex_id: str) -> PaymentView:
    """Raises `PaymentNotFound`, for rubbish and other people's too."""
    return await me.site.services.payment_queries.get(_id_of(hex_id), user_id=me.user.id)


def _id_of(hex_id: str) -> UUID:
    payment_id: UUID | None = parse_id(hex_id)
    if payment_id is None:
        raise PaymentNotFound(payment_id=hex_id)
    return payment_id


def _news(payment: PaymentView, plan: PlanView | None, balance: int, tr: Translator) -> tuple[Html, ...]:
    """Of a plan what it gives stands on the page of the subscription."""
    if plan is None:
        return news.paid(payment, tr, balance=balance)
    return (plan_paid(payment, tr),)


def _state(payment: PaymentView) -> str:
    return f"{payment.status}{'' if payment.confirmation_url is None else '-with-link'}"
