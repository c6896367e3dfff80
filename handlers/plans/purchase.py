"""Between a chosen plan and its payment: the e-mail for the receipt, and the message with the link."""

import re
from dataclasses import dataclass, replace
from typing import Final, Self
from uuid import UUID, uuid5

from aiogram.fsm.state import State
from aiogram.types import CallbackQuery

from db.errors import DatabaseUnavailable
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, Event
from handlers.kit.notices import notice_screen
from handlers.payments.message import PaymentMessage
from handlers.payments.screens import email_question
from handlers.plans import screens as view
from handlers.telegram.screen import Screen
from i18n.failures import BUSY
from services.errors import N_, ShopError
from services.money import Money
from services.notifications.message_ref import MessageRef
from services.payments.pricing import PaymentsOff, WayNotOffered
from services.payments.queries import PaymentView
from services.payments.service import Payments
from services.plans.checkout import PlanCheckout, PlanOrder
from services.plans.methods import MethodGone

WISH: Final = "plan"  # in the dialog's data: the choice that waits for an e-mail
DECISIONS: Final = UUID("0c4f4d3c-6a0b-4c56-8f7c-1d6a7c2b9e54")
_CHOICE = re.compile(
    rf"([0-9]{{1,9}}):([a-z]{{1,16}}):({view.KEEP}|{view.ONCE}|{view.SAVED}[0-9a-f]{{{view.SAVED_DIGITS}}}):([0-9]{{1,12}}):([A-Za-z0-9_-]{{1,16}})(?::([0-9a-f]{{8}}))?"
)


class PlanQuestion(ChatQuestion):
    left = N_("The plan is left. Nothing was charged.")
    email = State("email", "PlanQuestion")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanChoice:
    """`how`: paid at a page, where it may be kept, or from a saved way. `minor`: the price that was shown. `nonce`: of
    the button. `terms`: of the plan as it showed it, None in older ones."""

    plan_id: int
    provider: str
    how: str
    minor: int
    nonce: str
    terms: str | None

    def __str__(self) -> str:
        terms = "" if self.terms is None else f":{self.terms}"
        return f"{self.plan_id}:{self.provider}:{self.how}:{self.minor}:{self.nonce}{terms}"

    @classmethod
    def parse(cls, text: object) -> Self | None:
        found = _CHOICE.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            return None
        plan_id, provider, how, minor = int(found[1]), found[2], found[3], int(found[4])
        return cls(plan_id=plan_id, provider=provider, how=how, minor=minor, nonce=found[5], terms=found[6])

    @property
    def keep(self) -> bool:
        """At the page."""
        return self.how == view.KEEP

    @property
    def saved(self) -> str | None:
        """The first digits of the saved way's id."""
        return self.how[1:] if self.how not in (view.KEEP, view.ONCE) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanPurchase:
    """Sells a plan to one customer."""

    ctx: Context
    payments: Payments
    checkout: PlanCheckout

    @classmethod
    def of(cls, ctx: Context) -> Self:
        """Raises `PaymentsOff`."""
        services = ctx.services
        if services.payments is None or services.plan_checkout is None:
            raise PaymentsOff()
        return cls(ctx=ctx, payments=services.payments, checkout=services.plan_checkout)

    @property
    def message(self) -> PaymentMessage:
        return PaymentMessage(ctx=self.ctx, payments=self.payments)

    async def open(self, event: Event, choice: PlanChoice) -> None:
        """A payment in its message, or why there is none."""
        try:
            account = self.payments.accounts.offered(choice.provider)
        except WayNotOffered as error:
            await self.message.put(event, await self.refused(error))
            return
        if account.merchant.receipts and self.ctx.user.email is None:
            await self.ask_email(event, choice)
            return
        try:
            method_id = await self._saved(choice)
        except MethodGone as error:
            await self.message.put(event, await self.refused(error))
            return
        me = await self.ctx.bot.me()
        order = PlanOrder(
            id=uuid5(DECISIONS, f"{self.ctx.user.id}:{choice.nonce}:{choice.keep}"),
            user_id=self.ctx.user.id,
            plan_id=choice.plan_id,
            email=self.ctx.user.email,
            return_url=f"https://t.me/{me.username}",
            consent=choice.keep,
            provider=choice.provider,
            shown=Money(choice.minor, account.merchant.currency),
            terms=choice.terms,
            method_id=method_id,
        )

        async def start(place: MessageRef) -> PaymentView:
            return await self.checkout.start(replace(order, shown_in=place))

        await self.message.begin(event, order.id, start, self.refused)

    async def _saved(self, choice: PlanChoice) -> UUID | None:
        """That which is charged. Raises `MethodGone`."""
        if choice.saved is None:
            return None
        mine = await self.ctx.services.payment_methods.of(self.ctx.user.id)
        found = (each.id for each in mine if each.provider == choice.provider and each.id.hex.startswith(choice.saved))
        if (method_id := next(found, None)) is None:
            raise MethodGone(method_id=choice.saved)
        return method_id

    async def ask_email(self, event: Event, choice: PlanChoice | None, problem: ShopError | None = None) -> None:
        await self.ctx.fsm.set_state(PlanQuestion.email)
        await self.ctx.fsm.update_data({WISH: None if choice is None else str(choice)})
        wrong = "" if problem is None else self.ctx.tr.error_html(problem)
        await self.message.put(event, email_question(self.ctx.tr, problem=wrong, back=buttons.PLANS))

    async def asked(self) -> PlanChoice | None:
        """What the e-mail was asked for."""
        return PlanChoice.parse((await self.ctx.fsm.get_data()).get(WISH))

    async def leave(self, query: CallbackQuery, payment_id: UUID) -> None:
        async def offer(payment: PaymentView) -> None:
            await self.ctx.respond(query, await compared(self.ctx))

        await self.message.leave(query, payment_id, offer)

    async def refused(self, error: ShopError | DatabaseUnavailable) -> Screen:
        if isinstance(error, DatabaseUnavailable):
            return notice_screen(self.ctx.tr.html(BUSY), self.ctx.tr)
        return await compared(self.ctx, problem=self.ctx.tr.error_html(error))


async def compared(ctx: Context, *, problem: str = "", notice: str = "") -> Screen:
    """All plans in one screen. `problem`, `notice`: HTML, what came to nothing and what was just done."""
    services = ctx.services
    plans, mine = await services.plans.on_sale(), await services.subscriptions.of(ctx.user.id)
    accounts = services.payments.accounts if services.payments is not None else ()
    currencies = [account.merchant.currency for account in accounts]
    told = f"⚠️ {problem}" if problem else notice
    past = mine is None and bool((await services.subscriptions.periods(ctx.user.id, size=1)).items)
    return view.plans_screen(plans, currencies, mine, ctx.viewer, notice=told, past=past)
