"""Between a choice and its payment: the e-mail for the receipt, the provider, the message with the link."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from secrets import token_urlsafe
from typing import Final
from uuid import UUID, uuid5

import structlog
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from db.tables.payments import PaymentStatus
from handlers.kit.context import Context
from handlers.kit.dialog import ChatQuestion, Event, lacking, leave_question, show_in_place
from handlers.kit.notices import notice_screen
from handlers.kit.unfinished import read_unfinished
from handlers.payments import screens as view
from handlers.payments.notifications import standing_screen
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target, replying_to
from handlers.telegram.screen import Screen
from i18n.failures import BUSY
from services.errors import N_, ShopError
from services.notifications.kinds.payments import PaymentNews
from services.notifications.message_ref import MessageRef, message_of, thread_of
from services.notifications.notification import About
from services.payments.apply import Fact
from services.payments.providers.base import NotAuthorized, OtherShop, ProviderError, ResultUnknown, ShopRefused
from services.payments.queries import PaymentView
from services.payments.service import Payments
from services.payments.topup import TopUpRequest
from services.users.accounts import UserView

log = structlog.get_logger()

WISH: Final = "topup"  # in the dialog's data: the choice that waits for an e-mail
ASKED: Final = "topup_asked"  # and the nonce of the question for an amount
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
    """Sells credits to one customer. A payment keeps its message: other screens do not take its place."""

    ctx: Context
    payments: Payments

    def of(self, user: UserView) -> "Checkout":
        """The same, of the customer as they are now."""
        return replace(self, ctx=self.ctx.of(user))

    async def offer(self, event: Event) -> None:
        """What can be bought."""
        screen = await self._goods()
        if isinstance(event, CallbackQuery) and await self._is_form(event):
            await self._put(event, screen)
            return
        await self.ctx.respond(event, screen)

    async def ask_amount(self, event: Event, problem: ShopError | None = None) -> None:
        await self.ctx.fsm.set_state(TopUpQuestion.amount)
        await self.ctx.fsm.update_data({ASKED: token_urlsafe(6)})
        wrong = "" if problem is None else self.ctx.tr.error_html(problem)
        await self._put(event, view.amount_question(self.payments.credit_price, self.ctx.tr, problem=wrong))

    async def asked(self) -> str:
        """The nonce of the question that was asked."""
        return (await self.ctx.fsm.get_data()).get(ASKED) or token_urlsafe(6)

    async def ask_email(self, event: Event, choice: view.Choice | None, problem: ShopError | None = None) -> None:
        await self.ctx.fsm.set_state(TopUpQuestion.email)
        await self.ctx.fsm.update_data({WISH: None if choice is None else str(choice)})
        wrong = "" if problem is None else self.ctx.tr.error_html(problem)
        await self._put(event, view.email_question(self.ctx.tr, problem=wrong))

    async def open(self, event: Event, choice: view.Choice) -> None:
        """A payment with its link, or why there is none. Another tap on the same screen shows the same payment:
        one that took its message would cover the news of the first. The question is left last: what answered it may
        come again after a crash."""
        if self.payments.receipts and self.ctx.user.email is None:
            await self.ask_email(event, choice)
            return
        wish = await self._wish(choice)
        message_id = await self._message_of(event, wish.id)
        place = MessageRef(chat_id=self.ctx.chat_id, thread_id=reply_target().thread_id, message_id=message_id)
        wish = replace(wish, shown_in=place)
        try:
            payment = await self.payments.topup.start(wish)
        except ResultUnknown as error:
            log.warning("payment_waits_for_provider", payment_id=str(wish.id), code=error.code)
            await self._show(await self.ctx.services.payment_queries.get(wish.id), message_id)
        except (ShopError, DatabaseUnavailable) as error:
            log.info("payment_not_begun", payment_id=str(wish.id), error=str(error))
            await self._edit(message_id, await self._not_begun(error))
            if isinstance(error, DatabaseUnavailable):
                return  # to be answered once more
        else:
            await self._show(payment, message_id)
        await leave_question(self.ctx.fsm)

    async def _message_of(self, event: Event, payment_id: UUID) -> int:
        """The payment's own, which may say by now that it is paid; else one that says that it is prepared."""
        begun = await self.ctx.services.payment_queries.find(str(payment_id))
        if begun is None or (message_id := message_of(begun.shown_in)) is None:
            return await self._put(event, view.preparing_screen(self.ctx.tr))
        if isinstance(event, CallbackQuery):
            await sender.acknowledge(event)
        return message_id

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
        is_new = not _is_invoice(query) and payment.confirmation_url not in _links(query)
        if not payment.is_open or is_new:
            await self._show(payment, query.message.message_id)
        if payment.is_open and is_new and payment.confirmation_url is not None:
            await sender.acknowledge(query)  # the link is the answer: nobody could have paid
            return
        paid = payment.status is PaymentStatus.SUCCEEDED
        words = NOT_YET if payment.is_open else PAID if paid else NOT_PAID
        await sender.acknowledge(query, self.ctx.tr.gettext(words), alert=not paid)

    async def leave(self, query: CallbackQuery, payment_id: UUID) -> None:
        """Its message becomes what can be bought; should the payment be paid after all, that comes as a new one. One
        that was paid meanwhile keeps its message."""
        chat_id = self.ctx.chat_id
        async with self.ctx.messages.hold(chat_id):
            payment = await self.ctx.services.payment_queries.get(payment_id, user_id=self.ctx.user.id)
            if not payment.is_open:
                await self.offer(query)
                return
            await self.payments.topup.shown_in(payment.id, self._place(payment, None))
            with replying_to(replace(reply_target(), keeps=None)):
                await self.offer(query)
            if _is_invoice(query) and query.message is not None:
                await sender.delete(self.ctx.bot, chat_id, query.message.message_id)
            now = await self.ctx.services.payment_queries.get(payment.id)
            if now.status is PaymentStatus.SUCCEEDED:  # told by another process
                news = PaymentNews(payment_id=payment.id, fact=Fact.SUCCEEDED)
                await self.ctx.services.outbox.tell_again(news.key)

    async def _show(self, payment: PaymentView, message_id: int) -> None:
        """The payment as it stands, in the message. News that came while that was sent must not be covered by it."""
        chat_id = self.ctx.chat_id
        async with self.ctx.messages.change(_about(payment), chat_id, message_id):
            payment = await self.ctx.services.payment_queries.get(payment.id)
            shown = await self._edit(message_id, await self._screen(payment))
            if payment.is_open and message_of(payment.shown_in) != shown:
                await self.payments.topup.shown_in(payment.id, self._place(payment, shown))
            now = await self.ctx.services.payment_queries.get(payment.id)
            if now.status != payment.status:  # another process may have told it already
                await self._edit(shown, await self._screen(now))

    def _place(self, payment: PaymentView, message_id: int | None) -> MessageRef:
        """That message, of the topic that the payment was begun in."""
        return MessageRef(chat_id=self.ctx.chat_id, thread_id=thread_of(payment.shown_in), message_id=message_id)

    async def _put(self, event: Event, screen: Screen) -> int:
        """In the message of the button, unless that is the form's own; below what was typed. Returns the message's
        id."""
        if isinstance(event, CallbackQuery) and not await self._is_form(event):
            return await show_in_place(event, screen)
        if isinstance(event, CallbackQuery):
            await sender.acknowledge(event)
        return (await sender.send(self.ctx.bot, self.ctx.chat_id, screen)).message_id

    async def _edit(self, message_id: int, screen: Screen) -> int:
        """Returns the id of the message that shows it."""
        chat_id = self.ctx.chat_id
        if await sender.edit(self.ctx.bot, chat_id, message_id, screen):
            return message_id
        shown = (await sender.send(self.ctx.bot, chat_id, screen)).message_id
        await sender.delete(self.ctx.bot, chat_id, message_id)  # an invoice, or what it takes the place of
        return shown

    async def _is_form(self, query: CallbackQuery) -> bool:
        """Whether the button is under the form that is under way: it stays, to be paid for later."""
        data = await self.ctx.fsm.get_data()
        return query.message is not None and query.message.message_id == data.get("message_id")

    async def _not_begun(self, error: ShopError | DatabaseUnavailable) -> Screen:
        if isinstance(error, DatabaseUnavailable):
            return notice_screen(self.ctx.tr.html(BUSY), self.ctx.tr)
        words = self.ctx.tr.error_html(error)
        if isinstance(error, NotAuthorized | ShopRefused | OtherShop):  # no other amount would help
            return notice_screen(words, self.ctx.tr)
        return await self._goods(problem=words)

    async def _goods(self, *, problem: str = "") -> Screen:
        ctx = self.ctx
        packages, lacks = await ctx.services.packages.on_sale(ctx.user.id), await lacking(ctx.fsm, ctx.user)
        return view.topup_screen(self.payments.credit_price, packages, ctx.viewer, lacking=lacks, problem=problem)

    async def _wish(self, choice: view.Choice) -> TopUpRequest:
        me = await self.ctx.bot.me()
        return TopUpRequest(
            id=uuid5(DECISIONS, f"{self.ctx.user.id}:{choice.nonce}"),
            user_id=self.ctx.user.id,
            email=self.ctx.user.email,
            return_url=f"https://t.me/{me.username}",
            amount=self.payments.credit_price.low.of(choice.number) if choice.kind == view.AMOUNT else None,
            package_id=choice.number if choice.kind == view.PACKAGE else None,
        )

    async def _screen(self, payment: PaymentView) -> Screen:
        left = await read_unfinished(await self.ctx.fsm.get_data(), self.ctx.user.id, self.ctx.services)
        return await standing_screen(self.ctx.services.users, payment, self.ctx.tr, left=left)


def _about(payment: PaymentView) -> About:
    return About(kind=OutboxKind.PAYMENT, id=payment.id, user_id=payment.user_id)


def _shown_at(query: CallbackQuery) -> datetime | None:
    """When the payment came into its message, if Telegram still tells."""
    if not isinstance(query.message, Message):
        return None
    edited = query.message.edit_date
    return query.message.date if edited is None else datetime.fromtimestamp(edited, UTC)


def _is_invoice(query: CallbackQuery) -> bool:
    """Which can be paid as it is."""
    return isinstance(query.message, Message) and query.message.invoice is not None


def _links(query: CallbackQuery) -> set[str | None]:
    """Where the buttons of the message lead."""
    markup = query.message.reply_markup if isinstance(query.message, Message) else None
    return {button.url for row in markup.inline_keyboard for button in row} if markup is not None else set()
