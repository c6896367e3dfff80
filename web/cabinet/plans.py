"""What is sold by the period: all plans, and ordering one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Self
from uuid import UUID, uuid5

import structlog
from fastapi import APIRouter, Form, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from db.tables.currencies import Currency
from i18n.plans import gives, next_period, plan_title, price_words, saved_terms, saved_words, way_title
from services.digits import whole_number
from services.errors import ShopError
from services.payments.pricing import CurrencyNotTaken, PaymentsOff
from services.payments.providers.base import ResultUnknown
from services.payments.queries import parse_id
from services.plans.changes import BeginsLater
from services.plans.checkout import PlanCheckout, PlanOrder, PlanWay
from services.plans.consent import consent_text
from services.plans.methods import MethodGone
from services.plans.next_payment import RenewalUnderWay
from services.plans.plans import PlanView
from services.plans.trials import AlreadySubscribed
from web.cabinet.paying import form_key, keep_email, payable, shown_price, way_back
from web.kit.pages import page
from web.kit.refusals import refusal_of
from web.kit.row_ids import RowId
from web.kit.viewer import Customer, Me, PageViewer, Someone

log = structlog.get_logger()
router = APIRouter(prefix="/plans")
DECISIONS: Final = UUID("5c0f0a52-9a43-4a5c-8a5e-7f5a2c6a3b1d")
SUBSCRIPTION: Final = "/subscription"


class TypedOrder(BaseModel):
    """A form as it was sent. `way`: who takes the money; `price`: the minor units that it showed, `terms`: of the plan
    as it showed it; `consent`: the tick; `saved`: the way of paying that is charged at once; `key`: of the form."""

    way: str = ""
    price: str = ""
    terms: str = ""
    consent: str = ""
    saved: str = ""
    email: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderForm:
    """`way`: that which was chosen, or the first of `ways`."""

    me: Customer
    checkout: PlanCheckout
    plan: PlanView
    ways: Sequence[PlanWay]
    way: PlanWay
    typed: TypedOrder

    @classmethod
    async def of(cls, me: Customer, plan_id: int, typed: TypedOrder) -> Self:
        """Raises `PaymentsOff`, and as `PlanCheckout.start`."""
        checkout = me.site.services.plan_checkout
        if checkout is None:
            raise PaymentsOff()
        ways = payable(me, await checkout.ways(me.user.id, plan_id))
        if not ways:
            raise CurrencyNotTaken(plan_id=plan_id)
        chosen = next((each for each in ways if each.provider == typed.way), ways[0])
        plan = await me.site.services.plans.get(plan_id)
        return cls(me=me, checkout=checkout, plan=plan, ways=ways, way=chosen, typed=typed)

    async def show(self, *, errors: Mapping[str, str] | None = None, refused: ShopError | None = None) -> Response:
        """`errors` by field; `refused`: why there is no payment."""
        tr, way, plan = self.me.tr, self.way, self.plan
        subscriptions = self.me.site.services.subscriptions
        saved = None if self._ask_email else way.saved  # Enter in a field must not charge it
        by_telegram = way.can_be_kept and way.price.currency == Currency.XTR
        return page(
            self.me,
            "cabinet/plan.html",
            status=422 if errors else 200 if refused is None else refusal_of(refused).status,
            plan=plan,
            title=plan_title(plan, tr),
            gives=gives(plan, self.me.titles),
            price=price_words(way.price, plan.months, tr, by_telegram=by_telegram),
            way=way,
            next_period=next_period(way.begins_at, plan, tr) if way.renews else "",
            ways=[(each.provider, way_title(each.provider, tr)) for each in self.ways],
            consent=consent_text(way.price, plan.months, tr.language) if way.can_be_kept else "",
            saved="" if saved is None else saved_words(saved, tr),
            saved_terms="" if saved is None else saved_terms(saved, way.price, plan.months, tr),
            returned=0 if way.renews else await self._returned(),
            trial=plan.trial_days if await subscriptions.may_try(self.me.user.id, plan) else 0,
            key=await form_key(self.me),
            ask_email=self._ask_email,
            typed=self.typed,
            errors=errors or {},
            problem="" if refused is None else tr.error(refused),
        )

    async def begin(self, here: str) -> Response:
        """`here`: this site's address, as the payer reaches it."""
        if self._ask_email and (wrong := await keep_email(self.me, self.typed.email)):
            return await self.show(errors={"email": wrong})
        try:
            order = self._order(here)
            await self.checkout.start(order)
        except ResultUnknown as error:
            log.warning("payment_waits_for_provider", payment_id=str(order.id), code=error.code)
        except ShopError as error:
            log.info("payment_not_begun", plan_id=self.plan.id, error=str(error))
            return await self.show(refused=error)
        return RedirectResponse(f"/payments/{order.id}", status_code=303)

    def _order(self, here: str) -> PlanOrder:
        user, provider, consent = self.me.user, self.way.provider, self.typed.consent != ""
        price = whole_number(self.typed.price, most=2**53)
        decision = f"{user.id}:{self.typed.key[:64]}:{self.plan.id}:{provider}:{self.typed.price}:{consent}"
        payment_id = uuid5(DECISIONS, f"{decision}:{self.typed.saved[:64]}" if self.typed.saved else decision)
        return PlanOrder(
            id=payment_id,
            user_id=user.id,
            plan_id=self.plan.id,
            email=self.typed.email.strip() if self._ask_email else user.email,
            return_url=way_back(self.me, here, f"/payments/{payment_id}"),
            consent=consent,
            provider=provider,
            shown=None if price is None else self.way.price.of(price),
            terms=self.typed.terms or None,
            method_id=self._method_id() if self.typed.saved else None,
        )

    def _method_id(self) -> UUID:
        """Raises `MethodGone`."""
        if (method_id := parse_id(self.typed.saved)) is None:
            raise MethodGone(method_id=self.typed.saved[:32])
        return method_id

    async def _returned(self) -> int:
        """For what is left of the present plan, in hundredths of a credit."""
        quote = await self.me.site.services.subscriptions.quote_change(self.me.user.id, self.plan.id)
        return quote.returned

    @property
    def _ask_email(self) -> bool:
        return self.way.receipts and self.me.user.email is None


@router.get("")
async def show_plans(who: Someone) -> Response:
    """To everybody."""
    services, seen = who.site.services, who.signed_in
    plans, subscriptions = await services.plans.on_sale(), services.subscriptions
    mine = None if seen is None else await subscriptions.of(seen.user.id)
    return page(
        who,
        "cabinet/plans.html",
        plans=[(plan, prices_of(plan, who), gives(plan, who.titles)) for plan in plans],
        plan_title=plan_title,
        mine=mine,
        tries={plan.id for plan in plans if seen is not None and await subscriptions.may_try(seen.user.id, plan)},
    )


@router.get("/{plan_id}")
async def show_plan(me: Me, plan_id: RowId, way: str = "") -> Response:
    return await _order(me, plan_id, TypedOrder(way=way), here=None)


@router.post("/{plan_id}")
async def order_plan(request: Request, me: Me, plan_id: RowId, typed: Annotated[TypedOrder, Form()]) -> Response:
    here = me.site.public_url or str(request.base_url).rstrip("/")
    return await _order(me, plan_id, typed, here=here)


@router.post("/{plan_id}/trial")
async def try_plan(me: Me, plan_id: RowId) -> Response:
    await me.site.services.subscriptions.start_trial(me.user.id, plan_id)
    return RedirectResponse(SUBSCRIPTION, status_code=303)


@router.post("/{plan_id}/switch")
async def switch_later(
    me: Me, plan_id: RowId, price: Annotated[str, Form()] = "", currency: Annotated[str, Form()] = ""
) -> Response:
    """From the next period on, at the price that was shown; the present plan takes that back."""
    await me.site.services.subscriptions.schedule(me.user.id, plan_id, shown_price(price, currency))
    return RedirectResponse(SUBSCRIPTION, status_code=303)


async def _order(me: Customer, plan_id: int, typed: TypedOrder, *, here: str | None) -> Response:
    """The form, or with `here` what comes of it."""
    try:
        form = await OrderForm.of(me, plan_id, typed)
        return await form.show() if here is None else await form.begin(here)
    except AlreadySubscribed:
        return RedirectResponse(SUBSCRIPTION, status_code=303)
    except BeginsLater:
        return await _later(me, plan_id)
    except RenewalUnderWay:
        if (place := await _open_payment(me, plan_id)) is None:
            raise
        return RedirectResponse(place, status_code=303)


async def _later(me: Customer, plan_id: int) -> Response:
    """What costs less begins when the present period ends."""
    services = me.site.services
    plan = await services.plans.get(plan_id)
    quote = await services.subscriptions.quote_change(me.user.id, plan_id)
    mine = await services.subscriptions.of(me.user.id)
    return page(
        me,
        "cabinet/plan_later.html",
        plan=plan,
        title=plan_title(plan, me.tr),
        gives=gives(plan, me.titles),
        price=price_words(quote.price, plan.months, me.tr),
        quote=quote,
        agreed=consent_text(quote.price, plan.months, me.tr.language) if mine and mine.is_charged_here else "",
        present="" if mine is None else plan_title(mine.plan, me.tr),
    )


async def _open_payment(me: Customer, plan_id: int) -> str | None:
    """Where it is being paid by hand."""
    latest = await me.site.services.payment_queries.of_user(me.user.id)
    mine = (each for each in latest.items if each.is_open and each.plan_id == plan_id and not each.by_itself)
    return next((f"/payments/{each.id}" for each in mine), None)


def prices_of(plan: PlanView, who: PageViewer) -> list[str]:
    """By each way of paying that is taken, the shop's first one first."""
    payments = who.site.services.payments
    taken = list(plan.prices) if payments is None else [each.merchant.currency for each in payments.accounts]
    prices = [plan.prices[currency] for currency in dict.fromkeys(taken) if currency in plan.prices]
    return [price_words(price, plan.months, who.tr) for price in prices]
