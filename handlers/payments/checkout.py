"""Between a choice and its payment: the way to pay, the e-mail for the receipt, the provider, the message with the
link."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Final
from uuid import UUID, uuid5

import structlog
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from db.errors import DatabaseUnavailable
from db.tables.payments import PaymentStatus
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, Event, lacking
from handlers.kit.notices import notice_screen
from handlers.payments import screens as view
from handlers.payments.message import PaymentMessage, is_invoice
from handlers.telegram import sender
from handlers.telegram.screen import Screen
from i18n.failures import BUSY
from services.errors import N_, ShopError
from services.notifications.message_ref import MessageRef
from services.payments.context import ProviderAccount
from services.payments.pricing import CreditPrice, WayNotOffered
from services.payments.providers.base import NotAuthorized, OtherShop, ProviderError, ShopRefused
from services.payments.queries import PaymentView
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from services.users.accounts import UserView

log = structlog.get_logger()

WISH: Final = "topup"  # in the dialog's data: the choice that waits for an e-mail
ASKED: Final = "topup_asked"  # the nonce of the question for an amount
WAY: Final = "topup_way"  # and the way in which it will be paid
DECISIONS: Final = UUID("5d8f6f0e-3f0a-4f0e-9a56-0c1f6f8b7d11")

NOT_YET: Final = N_(
    "Not paid yet. If you have just paid, give it a minute: this message changes by itself when the money is there."
)
NO_ANSWER: Final = N_("The payment service does not answer right now. We keep asking: nothing is lost.")
NOT_PAID: Final = N_("The payment did not go through; the message says why.")
PAID: Final = N_("Paid, thank you!")


class TopUpQuestion(ChatQuestion):
    left = N_("The top-up is left. Nothing was charged.")
    amount = State("amount", "TopUpQuestion")
    email = State("email", "TopUpQuestion")


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkout:
    """Sells credits to one customer."""

    ctx: Context
    payments: Payments

    def of(self, user: UserView) -> "Checkout":
        """The same, of the customer as they are now."""
        return replace(self, ctx=self.ctx.of(user))

    @property
    def message(self) -> PaymentMessage:
        return PaymentMessage(ctx=self.ctx, payments=self.payments)

    async def offer(self, event: Event, provider: str | None = None) -> None:
        """What can be bought, in that way."""
        screen = await self._goods(provider)
        if isinstance(event, CallbackQuery) and await self.message.stays(event):
            await self.message.put(event, screen)
            return
        await self.ctx.respond(event, screen)

    async def ask_amount(self, event: Event, provider: str | None = None, problem: ShopError | None = None) -> None:
        """`provider`: who gets it. Raises `WayNotOffered`."""
        pricing = self.pricing(provider)
        await self.ctx.fsm.set_state(TopUpQuestion.amount)
        await self.ctx.fsm.update_data({ASKED: token_urlsafe(6), WAY: provider})
        wrong = "" if problem is None else self.ctx.tr.error_html(problem)
        await self.message.put(event, view.amount_question(pricing, self.ctx.tr, provider=provider, problem=wrong))

    async def asked(self) -> tuple[str, str | None]:
        """The nonce of the question that was asked, and how the answer will be paid."""
        data = await self.ctx.fsm.get_data()
        way = data.get(WAY)
        return data.get(ASKED) or token_urlsafe(6), way if isinstance(way, str) else None

    def pricing(self, provider: str | None) -> CreditPrice:
        """Raises `WayNotOffered`."""
        return self.payments.pricing[self.payments.accounts.offered(provider).merchant.currency]

    async def ask_email(self, event: Event, choice: view.Choice | None, problem: ShopError | None = None) -> None:
        await self.ctx.fsm.set_state(TopUpQuestion.email)
        await self.ctx.fsm.update_data({WISH: None if choice is None else str(choice)})
        wrong = "" if problem is None else self.ctx.tr.error_html(problem)
        await self.message.put(event, view.email_question(self.ctx.tr, problem=wrong))

    async def open(self, event: Event, choice: view.Choice) -> None:
        """A payment in its message, or why there is none. A way that is not offered any more is not the last word."""
        try:
            account = self.payments.accounts.offered(choice.provider)
        except WayNotOffered as error:
            await self.message.put(event, await self._goods(problem=self.ctx.tr.error_html(error)))
            return
        if account.merchant.receipts and self.ctx.user.email is None:
            await self.ask_email(event, choice)
            return
        wish = await self._wish(choice, account)

        async def start(place: MessageRef) -> PaymentView:
            return await self.payments.topup.start(replace(wish, shown_in=place))

        async def not_begun(error: ShopError | DatabaseUnavailable) -> Screen:
            return await self._not_begun(error, choice.provider)

        await self.message.begin(event, wish.id, start, not_begun)

    async def check(self, query: CallbackQuery, payment_id: UUID) -> None:
        """Ask the provider at once and say what it found."""
        assert query.message is not None
        try:
            payment = await self.payments.settlement.ask(payment_id, user_id=self.ctx.user.id, begun=_shown_at(query))
        except OtherShop as error:
            await sender.acknowledge(query, self.ctx.tr.error(error), alert=True)
            return
        except ProviderError as error:
            log.warning("payment_not_asked", payment_id=str(payment_id), code=error.code)
            await sender.acknowledge(query, self.ctx.tr.gettext(NO_ANSWER), alert=True)
            return
        is_new = not is_invoice(query) and payment.confirmation_url not in _links(query)
        if not payment.is_open or is_new:
            await self.message.show(payment, query.message.message_id)
        if payment.is_open and is_new and payment.confirmation_url is not None:
            await sender.acknowledge(query)  # the link is the answer: nobody could have paid
            return
        paid = payment.status is PaymentStatus.SUCCEEDED
        words = NOT_YET if payment.is_open else PAID if paid else NOT_PAID
        await sender.acknowledge(query, self.ctx.tr.gettext(words), alert=not paid)

    async def leave(self, query: CallbackQuery, payment_id: UUID) -> None:
        async def offer(payment: PaymentView) -> None:
            await self.offer(query, self._way_of(payment))

        await self.message.leave(query, payment_id, offer)

    def _way_of(self, payment: PaymentView) -> str | None:
        """In which it was to be paid, where that is offered still."""
        offered = {account.merchant.provider for account in self.payments.accounts}
        return payment.provider if payment.provider in offered else None

    async def _not_begun(self, error: ShopError | DatabaseUnavailable, provider: str | None) -> Screen:
        if isinstance(error, DatabaseUnavailable):
            return notice_screen(self.ctx.tr.html(BUSY), self.ctx.tr)
        words = self.ctx.tr.error_html(error)
        several = len(list(self.payments.accounts)) > 1  # another of them may fare better
        if isinstance(error, NotAuthorized | ShopRefused | OtherShop) and not several:  # no other amount would help
            return notice_screen(words, self.ctx.tr)
        return await self._goods(provider, problem=words)

    async def _goods(self, provider: str | None = None, *, problem: str = "") -> Screen:
        """A way that is not offered any more is that of the shop's first."""
        ctx, accounts = self.ctx, self.payments.accounts
        ways = [account.merchant.provider for account in accounts]
        provider = provider if provider in ways else ways[0]
        packages = self.payments.priced(await ctx.services.packages.on_sale(ctx.user.id), provider)
        goods = view.Goods(pricing=self.pricing(provider), packages=packages, ways=ways, provider=provider)
        return view.topup_screen(goods, ctx.viewer, lacking=await lacking(ctx.fsm, ctx.user), problem=problem)

    async def _wish(self, choice: view.Choice, account: ProviderAccount) -> TopUpRequest:
        me = await self.ctx.bot.me()
        money = self.payments.pricing[account.merchant.currency].low
        return TopUpRequest(
            id=uuid5(DECISIONS, f"{self.ctx.user.id}:{choice.nonce}"),
            user_id=self.ctx.user.id,
            email=self.ctx.user.email,
            return_url=f"https://t.me/{me.username}",
            amount=money.of(choice.number) if choice.kind == view.AMOUNT else None,
            package_id=choice.number if choice.kind == view.PACKAGE else None,
            provider=choice.provider,
        )


def _shown_at(query: CallbackQuery) -> datetime | None:
    """When the payment came into its message, if Telegram still tells."""
    if not isinstance(query.message, Message):
        return None
    edited = query.message.edit_date
    return query.message.date if edited is None else datetime.fromtimestamp(edited, UTC)


def _links(query: CallbackQuery) -> set[str | None]:
    """Where the buttons of the message lead."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    return {button.url for row in markup.inline_keyboard for button in row} if markup is not None else set()
