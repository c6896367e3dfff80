"""A payment keeps its message: it is prepared there, has its link there, and becomes "paid" there. Other screens do not
take its place."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

import structlog
from aiogram.types import CallbackQuery, Message

from db.errors import DatabaseUnavailable
from db.tables.outbox import OutboxKind
from db.tables.payments import PaymentStatus
from handlers.kit import buttons
from handlers.kit.context import Context
from handlers.kit.dialog import Event, leave_question, show_in_place
from handlers.kit.unfinished import read_unfinished
from handlers.payments import screens as view
from handlers.payments.notifications import standing_screen
from handlers.telegram import sender
from handlers.telegram.reply_target import reply_target, replying_to
from handlers.telegram.screen import Screen
from services.errors import ShopError
from services.notifications.kinds.payments import PaymentNews
from services.notifications.message_ref import MessageRef, message_of, thread_of
from services.notifications.notification import About
from services.payments.news import Fact
from services.payments.providers.base import ResultUnknown
from services.payments.queries import PaymentView
from services.payments.service import Payments

log = structlog.get_logger()

Start = Callable[[MessageRef], Awaitable[PaymentView]]  # shown in that message
Offer = Callable[[PaymentView], Awaitable[None]]  # what was on the way to that payment
NotBegun = Callable[[ShopError | DatabaseUnavailable], Awaitable[Screen]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PaymentMessage:
    ctx: Context
    payments: Payments

    async def begin(self, event: Event, payment_id: UUID, start: Start, not_begun: NotBegun) -> None:
        """A payment with its link, or why there is none. Another tap on the same screen shows the same payment: one
        that took its message would cover the news of the first. A question is left last: what answered it may come
        again after a crash."""
        message_id = await self._message_of(event, payment_id)
        place = MessageRef(chat_id=self.ctx.chat_id, thread_id=reply_target().thread_id, message_id=message_id)
        try:
            payment = await start(place)
        except ResultUnknown as error:
            log.warning("payment_waits_for_provider", payment_id=str(payment_id), code=error.code)
            await self.show(await self.ctx.services.payment_queries.get(payment_id), message_id)
        except (ShopError, DatabaseUnavailable) as error:
            log.info("payment_not_begun", payment_id=str(payment_id), error=str(error))
            await self._edit(message_id, await not_begun(error))
            if isinstance(error, DatabaseUnavailable):
                return  # to be answered once more
        else:
            await self.show(payment, message_id)
        await leave_question(self.ctx.fsm)

    async def _message_of(self, event: Event, payment_id: UUID) -> int:
        """The payment's own, which may say by now that it is paid; else one that says that it is prepared."""
        begun = await self.ctx.services.payment_queries.find(str(payment_id))
        if begun is None or (message_id := message_of(begun.shown_in)) is None:
            return await self.put(event, view.preparing_screen(self.ctx.tr))
        if isinstance(event, CallbackQuery):
            await sender.acknowledge(event)
        return message_id

    async def show(self, payment: PaymentView, message_id: int) -> None:
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

    async def leave(self, query: CallbackQuery, payment_id: UUID, offer: Offer) -> None:
        """Its message becomes what is offered; should the payment be paid after all, that comes as a new one. One that
        was paid meanwhile keeps its message."""
        async with self.ctx.messages.hold(self.ctx.chat_id):
            payment = await self.ctx.services.payment_queries.get(payment_id, user_id=self.ctx.user.id)
            if not payment.is_open:
                await offer(payment)
                return
            await self.payments.topup.shown_in(payment.id, self._place(payment, None))
            with replying_to(replace(reply_target(), keeps=None)):
                await offer(payment)
            if is_invoice(query) and query.message is not None:
                await sender.delete(self.ctx.bot, self.ctx.chat_id, query.message.message_id)
            now = await self.ctx.services.payment_queries.get(payment.id)
            if now.status is PaymentStatus.SUCCEEDED:  # told by another process
                news = PaymentNews(payment_id=payment.id, fact=Fact.SUCCEEDED)
                await self.ctx.services.outbox.tell_again(news.key)

    def _place(self, payment: PaymentView, message_id: int | None) -> MessageRef:
        """That message, of the topic that the payment was begun in."""
        return MessageRef(chat_id=self.ctx.chat_id, thread_id=thread_of(payment.shown_in), message_id=message_id)

    async def put(self, event: Event, screen: Screen) -> int:
        """In the message of the button, unless that is to stay; below what was typed. Returns the message's
        id."""
        if isinstance(event, CallbackQuery) and not await self.stays(event):
            return await show_in_place(event, screen)
        if isinstance(event, CallbackQuery):
            await sender.acknowledge(event)
        return (await sender.send(self.ctx.bot, self.ctx.chat_id, screen)).message_id

    async def stays(self, query: CallbackQuery) -> bool:
        """Whether the button is under the form that is under way, or under a table: they are paid for later."""
        data = await self.ctx.fsm.get_data()
        is_form = query.message is not None and query.message.message_id == data.get("message_id")
        return is_form or _sells_table(query)

    async def _edit(self, message_id: int, screen: Screen) -> int:
        """Returns the id of the message that shows it."""
        chat_id = self.ctx.chat_id
        if await sender.edit(self.ctx.bot, chat_id, message_id, screen):
            return message_id
        shown = (await sender.send(self.ctx.bot, chat_id, screen)).message_id
        await sender.delete(self.ctx.bot, chat_id, message_id)  # an invoice, or what it takes the place of
        return shown

    async def _screen(self, payment: PaymentView) -> Screen:
        left = await read_unfinished(await self.ctx.fsm.get_data(), self.ctx.user.id, self.ctx.services)
        return await standing_screen(self.ctx.services, payment, self.ctx.tr, left=left)


def _sells_table(query: CallbackQuery) -> bool:
    return any(each.startswith(f"{buttons.TABLE_ORDER}:") for each in sender.actions_beside(query))


def is_invoice(query: CallbackQuery) -> bool:
    """Which can be paid as it is."""
    return isinstance(query.message, Message) and query.message.invoice is not None


def _about(payment: PaymentView) -> About:
    return About(kind=OutboxKind.PAYMENT, id=payment.id, user_id=payment.user_id)
